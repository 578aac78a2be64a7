//! The seam between driver and device: what the host may do with a hardware receive queue.

use crate::{BufferPool, Errno, Nanos, QueueId, RuleId, RxPacket, SteerRequest, SteeringError, Written};

/// A queue wants its CPU's attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupt {
    /// Which queue.
    pub queue: QueueId,
    /// When its message is on the bus.
    pub at_ns: Nanos,
}

/// What re-arming a queue's interrupt, or a frame's arrival, leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Nothing to wait for.
    Quiet,
    /// An interrupt now.
    Raise(Interrupt),
    /// The coalescing timer was started: ask [`RxQueues::timer`] at that time.
    Timer(Interrupt),
}

/// A rule of the device's flow table that may have had its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldRule {
    /// Which one.
    pub rule: RuleId,
    /// Where it sends its flow.
    pub queue: QueueId,
    /// The flow's hash.
    pub hash: u32,
    /// When it was last seen to have had a frame.
    pub idle_since_ns: Nanos,
}

/// The receive queues of a device, as its driver sees them.
pub trait RxQueues {
    /// Take up to `limit` frames written back by `now_ns` from the queue, appending to `out`; returns how many.
    fn take(&mut self, queue: QueueId, now_ns: Nanos, limit: usize, out: &mut Vec<RxPacket>) -> usize;

    /// Of the frames taken from the queue the last so many may not be done with when the host comes back for more or
    /// enables the interrupt: it holds the first of them (GRO). A device that moves no flows need not know.
    fn keeps(&mut self, _queue: QueueId, _frames: u64) {}

    /// Whether another queue gives out nothing before the host has done with frames of this one: a flow has moved. It is
    /// then not to hold any for longer than it must.
    fn is_awaited(&self, _queue: QueueId) -> bool {
        false
    }

    /// Frames written back by `now_ns` and not taken.
    fn ready(&self, queue: QueueId, now_ns: Nanos) -> usize;

    /// Give descriptors back, with fresh buffers as far as the pool has them; returns how many buffers were posted.
    fn refill(&mut self, queue: QueueId, buffers: &mut BufferPool) -> u32;

    /// Whether the last refill left descriptors without a buffer because the pool was empty.
    fn starved(&self, queue: QueueId) -> bool;

    /// Take what has completed of the frames sent that share the queue's vector; answers how many.
    fn reap(&mut self, _queue: QueueId) -> u32 {
        0
    }

    /// Enable the queue's interrupt, which it disabled by raising it.
    fn arm(&mut self, queue: QueueId, now_ns: Nanos) -> Signal;

    /// The coalescing timer started for `now_ns` is due; an overtaken timer answers [`Signal::Quiet`].
    fn timer(&mut self, queue: QueueId, now_ns: Nanos) -> Signal;

    /// Send a flow to a queue (`ndo_rx_flow_steer`).
    ///
    /// # Errors
    /// By Linux' names; a device without a flow table answers EOPNOTSUPP.
    fn steer_flow(&mut self, _now_ns: Nanos, _request: &SteerRequest) -> Result<Written, SteeringError> {
        Err(SteeringError::new(Errno::EOPNOTSUPP, "flow table", 0, "a device that has one"))
    }

    /// Look at the next `limit` places of the flow table and remove the rules that `may_expire`; returns how many
    /// rules were looked at.
    fn expire_flows(
        &mut self,
        _now_ns: Nanos,
        _limit: usize,
        _may_expire: &mut dyn FnMut(OldRule) -> bool,
    ) -> usize {
        0
    }
}
