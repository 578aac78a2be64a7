//! Toeplitz as multiplications by 8x8 bit matrices, eight bytes by eight matrices per instruction (GFNI).
//!
//! Output byte `j` is the xor over all input bytes `p` of `M[p + j] * in[p]`, where `M[q]` is made of the 15 key bits
//! from bit `8 q` on. A 64-byte register holds eight matrices, one for each of its 8-byte lanes; lane `q` of the data
//! then holds `in[q - 3 ..= q]` of one input and the same bytes of a second one, and the xor of all lanes is the two
//! hashes. For IPv4 inputs two registers of matrices suffice (`q` up to 14), for IPv6 it takes five (up to 38).

use nic::rss::{HashInput, RssKey, ToeplitzHash};

use crate::cpu_features::Gfni512;

/// Registers of matrices that an input of up to 12 bytes needs.
const SHORT_REGISTERS: usize = 2;
/// Registers of matrices that the longest input (36 bytes) needs.
const REGISTERS: usize = 5;
/// Permutation index for "no such input byte": byte 63 of a register whose last quarter is zero.
const ZERO: u8 = 63;

/// GFNI under one key.
#[derive(Clone, Debug)]
pub struct Gfni {
    /// `matrices[q / 8][q % 8]` is `M[q]`.
    matrices: [[u64; 8]; REGISTERS],
    /// Where each byte of a data register comes from, for a register that holds one input.
    one_input: [[u8; 64]; REGISTERS],
    /// The same for inputs 0 and 1, then 2 and 3, of four short inputs side by side in 16 bytes each.
    of_four: [[[u8; 64]; SHORT_REGISTERS]; 2],
    cpu: Gfni512,
}

impl Gfni {
    /// The hash under this key, or `None` where the CPU cannot.
    pub fn new(key: &RssKey) -> Option<Self> {
        let cpu = Gfni512::detect()?;
        let matrices = std::array::from_fn(|g| std::array::from_fn(|lane| matrix(key, 8 * g + lane)));
        let one_input = std::array::from_fn(|g| {
            std::array::from_fn(|byte| source(8 * g + byte / 8, byte % 4, 36).unwrap_or(ZERO))
        });
        let of_four = std::array::from_fn(|pair| {
            std::array::from_fn(|g| {
                std::array::from_fn(|byte| {
                    let base = 32 * pair + 16 * (byte % 8 / 4);
                    // Bytes 12 to 15 of a short input are padding, hence zero.
                    base as u8 + source(8 * g + byte / 8, byte % 4, 12).unwrap_or(15)
                })
            })
        });
        Some(Gfni { matrices, one_input, of_four, cpu })
    }
}

/// `M[q]` in the form of `gf2p8affineqb`: byte `r` is the row that yields bit `7 - r` of the product.
fn matrix(key: &RssKey, q: usize) -> u64 {
    let window = key.window(8 * q);
    (0..8).fold(0, |rows, r| rows | u64::from(window << r >> 24) << (8 * r))
}

/// The input byte for slot `slot` of lane `q`: slot 0 yields the hash's last byte, so that a 32-bit load of the four
/// slots is the hash.
fn source(q: usize, slot: usize, input_bytes: usize) -> Option<u8> {
    let p = q.checked_sub(3 - slot)?;
    (p < input_bytes).then_some(p as u8)
}

#[cfg(target_arch = "x86_64")]
mod kernel;

#[cfg(target_arch = "x86_64")]
impl ToeplitzHash for Gfni {
    #[inline]
    fn hash(&self, input: &HashInput) -> u32 {
        let [hash, _] = kernel::pair_on(self, input, &HashInput::EMPTY, self.cpu);
        hash
    }

    #[inline]
    fn hash_batch(&self, inputs: &[HashInput], out: &mut [u32]) {
        kernel::batch_on(self, inputs, out, self.cpu);
    }
}

#[cfg(not(target_arch = "x86_64"))]
impl ToeplitzHash for Gfni {
    fn hash(&self, _input: &HashInput) -> u32 {
        match self.cpu {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nic::rss::conformance;

    #[test]
    fn conforms_where_the_cpu_can() {
        if Gfni::new(&RssKey::MICROSOFT).is_none() {
            return;
        }
        let checked = conformance::check(&|key| match Gfni::new(key) {
            Some(gfni) => Box::new(gfni),
            None => panic!("the CPU lost its instruction set"),
        });
        match checked {
            Ok(compared) => assert!(compared > 9_000, "only {compared} compared"),
            Err(difference) => panic!("{difference}"),
        }
    }
}
