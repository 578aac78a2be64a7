//! What fits into a ring's slot.

/// A descriptor as 64-bit words, the unit the ring's slots are made of.
///
/// `from_words(to_words(x))` must be `x`.
pub trait Record: Copy {
    /// `[u64; N]` with the descriptor's number of words.
    type Words: AsRef<[u64]> + AsMut<[u64]> + Copy + Default;

    /// The descriptor's words.
    fn to_words(self) -> Self::Words;

    /// The descriptor these words describe.
    fn from_words(words: Self::Words) -> Self;
}

impl Record for u64 {
    type Words = [u64; 1];

    #[inline]
    fn to_words(self) -> [u64; 1] {
        [self]
    }

    #[inline]
    fn from_words([word]: [u64; 1]) -> u64 {
        word
    }
}

impl Record for [u64; 2] {
    type Words = [u64; 2];

    #[inline]
    fn to_words(self) -> [u64; 2] {
        self
    }

    #[inline]
    fn from_words(words: [u64; 2]) -> [u64; 2] {
        words
    }
}
