//! Frames made before the run: what the receive path takes is then not bounded by how fast they are made.

use stage::Nanos;
use traffic::{BATCH_FRAMES, Batch, Source};

/// Batches offered in turn.
pub(crate) struct Memory {
    batches: Vec<Batch>,
    next: usize,
    left_frames: u64,
    until_ns: Nanos,
}

impl Memory {
    /// The source's first frames, `frames` of them or all there are in `until_ns`, rounded up to whole batches.
    /// Offered until `limit_frames` are, in whole batches, or `until_ns` has passed.
    pub(crate) fn new(mut source: Source, frames: u32, limit_frames: Option<u64>, until_ns: Nanos) -> Self {
        let mut batches = Vec::new();
        for _ in 0..frames.div_ceil(BATCH_FRAMES as u32) {
            let mut batch = source.batch();
            if source.fill(until_ns, &mut batch) == 0 {
                break;
            }
            batches.push(batch);
        }
        Memory { batches, next: 0, left_frames: limit_frames.unwrap_or(u64::MAX), until_ns }
    }

    #[inline]
    pub(super) fn next(&mut self, now_ns: Nanos) -> Option<&Batch> {
        if self.left_frames == 0 || now_ns >= self.until_ns {
            return None;
        }
        if self.next >= self.batches.len() {
            self.next = 0;
        }
        let batch = self.batches.get(self.next)?;
        self.next += 1;
        self.left_frames = self.left_frames.saturating_sub(batch.len() as u64);
        Some(batch)
    }
}
