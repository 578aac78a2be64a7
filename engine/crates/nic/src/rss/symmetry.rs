//! Input transforms under which both directions of a flow hash alike (Documentation/networking/scaling.rst,
//! "RSS hash input transformation"; `ethtool -X xfrm`).

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
    /// The input to hash.
    #[inline]
    pub fn apply(self, input: HashInput) -> HashInput {
        let combine = match self {
            Symmetry::None => return input,
            Symmetry::Xor => |a: u8, b: u8| a ^ b,
            Symmetry::OrXor => |a: u8, b: u8| a | b,
        };
        input.map_pairs(|source, destination| (combine(source, destination), source ^ destination))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_are_one_and_ports_stay_ports() {
        let there = HashInput::ipv4_ports([10, 0, 0, 1, 10, 0, 0, 2], [0x10, 1, 0, 80]);
        let back = HashInput::ipv4_ports([10, 0, 0, 2, 10, 0, 0, 1], [0, 80, 0x10, 1]);
        assert_eq!(Symmetry::Xor.apply(there).bytes(), [0, 0, 0, 3, 0, 0, 0, 3, 0x10, 81, 0x10, 81]);
        assert_eq!(Symmetry::OrXor.apply(there).bytes(), [10, 0, 0, 3, 0, 0, 0, 3, 0x10, 81, 0x10, 81]);
        assert_eq!(Symmetry::None.apply(there), there);
        for symmetry in [Symmetry::Xor, Symmetry::OrXor] {
            assert_eq!(symmetry.apply(there), symmetry.apply(back));
            let (a, b) = (std::array::from_fn(|i| i as u8), std::array::from_fn(|i| (i as u8 + 16) % 32));
            assert_eq!(symmetry.apply(HashInput::ipv6(a)), symmetry.apply(HashInput::ipv6(b)));
            assert_ne!(symmetry.apply(HashInput::ipv6(a)), HashInput::EMPTY);
        }
        assert_eq!(Symmetry::Xor.apply(HashInput::EMPTY), HashInput::EMPTY);
    }
}
