//! What a measured stream consists of: bytes that repeat only after a length no buffer or segment has, so that bytes
//! that are missing, doubled or moved are seen.

use stage::Random;

/// A prime.
const PERIOD_BYTES: usize = 1_048_573;

/// Longest piece that is had without a seam.
pub(super) const LONGEST_BYTES: usize = 1 << 17;

/// The bytes of every stream.
#[derive(Debug)]
pub(super) struct Pattern {
    bytes: Vec<u8>,
}

impl Pattern {
    pub(super) fn new() -> Self {
        let mut random = Random::for_component(1, "peer.pattern");
        let mut bytes: Vec<u8> =
            (0..PERIOD_BYTES.div_ceil(8)).flat_map(|_| random.next_u64().to_le_bytes()).collect();
        bytes.truncate(PERIOD_BYTES);
        bytes.extend_from_within(..LONGEST_BYTES);
        Pattern { bytes }
    }

    /// `len` bytes of the stream from `position` on, at most [`LONGEST_BYTES`].
    pub(super) fn at(&self, position: u64, len: usize) -> &[u8] {
        let start = (position % PERIOD_BYTES as u64) as usize;
        self.bytes.get(start..start + len.min(LONGEST_BYTES)).unwrap_or(&[])
    }

    /// Whether these are the bytes from `position` on.
    pub(super) fn matches(&self, position: u64, bytes: &[u8]) -> bool {
        let mut at = position;
        bytes.chunks(LONGEST_BYTES).all(|piece| {
            let same = self.at(at, piece.len()) == piece;
            at += piece.len() as u64;
            same
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_lost_or_moved_a_byte_is_another() {
        let pattern = Pattern::new();
        let mut stream: Vec<u8> = Vec::new();
        while stream.len() < 3 * PERIOD_BYTES {
            let piece = pattern.at(stream.len() as u64, 60_000);
            stream.extend_from_slice(piece);
        }
        assert!(pattern.matches(0, &stream));
        assert!(pattern.matches(PERIOD_BYTES as u64, &stream[..1000]));
        assert!(!pattern.matches(1, &stream[..1000]));
        let mut short = stream.clone();
        short.remove(PERIOD_BYTES + 7);
        assert!(!pattern.matches(0, &short));
        stream.swap(PERIOD_BYTES, PERIOD_BYTES + 1);
        assert!(!pattern.matches(0, &stream[..PERIOD_BYTES + 2]));
    }
}
