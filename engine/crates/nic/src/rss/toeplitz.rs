//! The one interface of all Toeplitz implementations.

use super::HashInput;

/// A Toeplitz hash under a fixed key. All implementations give equal results; `conformance` says so.
pub trait ToeplitzHash {
    /// The hash of one input; 0 for an empty one.
    fn hash(&self, input: &HashInput) -> u32;

    /// The hashes of as many inputs as both slices have.
    #[inline]
    fn hash_batch(&self, inputs: &[HashInput], out: &mut [u32]) {
        for (input, hash) in inputs.iter().zip(out) {
            *hash = self.hash(input);
        }
    }
}

/// A hasher as the NIC holds it.
pub type BoxedHash = Box<dyn ToeplitzHash + Send + Sync>;
