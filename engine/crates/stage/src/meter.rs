//! The meter: how a stage reports its work. Virtual time charges it, real time ignores it at no cost.

use crate::{Nanos, Op, QueueId, Touch};

/// Receives a stage's reports while it runs on one CPU.
pub trait Meter {
    /// `n` units of `op` were done.
    fn op(&mut self, op: Op, n: u32);

    /// What follows is work on `op` whose amount is known, and reported, only afterwards.
    #[inline]
    fn enter(&mut self, _op: Op) {}

    /// The code went this way where it may go several. A branch predictor expects the way it went last on this CPU:
    /// another is a unit of `op`.
    #[inline]
    fn branch(&mut self, _op: Op, _way: u32) {}

    /// Memory was accessed on behalf of `op`.
    fn touch(&mut self, op: Op, touch: Touch);

    /// What follows is done for this queue (`None`: for no queue in particular).
    fn queue(&mut self, queue: Option<QueueId>);

    /// The time now: the moment the stage was entered plus, in virtual time, what it has been charged since.
    fn now_ns(&self) -> Nanos;
}

/// A meter that charges nothing and stands still at the time it was given.
#[derive(Clone, Copy, Debug, Default)]
pub struct Free(
    /// The time it tells.
    pub Nanos,
);

impl Meter for Free {
    #[inline]
    fn op(&mut self, _op: Op, _n: u32) {}
    #[inline]
    fn touch(&mut self, _op: Op, _touch: Touch) {}
    #[inline]
    fn queue(&mut self, _queue: Option<QueueId>) {}
    #[inline]
    fn now_ns(&self) -> Nanos {
        self.0
    }
}
