//! Toeplitz across packets: 16 inputs are transposed and hashed side by side, one key bit at a time. Nothing depends
//! on the data, so the compiler turns the lanes into vector registers, as wide as the target has them.

use super::input::LONGEST_INPUT_BYTES;
use super::{HashInput, RssKey, ToeplitzHash};

/// Inputs side by side: one AVX-512 register, two of AVX2, four of SSE2.
const LANES: usize = 16;
/// 32-bit words of the longest input.
const WORDS: usize = LONGEST_INPUT_BYTES / 4;

/// Lane-parallel for batches; a single input is a batch of one and gains nothing.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// Key window of every bit of every word.
    windows: Box<[[u32; 32]; WORDS]>,
}

impl Lanes {
    /// Windows of this key.
    pub fn new(key: &RssKey) -> Self {
        let mut windows = Box::new([[0; 32]; WORDS]);
        for (bit, window) in windows.as_flattened_mut().iter_mut().enumerate() {
            *window = key.window(bit);
        }
        Lanes { windows }
    }

    fn hash_lanes(&self, inputs: &[HashInput; LANES]) -> [u32; LANES] {
        let longest = inputs.iter().map(HashInput::length_bytes).max().unwrap_or(0);
        let mut sums = [0; LANES];
        for (word, windows) in self.windows.iter().enumerate().take(longest.div_ceil(4)) {
            let mut bits = [0; LANES];
            for (lane, input) in bits.iter_mut().zip(inputs) {
                *lane = input.word(word);
            }
            for window in windows {
                for (sum, lane) in sums.iter_mut().zip(&mut bits) {
                    // The top bit spread over the word selects the window.
                    *sum ^= window & (*lane as i32 >> 31) as u32;
                    *lane <<= 1;
                }
            }
        }
        sums
    }
}

impl ToeplitzHash for Lanes {
    fn hash(&self, input: &HashInput) -> u32 {
        let mut hash = [0];
        self.hash_batch(std::slice::from_ref(input), &mut hash);
        let [hash] = hash;
        hash
    }

    fn hash_batch(&self, inputs: &[HashInput], out: &mut [u32]) {
        for (inputs, out) in inputs.chunks(LANES).zip(out.chunks_mut(LANES)) {
            let sums = match inputs.first_chunk() {
                Some(full) => self.hash_lanes(full),
                None => {
                    let mut padded = [HashInput::EMPTY; LANES];
                    for (lane, input) in padded.iter_mut().zip(inputs) {
                        *lane = *input;
                    }
                    self.hash_lanes(&padded)
                }
            };
            for ((hash, sum), _) in out.iter_mut().zip(sums).zip(inputs) {
                *hash = sum;
            }
        }
    }
}
