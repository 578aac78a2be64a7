//! The seam between host and device where flows are steered: what the host may ask, and how it is refused.

use crate::{FlowKey, QueueId};
use std::fmt;

/// Why something is refused, by the name Linux gives it (include/uapi/asm-generic/errno.h).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Errno {
    /// There is no such rule or flow.
    ENOENT,
    /// What is needed is in use, or there were too many changes: later it may work.
    EBUSY,
    /// There is one already.
    EEXIST,
    /// A value that cannot be.
    EINVAL,
    /// The table is full.
    ENOSPC,
    /// The device cannot do that.
    EOPNOTSUPP,
}

impl Errno {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Errno::ENOENT => "ENOENT",
            Errno::EBUSY => "EBUSY",
            Errno::EEXIST => "EEXIST",
            Errno::EINVAL => "EINVAL",
            Errno::ENOSPC => "ENOSPC",
            Errno::EOPNOTSUPP => "EOPNOTSUPP",
        }
    }

    /// The number on Linux; netlink and system calls answer it negated.
    pub const fn number(self) -> i32 {
        match self {
            Errno::ENOENT => 2,
            Errno::EBUSY => 16,
            Errno::EEXIST => 17,
            Errno::EINVAL => 22,
            Errno::ENOSPC => 28,
            Errno::EOPNOTSUPP => 95,
        }
    }
}

/// Why a change of the steering is refused; nothing has changed. Made without allocating: the host asks per frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SteeringError {
    /// In Linux' word.
    pub errno: Errno,
    /// What it is about.
    pub key: &'static str,
    /// The value found there.
    pub value: u64,
    /// What is allowed.
    pub allowed: &'static str,
}

impl SteeringError {
    /// A refusal.
    pub const fn new(errno: Errno, key: &'static str, value: u64, allowed: &'static str) -> Self {
        SteeringError { errno, key, value, allowed }
    }
}

impl fmt::Display for SteeringError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} = {}: allowed is {}", self.errno.name(), self.key, self.value, self.allowed)
    }
}

impl std::error::Error for SteeringError {}

/// A rule of the device's table. Its number is never given to another rule of the same table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RuleId {
    /// Its place.
    pub place: u32,
    /// Which of those that have been there.
    pub serial: u32,
}

impl RuleId {
    /// As one number.
    pub const fn to_bits(self) -> u64 {
        (self.serial as u64) << 32 | self.place as u64
    }

    /// From [`RuleId::to_bits`].
    pub const fn from_bits(bits: u64) -> Self {
        RuleId { place: bits as u32, serial: (bits >> 32) as u32 }
    }
}

/// A rule that was written, and the one that had to make room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The flow's rule.
    pub rule: RuleId,
    /// Another flow's, which is no more.
    pub evicted: Option<RuleId>,
}

/// Priorities: 0, the lowest, to 15 (SO_PRIORITY; Linux gives 7 and above to administrators only).
pub const PRIORITIES: u8 = 16;

/// A flow, and where the host wants its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SteerRequest {
    /// Which flow.
    pub key: FlowKey,
    /// Its RSS hash, as the device wrote it.
    pub hash: u32,
    /// The queue its frames shall go to.
    pub queue: QueueId,
    /// How important it is, below [`PRIORITIES`].
    pub priority: u8,
    /// Frames per second it has had of late, for choosing among equal priorities.
    pub rate_fps: u32,
}
