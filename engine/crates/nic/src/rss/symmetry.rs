//! Input transforms under which both directions of a flow hash alike: Symmetric-XOR and Symmetric-OR-XOR of
//! Documentation/networking/scaling.rst (`ethtool -X xfrm`).

use super::HashInput;

/// What is done to the input before it is hashed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symmetry {
    /// Nothing.
    #[default]
    None,
    /// (source ^ destination, source ^ destination), addresses and ports each. Loses entropy: flows between one
    /// pair of hosts whose port pairs have the same xor collide.
    Xor,
    /// (source | destination, source ^ destination), addresses and ports each.
    OrXor,
}

impl Symmetry {
    /// Transform the input in place.
    #[inline]
    pub fn apply(self, input: &mut HashInput) {
        match self {
            Symmetry::None => {}
            Symmetry::Xor => {
                input.map_pairs(|source, destination| (source ^ destination, source ^ destination))
            }
            Symmetry::OrXor => {
                input.map_pairs(|source, destination| (source | destination, source ^ destination))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(symmetry: Symmetry, mut input: HashInput) -> HashInput {
        symmetry.apply(&mut input);
        input
    }

    #[test]
    fn both_directions_are_one_and_ports_stay_ports() {
        let there = HashInput::ipv4_ports([10, 0, 0, 1, 10, 0, 0, 2], [0x10, 1, 0, 80]);
        let back = HashInput::ipv4_ports([10, 0, 0, 2, 10, 0, 0, 1], [0, 80, 0x10, 1]);
        let xor = [0, 0, 0, 3, 0, 0, 0, 3, 0x10, 81, 0x10, 81];
        let or_xor = [10, 0, 0, 3, 0, 0, 0, 3, 0x10, 81, 0x10, 81];
        assert_eq!(applied(Symmetry::Xor, there).bytes(), xor);
        assert_eq!(applied(Symmetry::OrXor, there).bytes(), or_xor);
        assert_eq!(applied(Symmetry::None, there), there);
        for symmetry in [Symmetry::Xor, Symmetry::OrXor] {
            assert_eq!(applied(symmetry, there), applied(symmetry, back));
            let there = HashInput::ipv6(std::array::from_fn(|i| i as u8));
            let back = HashInput::ipv6(std::array::from_fn(|i| (i as u8 + 16) % 32));
            assert_eq!(applied(symmetry, there), applied(symmetry, back));
            assert_ne!(applied(symmetry, there), HashInput::EMPTY);
        }
        assert_eq!(applied(Symmetry::Xor, HashInput::EMPTY), HashInput::EMPTY);
    }
}
