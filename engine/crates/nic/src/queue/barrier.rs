//! A queue that waits for another: frames of a flow that moved must not be seen before those it left behind.

use super::RxQueue;
use crate::steering::QueueProgress;
use stage::{Nanos, QueueId};

/// From frame `at` of its queue on nothing is to be seen before the host has done with `mark` frames of `other`.
///
/// A mark counts frames written before the barrier was put up, so that of all barriers the one with the oldest mark
/// can always open: queues never wait for each other in a circle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Barrier {
    /// `UNPLACED` until the next frame comes, behind all that LRO then hands over.
    at: u64,
    other: QueueId,
    mark: u64,
}

const UNPLACED: u64 = u64::MAX;

impl Barrier {
    /// At a frame's place; without one, at the next frame's.
    pub(super) fn new(at: Option<u64>, other: QueueId, mark: u64) -> Self {
        Barrier { at: at.unwrap_or(UNPLACED), other, mark }
    }

    /// Whether it waits for this queue, or has.
    pub(super) fn is_for(&self, queue: QueueId) -> bool {
        self.other == queue
    }

    /// Whether its place is the next frame's.
    pub(super) fn is_unplaced(&self) -> bool {
        self.at == UNPLACED
    }

    /// The next frame has come.
    pub(super) fn place(&mut self, at: u64) {
        if self.is_unplaced() {
            self.at = at;
        }
    }
}

/// The queues of a NIC, for the flows that move between them.
pub(crate) struct Moving<'a>(pub(crate) &'a mut [RxQueue]);

impl QueueProgress for Moving<'_> {
    fn written(&self, queue: QueueId) -> u64 {
        self.0.get(queue.index()).map_or(0, RxQueue::written)
    }

    fn done(&self, queue: QueueId, now_ns: Nanos) -> u64 {
        done(self.0, queue, now_ns)
    }

    fn hold(&mut self, queue: QueueId, other: QueueId, mark: u64) -> bool {
        let Some(queue) = self.0.get_mut(queue.index()) else { return false };
        queue.hold(other, mark);
        true
    }
}

fn done(queues: &[RxQueue], queue: QueueId, now_ns: Nanos) -> u64 {
    queues.get(queue.index()).map_or(0, |queue| queue.done(now_ns))
}

/// Frames a queue may give out before its first barrier that is closed.
#[inline]
pub(crate) fn open_frames(queues: &[RxQueue], queue: QueueId, now_ns: Nanos) -> usize {
    let Some(queue) = queues.get(queue.index()) else { return 0 };
    if queue.barriers.is_empty() {
        return usize::MAX;
    }
    let closed = queue.barriers.iter().find(|barrier| done(queues, barrier.other, now_ns) < barrier.mark);
    closed.map_or(usize::MAX, |barrier| barrier.at.saturating_sub(queue.ring.taken()) as usize)
}

/// Forget a queue's barriers that are open.
#[inline]
pub(crate) fn pass(queues: &mut [RxQueue], queue: QueueId, now_ns: Nanos) {
    while let Some(barrier) = queues.get(queue.index()).and_then(|queue| queue.barriers.front())
        && done(queues, barrier.other, now_ns) >= barrier.mark
        && let Some(queue) = queues.get_mut(queue.index())
    {
        queue.barriers.pop_front();
    }
}
