//! The scenario's traffic: generated streams and captures, merged onto one line.

use stage::Nanos;
use traffic::{Batch, Source};

/// A source, a batch at a time.
pub(crate) struct Wire {
    source: Source,
    batch: Batch,
    until_ns: Nanos,
}

impl Wire {
    /// The frames that arrive up to `until_ns`.
    pub(crate) fn new(source: Source, until_ns: Nanos) -> Self {
        Wire { batch: source.batch(), source, until_ns }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Option<&Batch> {
        (self.source.fill(self.until_ns, &mut self.batch) > 0).then_some(&self.batch)
    }
}
