//! One virtual CPU's state.

use super::RunQueue;
use stage::{Nanos, QueueId, SocketId};
use stats::Picos;
use std::collections::VecDeque;

/// What a busy CPU is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BusyContext {
    Hardirq,
    Softirq,
    Ksoftirqd,
    Task,
}

impl BusyContext {
    pub(crate) const ALL: [BusyContext; 4] =
        [BusyContext::Hardirq, BusyContext::Softirq, BusyContext::Ksoftirqd, BusyContext::Task];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            BusyContext::Hardirq => "hardirq",
            BusyContext::Softirq => "softirq",
            BusyContext::Ksoftirqd => "ksoftirqd",
            BusyContext::Task => "task",
        }
    }
}

/// Who processes this CPU's pending softirqs (kernel/softirq.c).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SoftirqMode {
    /// None is pending, or the next interrupt's exit will start them.
    None,
    /// `__do_softirq` on an interrupt's exit.
    Inline { restarts: u32, started_ns: Nanos },
    /// Handed over to ksoftirqd.
    Deferred,
}

/// An interrupt that waits to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hardirq {
    /// A queue's.
    Device(QueueId),
    /// The timer of a queue's NAPI, set for this time.
    NapiTimer(QueueId, Nanos),
}

/// One virtual CPU.
#[derive(Debug)]
pub(crate) struct VirtualCpu {
    /// Device and timer interrupts that wait to be taken.
    pub(crate) hardirqs: VecDeque<Hardirq>,
    /// An inter-processor interrupt waits to be taken.
    pub(crate) ipi: bool,
    /// Acknowledgement timers that have run out.
    pub(crate) ack_timers: VecDeque<SocketId>,
    pub(crate) softirq: SoftirqMode,
    pub(crate) run_queue: RunQueue,
    /// A woken task should run instead of the present one.
    pub(crate) need_resched: bool,
    /// Nothing to do, and no step scheduled.
    pub(crate) idle: bool,
    /// When the next slice starts.
    pub(crate) resume_ps: Picos,
    /// Busy time by [`BusyContext`].
    pub(crate) busy_ps: [Picos; 4],
}

impl VirtualCpu {
    pub(crate) fn new(base_slice_ps: Picos) -> Self {
        VirtualCpu {
            hardirqs: VecDeque::new(),
            ipi: false,
            ack_timers: VecDeque::new(),
            softirq: SoftirqMode::None,
            run_queue: RunQueue::new(base_slice_ps),
            need_resched: false,
            idle: true,
            resume_ps: 0,
            busy_ps: [0; 4],
        }
    }
}
