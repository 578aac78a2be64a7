//! Toeplitz by tables: the hash is linear over xor, so each input byte contributes a value that depends on nothing
//! but its position and itself. 36 positions of 1 KiB each; a TCP over IPv4 input uses the first 12, which stay in L1.

use super::input::LONGEST_INPUT_BYTES;
use super::{HashInput, RssKey, ToeplitzHash};

/// Contribution of every byte value at one position.
type Position = [u32; 256];

/// One lookup per input byte.
#[derive(Clone, Debug)]
pub struct Table {
    positions: Box<[Position; LONGEST_INPUT_BYTES]>,
}

impl Table {
    /// Tables for this key.
    pub fn new(key: &RssKey) -> Self {
        let mut positions = Box::new([[0; 256]; LONGEST_INPUT_BYTES]);
        for (i, position) in positions.iter_mut().enumerate() {
            for (value, contribution) in position.iter_mut().enumerate() {
                *contribution = (0..8)
                    .filter(|bit| value & (0x80 >> bit) != 0)
                    .fold(0, |sum, bit| sum ^ key.window(8 * i + bit));
            }
        }
        Table { positions }
    }

    /// The hash of the first `N` bytes; unrolled, since `N` is known.
    #[inline(always)]
    fn first<const N: usize>(&self, input: &HashInput) -> u32 {
        let mut sum = 0;
        for (position, byte) in self.positions.iter().zip(input.padded()).take(N) {
            sum ^= position[usize::from(*byte)];
        }
        sum
    }
}

impl ToeplitzHash for Table {
    #[inline]
    fn hash(&self, input: &HashInput) -> u32 {
        match input.length_bytes() {
            0 => 0,
            1..=12 => self.first::<12>(input),
            _ => self.first::<LONGEST_INPUT_BYTES>(input),
        }
    }
}
