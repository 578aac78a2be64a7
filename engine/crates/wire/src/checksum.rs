//! The internet checksum (RFC 1071), its pseudo-headers and its incremental update (RFC 1624).

/// A running one's-complement sum of 16-bit words in network order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum(u64);

impl Sum {
    /// The empty sum.
    pub const fn new() -> Self {
        Self(0)
    }

    /// The TCP/UDP pseudo-header of IPv4 (RFC 9293 section 3.1); `len_bytes` is the transport length.
    #[inline]
    pub fn pseudo_v4(src: [u8; 4], dst: [u8; 4], protocol: u8, len_bytes: u16) -> Self {
        let words = u64::from(u32::from_be_bytes(src)) + u64::from(u32::from_be_bytes(dst));
        Self(words + u64::from(protocol) + u64::from(len_bytes))
    }

    /// The pseudo-header of IPv6 (RFC 8200 section 8.1); `len_bytes` is the upper-layer length.
    #[inline]
    pub fn pseudo_v6(src: [u8; 16], dst: [u8; 16], next_header: u8, len_bytes: u32) -> Self {
        Self(u64::from(next_header) + u64::from(len_bytes)).add_bytes(&src).add_bytes(&dst)
    }

    /// Adds a run of bytes. It must start on an even offset of what is summed; an odd last byte is padded
    /// with zero.
    #[must_use]
    #[inline]
    pub fn add_bytes(self, bytes: &[u8]) -> Self {
        Self(self.0 + u64::from(sum_network(bytes)))
    }

    /// Adds one word.
    #[must_use]
    #[inline]
    pub fn add_u16(self, word: u16) -> Self {
        Self(self.0 + u64::from(word))
    }

    /// Adds two words, the first in the high half.
    #[must_use]
    #[inline]
    pub fn add_u32(self, words: u32) -> Self {
        Self(self.0 + u64::from(words))
    }

    /// The sum of so many of the same.
    #[must_use]
    #[inline]
    pub fn times(self, n: u32) -> Self {
        Self(u64::from(self.fold()) * u64::from(n))
    }

    /// The sum of the same words with the bytes of each swapped (RFC 1071 section 2 B).
    #[must_use]
    #[inline]
    pub fn swapped(self) -> Self {
        Self(u64::from(self.fold().swap_bytes()))
    }

    /// Adds another sum.
    #[must_use]
    #[inline]
    pub fn add_sum(self, other: Sum) -> Self {
        Self(self.0 + other.0)
    }

    /// The sum folded to 16 bits, not complemented. A packet with a right checksum folds to `0xffff`.
    #[inline]
    pub fn fold(self) -> u16 {
        fold(self.0)
    }

    /// The checksum: the complement of the folded sum.
    #[inline]
    pub fn checksum(self) -> u16 {
        !self.fold()
    }
}

/// The internet checksum of a run of bytes.
#[inline]
pub fn internet(bytes: &[u8]) -> u16 {
    !sum_network(bytes)
}

/// True where the bytes, checksum field included, sum to all ones.
#[inline]
pub fn holds(bytes: &[u8]) -> bool {
    sum_network(bytes) == 0xffff
}

/// The checksum after one 16-bit word changed from `old` to `new` (RFC 1624 equation 3).
///
/// Equal to a full recomputation wherever the summed bytes are not all zero, as no IP or transport header is.
pub fn update_u16(checksum: u16, old: u16, new: u16) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!old) + u64::from(new))
}

/// As [`update_u16`] for an aligned 32-bit field.
pub fn update_u32(checksum: u16, old: u32, new: u32) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!old) + u64::from(new))
}

/// As [`update_u16`] for an aligned run of bytes; `old` and `new` have one, even length (else the shorter
/// is as if padded with zeros).
pub fn update_bytes(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!sum_network(old)) + u64::from(sum_network(new)))
}

