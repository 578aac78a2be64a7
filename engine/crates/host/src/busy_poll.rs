//! A program that polls the device from its receive call before it sleeps, and keeps the interrupt off while it has events
//! (`ep_busy_loop`, `ep_suspend_napi_irqs` in fs/eventpoll.c; `__napi_busy_loop`, `busy_poll_stop`, `napi_suspend_irqs`,
//! `napi_resume_irqs` in net/core/dev.c).

use crate::BusyPollConfig;
use crate::app::AppStep;
use crate::path::Host;
use crate::softirq::napi::rx_refill;
use crate::softirq::{NapiCounter, NapiId, NapiStruct};
use stage::{BufferPool, Context, CpuId, Nanos, Op, QueueId, RxQueues, SocketId, TaskId};

/// What an epoll instance knows of the device (`struct eventpoll`), and a receive call of what it has read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Epoll {
    /// Where its last event came from (`napi_id`).
    napi: Option<QueueId>,
    /// The program waits for events.
    waiting: bool,
    polling: Option<Polling>,
    /// The socket a receive call is reading, and how much more it takes.
    pub(crate) call: Option<(SocketId, u32)>,
}

impl Default for Epoll {
    /// Of a program that has just begun to wait.
    fn default() -> Self {
        Epoll { napi: None, waiting: true, polling: None, call: None }
    }
}

/// A busy loop that is going on.
#[derive(Clone, Copy, Debug)]
struct Polling {
    since_ns: Nanos,
    queue: QueueId,
    /// The NAPI is the loop's (`NAPI_STATE_IN_BUSY_POLL`).
    owned: bool,
}

impl Host {
    /// A frame of a queue has come to a socket: its reader's epoll instance knows where to poll
    /// (`ep_set_busy_poll_napi_id`).
    #[inline]
    pub(crate) fn note_napi(&mut self, socket: SocketId, queue: QueueId) {
        if self.config.apps.busy_poll.is_none() {
            return;
        }
        let Some(reader) = self.sockets.at(socket).map(|socket| socket.reader) else { return };
        if let Some(epoll) = self.epolls.get_mut(reader.0 as usize) {
            epoll.napi = Some(queue);
        }
    }

    /// The program has events after it waited for them: where busy polling is preferred, its NAPI's interrupt is
    /// suspended (`ep_suspend_napi_irqs`).
    pub(crate) fn events_found<C: Context>(&mut self, task: TaskId, context: &mut C) {
        let Some(epoll) = self.epolls.get_mut(task.0 as usize) else { return };
        let Some(queue) = epoll.napi.filter(|_| std::mem::take(&mut epoll.waiting)) else { return };
        let timeout_ns = self.config.napi.irq_suspend_timeout_ns;
        if timeout_ns > 0 && self.config.apps.busy_poll.is_some_and(|busy| busy.prefer) {
            self.napi_start_timer(queue, timeout_ns, context);
            self.count(queue, NapiCounter::Suspended, 1);
        }
    }

    /// The program has nothing to read: it polls if it can, else it sleeps.
    pub(crate) fn nothing_found<C: Context>(&mut self, task: TaskId, context: &mut C) -> AppStep {
        let polls = self.config.apps.busy_poll.is_some();
        let Some(epoll) = self.epolls.get_mut(task.0 as usize) else { return AppStep::Sleep };
        epoll.waiting = true;
        let Some(queue) = epoll.napi.filter(|_| polls) else { return AppStep::Sleep };
        epoll.polling = Some(Polling { since_ns: context.now_ns(), queue, owned: false });
        self.sockets.set_asleep(task, false);
        AppStep::BusyPoll
    }

