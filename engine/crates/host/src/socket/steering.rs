//! What a socket knows of the steering of its flow.

use super::Socket;
use stage::{CpuId, NANOS_PER_SECOND, Nanos, QueueId, RuleId};

/// The state of a socket's steering by the scheduler's callback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SocketSteering {
    /// The CPU announced last, where the device is or will be told.
    pub announced: Option<CpuId>,
    /// Its rule in the device, and the queue it names.
    pub rule: Option<(RuleId, QueueId)>,
    /// When that was written.
    pub moved_ns: Nanos,
    /// Not announced before.
    pub retry_ns: Nanos,
    /// An announcement waits.
    pub deferred: bool,
}

impl Socket {
    /// Frames per second from the first one to now.
    pub(crate) fn rate_fps(&self, now_ns: Nanos) -> u32 {
        let elapsed_ns = now_ns.saturating_sub(self.first_ns.unwrap_or(now_ns)).max(1);
        let rate = u128::from(self.delivered_frames) * u128::from(NANOS_PER_SECOND) / u128::from(elapsed_ns);
        rate.min(u128::from(u32::MAX)) as u32
    }
}