/// Sums 32-bit words in the machine's order into 64 bits and swaps once at the end: the one's-complement
/// sum does not depend on byte order (RFC 1071 section 2 B). A slice would need 16 GiB to overflow a lane.
///
/// What is shorter than a block, as most headers are, costs no block's lanes.
#[inline]
fn sum_network(bytes: &[u8]) -> u16 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    let mut sum = if blocks.is_empty() { 0 } else { sum_blocks(blocks) };
    let (words, rest) = rest.as_chunks::<4>();
    for word in words {
        sum = sum.wrapping_add(u64::from(u32::from_ne_bytes(*word)));
    }
    let tail = match *rest {
        [a, b, c] => [a, b, c, 0],
        [a, b] => [a, b, 0, 0],
        [a] => [a, 0, 0, 0],
        _ => [0; 4],
    };
    sum = sum.wrapping_add(u64::from(u32::from_ne_bytes(tail)));
    u16::from_be(fold(sum))
}

fn sum_blocks(blocks: &[[u8; 32]]) -> u64 {
    let mut lanes = [0u64; 8];
    for block in blocks {
        let (words, _) = block.as_chunks::<4>();
        for (lane, word) in lanes.iter_mut().zip(words) {
            *lane = lane.wrapping_add(u64::from(u32::from_ne_bytes(*word)));
        }
    }
    lanes.iter().fold(0u64, |a, b| a.wrapping_add(u64::from(fold(*b))))
}

#[inline]
fn fold(sum: u64) -> u16 {
    let sum = (sum & 0xffff_ffff) + (sum >> 32);
    let sum = (sum & 0xffff) + ((sum >> 16) & 0xffff) + (sum >> 32);
    let sum = (sum & 0xffff) + (sum >> 16);
    let sum = (sum & 0xffff) + (sum >> 16);
    (sum & 0xffff) as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 1071 section 3: the worked example sums to 0xddf2.
    #[test]
    fn rfc1071_example() {
        let bytes = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(Sum::new().add_bytes(&bytes).fold(), 0xddf2);
        assert_eq!(internet(&bytes), 0x220d);
    }

    /// RFC 1624 section 4: 0xDD2F, 0x5555 becomes 0x3285, must give 0x0000 and not 0xffff.
    #[test]
    fn rfc1624_example() {
        assert_eq!(update_u16(0xdd2f, 0x5555, 0x3285), 0x0000);
    }

    #[test]
    fn sums_of_sums() {
        let bytes = [0x12, 0x34, 0xfe, 0xdc];
        let sum = Sum::new().add_bytes(&bytes);
        assert_eq!(Sum::new().add_u32(u32::from_be_bytes(bytes)).fold(), sum.fold());
        assert_eq!(sum.swapped().fold(), Sum::new().add_bytes(&[0x34, 0x12, 0xdc, 0xfe]).fold());
        assert_eq!(sum.times(3).fold(), sum.add_sum(sum).add_sum(sum).fold());
    }

    fn slow(bytes: &[u8]) -> u16 {
        let mut sum = 0u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(u16::from_be_bytes([pair[0], pair.get(1).copied().unwrap_or(0)]));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        !(sum as u16)
    }

    proptest! {
        #[test]
        fn wide_equals_word_by_word(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            prop_assert_eq!(internet(&bytes), slow(&bytes));
        }

        #[test]
        fn incremental_equals_full(
            mut bytes in proptest::collection::vec(any::<u8>(), 8..80),
            word in any::<u16>(), wide in any::<u32>(), at in any::<prop::sample::Index>(),
        ) {
            bytes[0] |= 0x40; // an IP version nibble: never all zero
            let before = internet(&bytes);
            let at = 2 + 2 * at.index((bytes.len() - 6) / 2 + 1);
            let old = u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap());
            let old_bytes = bytes[at..at + 4].to_vec();
            let mut changed = bytes.clone();
            changed[at..at + 2].copy_from_slice(&word.to_be_bytes());
            prop_assert_eq!(update_u16(before, (old >> 16) as u16, word), internet(&changed));
            changed[at..at + 4].copy_from_slice(&wide.to_be_bytes());
            prop_assert_eq!(update_u32(before, old, wide), internet(&changed));
            prop_assert_eq!(update_bytes(before, &old_bytes, &wide.to_be_bytes()), internet(&changed));
        }
    }
}
