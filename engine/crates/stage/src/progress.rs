//! How many of the things taken from a queue are done with, and by when.

use crate::Nanos;

/// A queue's taker says when it has done with all it took: as it comes back for more, or stops. In virtual time it
/// says so at the beginning of a step that is ahead of other events, so that the time counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    taken: u64,
    /// Done with at `done_ns`, and before that.
    done: u64,
    done_before: u64,
    done_ns: Nanos,
}

impl Progress {
    /// `n` more were taken.
    #[inline]
    pub fn take(&mut self, n: u64) {
        self.taken += n;
    }

    /// All that were taken are done with.
    #[inline]
    pub fn all_done(&mut self, now_ns: Nanos) {
        self.done_but(now_ns, 0);
    }

    /// All that were taken are done with, except perhaps the last `kept` of them.
    #[inline]
    pub fn done_but(&mut self, now_ns: Nanos, kept: u64) {
        if now_ns > self.done_ns {
            (self.done_before, self.done_ns) = (self.done, now_ns);
        }
        self.done = self.done.max(self.taken.saturating_sub(kept));
    }

    /// Taken since the beginning.
    #[inline]
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Done with by `now_ns`.
    #[inline]
    pub fn done(&self, now_ns: Nanos) -> u64 {
        if now_ns >= self.done_ns { self.done } else { self.done_before }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_later_is_not_done_now() {
        let mut progress = Progress::default();
        progress.take(8);
        assert_eq!((progress.taken(), progress.done(5)), (8, 0));
        progress.all_done(10);
        progress.take(4);
        assert_eq!([9, 10, 11].map(|now_ns| progress.done(now_ns)), [0, 8, 8]);
        progress.all_done(10);
        assert_eq!([9, 10].map(|now_ns| progress.done(now_ns)), [0, 12]);
        progress.take(5);
        progress.done_but(11, 3);
        assert_eq!(progress.done(11), 14);
        progress.done_but(12, 4);
        assert_eq!(progress.done(12), 14, "what is done stays done");
    }
}