    /// One turn of a task's busy loop, on the CPU of `context`; as long as it answers [`AppStep::BusyPoll`] there is
    /// another.
    pub fn busy_poll_step<C: Context>(
        &mut self,
        task: TaskId,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> AppStep {
        let Some(busy) = self.config.apps.busy_poll else { return AppStep::Read };
        let Some(mut polling) = self.epolls.get(task.0 as usize).and_then(|epoll| epoll.polling) else {
            return AppStep::Read;
        };
        let queue = polling.queue;
        context.queue(Some(queue));
        context.op(Op::Poll, 1);
        if !polling.owned {
            let Some(napi) = self.napi_begin(queue) else { return AppStep::Read };
            polling.owned = napi.take();
            napi.prefer_busy_poll |= busy.prefer && !polling.owned;
        }
        if polling.owned {
            self.poll_from_task(queue, busy, rx, buffers, context);
        }
        // busy_loop_ep_timeout: without a time, once is enough.
        let over = context.now_ns().saturating_sub(polling.since_ns) >= busy.busy_poll_ns;
        let going_on = !self.sockets.has_ready(task) && !over;
        if let Some(epoll) = self.epolls.get_mut(task.0 as usize) {
            epoll.polling = going_on.then_some(polling);
        }
        if going_on {
            return AppStep::BusyPoll;
        }
        if polling.owned {
            self.busy_poll_stop(queue, busy, rx, buffers, context);
        }
        if self.sockets.has_ready(task) {
            return AppStep::Read;
        }
        if busy.prefer {
            self.napi_resume_irqs(queue, context.cpu());
        }
        if let Some(epoll) = self.epolls.get_mut(task.0 as usize) {
            epoll.napi = None;
        }
        self.sockets.set_asleep(task, true);
        AppStep::Sleep
    }

    /// Whether a task is in its busy loop.
    #[inline]
    pub fn busy_polls(&self, task: TaskId) -> bool {
        self.epolls.get(task.0 as usize).is_some_and(|epoll| epoll.polling.is_some())
    }

    /// Whether a task has made this CPU's softirq pending; asked once.
    pub fn raised_by_task(&mut self, cpu: CpuId) -> bool {
        self.softnets.get_mut(cpu.index()).is_some_and(|softnet| std::mem::take(&mut softnet.raised_by_task))
    }

    /// One call of the driver's poll function; answers whether there may be more.
    fn poll_from_task<C: Context>(
        &mut self,
        queue: QueueId,
        busy: BusyPollConfig,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> u32 {
        let got = self.poll_queue(queue, busy.budget_frames, rx, buffers, context);
        rx_refill(queue, rx, buffers, &mut self.pages, context);
        self.count(queue, NapiCounter::BusyPolls, 1);
        self.count(queue, NapiCounter::BusyPollRxPackets, got.into());
        got
    }

    /// The loop ends: the NAPI is polled once more, so that its interrupt is enabled or its timer runs.
    fn busy_poll_stop<C: Context>(
        &mut self,
        queue: QueueId,
        busy: BusyPollConfig,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let timeout_ns = self.config.napi.gro_flush_timeout_ns;
        let defer_hard_irqs = self.config.napi.defer_hard_irqs;
        let Some(napi) = self.napi_of(queue) else { return };
        napi.forget_missed();
        let by_timer = busy.prefer && napi.defer(defer_hard_irqs) && timeout_ns > 0;
        if by_timer {
            self.napi_start_timer(queue, timeout_ns, context);
        }
        context.op(Op::Poll, 1);
        let got = self.poll_from_task(queue, busy, rx, buffers, context);
        if got < busy.budget_frames && !rx.starved(queue) {
            self.complete(queue, got, rx, buffers, context);
        } else if by_timer {
            // __busy_poll_stop: the timer will poll; with less than 1,000 ticks a second everything held goes.
            self.gro_flush(queue, false, rx, buffers, context);
            self.napi_of(queue).into_iter().for_each(NapiStruct::leave);
        } else {
            self.schedule_by_task(queue, context.cpu());
        }
        if self.softnets.get(context.cpu().index()).is_some_and(|softnet| !softnet.is_quiet()) {
            self.raise(context.cpu());
        }
    }

    /// The loop found nothing: the softirq takes over, whose interrupt comes back after as many empty polls as are
    /// deferred.
    fn napi_resume_irqs(&mut self, queue: QueueId, cpu: CpuId) {
        if self.config.napi.irq_suspend_timeout_ns == 0 {
            return;
        }
        self.count(queue, NapiCounter::Resumed, 1);
        if self.napi_of(queue).is_some_and(NapiStruct::schedule) {
            self.schedule_by_task(queue, cpu);
        }
    }

    /// Put a NAPI that is ours on this CPU's list.
    fn schedule_by_task(&mut self, queue: QueueId, cpu: CpuId) {
        if let Some(softnet) = self.softnets.get_mut(cpu.index()) {
            softnet.schedule(NapiId::Queue(queue));
        }
        self.raise(cpu);
    }

    fn raise(&mut self, cpu: CpuId) {
        if let Some(softnet) = self.softnets.get_mut(cpu.index()) {
            softnet.raised_by_task = true;
        }
    }

    fn count(&mut self, queue: QueueId, counter: NapiCounter, n: u64) {
        if let Some(napi) = self.napi_of(queue) {
            napi.counters.add(counter, n);
        }
    }
}
