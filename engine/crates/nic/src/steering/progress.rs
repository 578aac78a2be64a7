//! How far the queues are: what the order of a flow that moves hangs on.

use stage::{Nanos, QueueId};

/// The queues, as far as a move has to know them.
pub trait QueueProgress {
    /// Frames written to a queue so far.
    fn written(&self, queue: QueueId) -> u64;

    /// Frames of a queue the host has done with by `now_ns`: put on their sockets, on a backlog, or dropped.
    fn done(&self, queue: QueueId, now_ns: Nanos) -> u64;

    /// From the next frame on let the host see none of `queue` before it has done with `mark` frames of `other`, of
    /// which as many have been written. False where the queues cannot.
    fn hold(&mut self, queue: QueueId, other: QueueId, mark: u64) -> bool;
}
