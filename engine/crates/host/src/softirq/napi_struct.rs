//! What a queue's NAPI remembers between polls: whether it is scheduled, how long its interrupt stays off, and when its
//! timer polls (`napi_complete_done`, `napi_watchdog`, `napi_suspend_irqs` in net/core/dev.c; Documentation/networking/
//! napi.rst, "Software IRQ coalescing" and "IRQ suspension").

use super::NapiId;
use crate::HostConfig;
use crate::path::Host;
use stage::{BufferPool, Context, Counters, Nanos, Op, QueueId, Region, RxQueues, Touch};

stage::counters! {
    /// One queue's NAPI.
    pub enum NapiCounter in "napi" {
        /// Polls after which the interrupt stayed off (`napi_defer_hard_irqs`).
        Deferred = "napi_deferred" : "polls",
        /// Polls begun by the timer (`napi_watchdog`).
        TimerPolls = "napi_timer_polls" : "polls",
        /// Polls by a program in its receive call (`napi_busy_loop`).
        BusyPolls = "napi_busy_polls" : "polls",
        /// Frames they took (BusyPollRxPackets in /proc/net/netstat).
        BusyPollRxPackets = "busy_poll_rx_packets" : "frames",
        /// Times a program got events and the interrupt was suspended (`napi_suspend_irqs`).
        Suspended = "napi_irqs_suspended" : "calls",
        /// Times it got none and that ended (`napi_resume_irqs`).
        Resumed = "napi_irqs_resumed" : "calls",
    }
}

/// `struct napi_struct`, as far as it outlives a poll.
#[derive(Debug, Default)]
pub(crate) struct NapiStruct {
    /// Polls that may still be answered without an interrupt (`defer_hard_irqs_count`).
    defer_left: u32,
    /// When the timer is due that polls without an interrupt.
    timer_ns: Option<Nanos>,
    /// On its CPU's list, or a program's (`NAPI_STATE_SCHED`).
    scheduled: bool,
    /// Interrupted while it was (`NAPI_STATE_MISSED`).
    missed: bool,
    /// A program that would rather poll itself found it taken (`NAPI_STATE_PREFER_BUSY_POLL`).
    pub(crate) prefer_busy_poll: bool,
    pub(crate) counters: Counters<NapiCounter>,
}

impl NapiStruct {
    /// Whether an interrupt puts it on its CPU's list now (`napi_schedule_prep`).
    pub(crate) fn schedule(&mut self) -> bool {
        self.missed |= self.scheduled;
        !std::mem::replace(&mut self.scheduled, true)
    }

    /// Whether someone else may take it, who does not react to the device: a timer, a program.
    pub(crate) fn take(&mut self) -> bool {
        !std::mem::replace(&mut self.scheduled, true)
    }

    /// Given up by a program that will be polled for by the timer.
    pub(crate) fn leave(&mut self) {
        self.scheduled = false;
    }

    /// An interrupt that came meanwhile needs no poll of its own: there will be one (`busy_poll_stop`).
    pub(crate) fn forget_missed(&mut self) {
        self.missed = false;
    }

    /// Begin to count empty polls anew; answers whether there are any to count.
    pub(crate) fn defer(&mut self, polls: u32) -> bool {
        self.defer_left = polls;
        polls > 0
    }
}

impl HostConfig {
    /// Whether a NAPI does more than poll and enable its interrupt.
    pub(crate) fn keeps_napis(&self) -> bool {
        let napi = &self.napi;
        self.gro.enabled
            || napi.gro_flush_timeout_ns > 0
            || napi.defer_hard_irqs > 0
            || self.apps.busy_poll.is_some()
    }
}

impl Host {
    /// The state of a queue's NAPI; a queue that is polled for the first time gets one.
    pub(crate) fn napi_begin(&mut self, queue: QueueId) -> Option<&mut NapiStruct> {
        if self.napis.len() <= queue.index() {
            self.napis.resize_with(queue.index() + 1, NapiStruct::default);
        }
        self.napis.get_mut(queue.index())
    }

    pub(crate) fn napi_of(&mut self, queue: QueueId) -> Option<&mut NapiStruct> {
        self.napis.get_mut(queue.index())
    }

    /// A poll took `work_frames` and found no more. Answers whether the queue's interrupt is to be enabled; where it is
    /// deferred, or flows are held, the timer polls the queue.
    pub(crate) fn napi_complete_done<C: Context>(
        &mut self,
        queue: QueueId,
        work_frames: u32,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> bool {
        let settings = &self.config.napi;
        let (flush_timeout_ns, defer_hard_irqs) = (settings.gro_flush_timeout_ns, settings.defer_hard_irqs);
        let held = self.gro_of(queue).map_or(0, |gro| gro.held());
        let Some(napi) = self.napi_of(queue) else { return true };
        let (mut timeout_ns, mut enable) = (0, true);
        if work_frames > 0 {
            if held > 0 {
                timeout_ns = flush_timeout_ns;
            }
            napi.defer_left = defer_hard_irqs;
        }
        if napi.defer_left > 0 {
            napi.defer_left -= 1;
            timeout_ns = flush_timeout_ns;
            enable = timeout_ns == 0;
            napi.counters.add(NapiCounter::Deferred, u64::from(!enable));
        }
        let old_only = timeout_ns > 0 && !rx.is_awaited(queue);
        self.gro_flush(queue, old_only, rx, buffers, context);
        self.napi_start_timer(queue, timeout_ns, context);
        let cpu = context.cpu().index();
        let Some(napi) = self.napi_of(queue) else { return true };
        napi.scheduled = false;
        napi.prefer_busy_poll = false;
        if std::mem::take(&mut napi.missed) {
            napi.scheduled = true;
            if let Some(softnet) = self.softnets.get_mut(cpu) {
                softnet.schedule(NapiId::Queue(queue));
            }
            return false;
        }
        enable
    }

    /// Have the timer poll a queue after a time, in place of any time before; 0: not at all.
    pub(crate) fn napi_start_timer<C: Context>(
        &mut self,
        queue: QueueId,
        timeout_ns: Nanos,
        context: &mut C,
    ) {
        let due_ns = (timeout_ns > 0).then(|| context.now_ns() + timeout_ns);
        if let Some(due_ns) = due_ns {
            context.napi_timer(queue, due_ns);
        }
        if let Some(napi) = self.napi_of(queue) {
            napi.timer_ns = due_ns;
        }
    }

    /// The timer of a queue's NAPI is due: it is polled though no interrupt came (`napi_watchdog`). One that was set
    /// anew since does nothing.
    pub fn napi_timer<C: Context>(&mut self, queue: QueueId, due_ns: Nanos, context: &mut C) {
        context.queue(Some(queue));
        context.op(Op::TimerIrq, 1);
        context.touch(Op::TimerIrq, Touch::write(Region::Napi, u32::from(queue.0), 0, 64));
        let cpu = context.cpu().index();
        let Some(napi) = self.napi_of(queue).filter(|napi| napi.timer_ns == Some(due_ns)) else { return };
        napi.timer_ns = None;
        // One that is on a list will be polled anyway.
        if napi.take() {
            napi.prefer_busy_poll = false;
            napi.counters.add(NapiCounter::TimerPolls, 1);
            if let Some(softnet) = self.softnets.get_mut(cpu) {
                softnet.schedule(NapiId::Queue(queue));
            }
        }
    }

    /// What a queue's NAPI counted.
    pub fn napi_counters(&self, queue: QueueId) -> Counters<NapiCounter> {
        self.napis.get(queue.index()).map_or_else(Counters::default, |napi| napi.counters.clone())
    }
}
