//! The scenario's traffic: generated streams and captures, merged onto one line.

use stage::Nanos;
use traffic::{Batch, Source};

/// How far ahead frames are made that wait for their time: who makes a whole batch before its first frame is due,
/// hands the first ones over late and all together.
const AHEAD_NS: Nanos = 500;

/// A source, a batch at a time.
pub(crate) struct Wire {
    source: Source,
    batch: Batch,
    until_ns: Nanos,
    ahead_ns: Nanos,
}

impl Wire {
    /// The frames that arrive up to `until_ns`, made as they are due if that matters.
    pub(crate) fn new(source: Source, until_ns: Nanos, paced: bool) -> Self {
        Wire { batch: source.batch(), source, until_ns, ahead_ns: if paced { AHEAD_NS } else { Nanos::MAX } }
    }

    #[inline]
    pub(super) fn next(&mut self, now_ns: Nanos) -> Option<&Batch> {
        let first_ns = self.source.next_arrival_ns()?.max(now_ns);
        let until_ns = first_ns.saturating_add(self.ahead_ns).min(self.until_ns);
        (self.source.fill(until_ns, &mut self.batch) > 0).then_some(&self.batch)
    }
}
