//! Rows of the tables that name single events and frames.

use stage::{CpuId, Event, FrameId, Nanos, QueueId, Verdict};

/// A row of the events table.
#[derive(Clone, Copy, Debug)]
pub struct EventRow {
    /// When.
    pub time_ns: Nanos,
    /// On which CPU.
    pub cpu: CpuId,
    /// For which queue, if for one.
    pub queue: Option<QueueId>,
    /// What.
    pub event: Event,
}

/// A row of the trace table.
#[derive(Clone, Debug)]
pub struct TraceRow {
    /// Which frame.
    pub frame: FrameId,
    /// When.
    pub time_ns: Nanos,
    /// On which CPU; none while it is the NIC's.
    pub cpu: Option<CpuId>,
    /// On which queue, once one is chosen.
    pub queue: Option<QueueId>,
    /// The point of its way.
    pub point: &'static str,
    /// More about it.
    pub detail: String,
}

/// A frame handed to the host.
#[derive(Clone, Copy, Debug)]
pub struct HandedRow {
    /// Which frame; of a merged one, the first.
    pub frame: FrameId,
    /// Its hardware queue.
    pub queue: QueueId,
    /// Wire frames in it.
    pub segments: u16,
    /// TCP payload of each segment of a merged frame but perhaps the last; 0 if it was not merged.
    pub gso_bytes: u16,
}

/// A frame delivered to a socket, or to the interface it left by.
#[derive(Clone, Copy, Debug)]
pub struct DeliveredRow {
    /// Its number among the frames handed to the host; -1 unless frames are kept.
    pub out: i64,
    /// Which frame.
    pub frame: FrameId,
    /// Its hardware queue.
    pub queue: QueueId,
    /// The CPU that put it on the socket.
    pub cpu: CpuId,
    /// When.
    pub time_ns: Nanos,
    /// Transport payload.
    pub payload_bytes: u32,
    /// Wire frames in it.
    pub segments: u16,
}

/// How a frame stands, if verdicts are kept.
#[derive(Clone, Copy, Debug)]
pub struct FrameRow {
    /// Its verdict so far.
    pub verdict: Verdict,
    /// Its number among the frames handed to the host.
    pub out: i64,
}

impl FrameRow {
    pub(super) const NEW: FrameRow = FrameRow { verdict: Verdict::Pending, out: -1 };
}
