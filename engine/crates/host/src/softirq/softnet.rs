//! Per-CPU receive state (`struct softnet_data`).

use crate::rps::FlowLimit;
use crate::skb::SkbQueue;
use stage::{Counters, CpuId, Nanos, Progress, QueueId};
use std::collections::VecDeque;

stage::counters! {
    /// The columns of /proc/net/softnet_stat.
    pub enum SoftnetCounter in "softnet" {
        /// Frames taken off device queues and backlogs.
        Processed = "processed" : "frames",
        /// Frames dropped because the backlog was full.
        Dropped = "dropped" : "frames",
        /// Times net_rx_action stopped for want of budget or time with work left.
        TimeSqueeze = "time_squeeze" : "runs",
        /// Inter-processor interrupts received for the backlog.
        ReceivedRps = "received_rps" : "interrupts",
        /// Frames dropped by the flow limit.
        FlowLimitCount = "flow_limit_count" : "frames",
        /// NAPI polls.
        Polls = "polls" : "polls",
        /// Runs of net_rx_action.
        Runs = "runs" : "runs",
    }
}

/// Something that can be polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NapiId {
    /// A device queue.
    Queue(QueueId),
    /// This CPU's backlog.
    Backlog,
}

/// A poll that is going on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Poll {
    pub(super) napi: NapiId,
    pub(super) work_frames: u32,
}

/// A run of net_rx_action that is going on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) started_ns: Nanos,
    pub(super) budget_frames: i64,
    pub(super) poll: Option<Poll>,
}

/// One CPU's receive state.
#[derive(Debug)]
pub struct Softnet {
    /// NAPIs that want polling.
    pub(super) scheduled: VecDeque<NapiId>,
    /// Those this run has yet to poll.
    pub(super) list: VecDeque<NapiId>,
    /// Those that used their whole weight and want another turn.
    pub(super) repoll: VecDeque<NapiId>,
    pub(super) run: Option<Run>,
    /// Frames other CPUs (or this one) steered here.
    pub backlog: SkbQueue,
    pub(crate) backlog_scheduled: bool,
    pub(crate) flow_limit: FlowLimit,
    /// CPUs whose backlog this run scheduled and that wait for their interrupt.
    pub(crate) ipi_to: Vec<CpuId>,
    /// Frames put on the backlog since the beginning (`input_queue_tail`), taken off it, and done with
    /// (`input_queue_head`).
    pub(crate) tail: u64,
    pub(crate) progress: Progress,
    /// Whether the CPU is online.
    pub(crate) online: bool,
    /// A task has made the softirq pending (`local_bh_enable` runs it).
    pub(crate) raised_by_task: bool,
    /// Counts for /proc/net/softnet_stat.
    pub counters: Counters<SoftnetCounter>,
}

impl Softnet {
    /// An idle CPU's state.
    pub fn new(flow_limit_buckets: u32) -> Self {
        Softnet {
            scheduled: VecDeque::new(),
            list: VecDeque::new(),
            repoll: VecDeque::new(),
            run: None,
            backlog: SkbQueue::default(),
            backlog_scheduled: false,
            flow_limit: FlowLimit::new(flow_limit_buckets),
            ipi_to: Vec::new(),
            tail: 0,
            progress: Progress::default(),
            online: true,
            raised_by_task: false,
            counters: Counters::default(),
        }
    }

    /// `napi_schedule`: want a poll. The softirq is pending from here on.
    pub fn schedule(&mut self, napi: NapiId) {
        self.scheduled.push_back(napi);
    }

    /// Whether nothing waits for the softirq.
    pub(crate) fn is_quiet(&self) -> bool {
        self.scheduled.is_empty()
    }

    /// Everything that wants polling, the poll that is going on first; nothing is left.
    pub(crate) fn take_polls(&mut self) -> Vec<NapiId> {
        let going_on = self.run.take().and_then(|run| run.poll).map(|poll| poll.napi);
        let Softnet { scheduled, list, repoll, .. } = self;
        going_on
            .into_iter()
            .chain(list.drain(..))
            .chain(scheduled.drain(..))
            .chain(repoll.drain(..))
            .collect()
    }

    /// Whether a run of net_rx_action is going on.
    pub(crate) fn running(&self) -> bool {
        self.run.is_some()
    }
}
