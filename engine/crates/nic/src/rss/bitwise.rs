//! Toeplitz by its definition: the reference the others are compared with.

use super::{HashInput, RssKey, ToeplitzHash};

/// For every bit of the input that is set, the 32 key bits that begin at its position are added (xor).
/// "Verifying the RSS Hash Calculation", Microsoft, Windows drivers documentation.
#[derive(Clone, Debug)]
pub struct Bitwise {
    key: RssKey,
}

impl Bitwise {
    /// Under this key.
    pub fn new(key: &RssKey) -> Self {
        Bitwise { key: *key }
    }
}

impl ToeplitzHash for Bitwise {
    fn hash(&self, input: &HashInput) -> u32 {
        let mut result = 0;
        for (i, byte) in input.bytes().iter().enumerate() {
            for bit in 0..8 {
                if byte & (0x80 >> bit) != 0 {
                    result ^= self.key.window(8 * i + bit);
                }
            }
        }
        result
    }
}
