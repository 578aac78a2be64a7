//! When what is held goes on: at the end of a poll, or when the flush timeout is over (`napi_complete_done`).

use super::{Gro, GroCounter};
use crate::path::Host;
use crate::softirq::NapiId;
use stage::{BufferPool, Context, Nanos, Op, QueueId, Region, RxQueues, Touch};

/// A tick of CONFIG_HZ=250.
const JIFFY_NS: Nanos = 4_000_000;

/// The tick a time lies in.
pub(super) fn jiffy(now_ns: Nanos) -> Nanos {
    now_ns / JIFFY_NS
}

impl Host {
    /// A queue that is polled for the first time gets its buckets.
    pub(crate) fn gro_begin(&mut self, queue: QueueId) {
        if self.gros.len() <= queue.index() {
            self.gros.resize_with(queue.index() + 1, || None);
        }
        if let Some(gro) = self.gros.get_mut(queue.index()) {
            gro.get_or_insert_with(|| Gro::new(&self.config.gro));
        }
    }

    /// Hand on what a queue holds; with `old_only` what it has held since an earlier jiffy (`napi_gro_flush`).
    pub(crate) fn gro_flush<C: Context>(
        &mut self,
        queue: QueueId,
        old_only: bool,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) {
        let before = old_only.then(|| jiffy(context.now_ns()));
        let buckets = self.gro_of(queue).map_or(0, |gro| gro.buckets.count());
        for bucket in 0..buckets {
            while let Some(gro) = self.gro_of(queue)
                && let Some(skb) = gro.buckets.take_oldest(bucket, before)
            {
                gro.count(&skb);
                self.netif_receive(skb, rx, buffers, context);
            }
        }
    }

    /// A poll took `work_frames` and found no more. Answers whether the queue's interrupt is to be enabled; where a
    /// flush timeout is set, the timer polls the queue.
    pub(crate) fn napi_complete_done<C: Context>(
        &mut self,
        queue: QueueId,
        work_frames: u32,
        rx: &mut impl RxQueues,
        buffers: &mut BufferPool,
        context: &mut C,
    ) -> bool {
        let config = &self.config.gro;
        let (flush_timeout_ns, defer_hard_irqs) = (config.flush_timeout_ns, config.defer_hard_irqs);
        let Some(gro) = self.gro_of(queue) else { return true };
        let (mut timeout_ns, mut enable) = (0, true);
        if work_frames > 0 {
            if gro.held() > 0 {
                timeout_ns = flush_timeout_ns;
            }
            gro.defer_left = defer_hard_irqs;
        }
        if gro.defer_left > 0 {
            gro.defer_left -= 1;
            timeout_ns = flush_timeout_ns;
            enable = timeout_ns == 0;
            gro.counters.add(GroCounter::Deferred, u64::from(!enable));
        }
        self.gro_flush(queue, timeout_ns > 0, rx, buffers, context);
        let due_ns = (timeout_ns > 0).then(|| context.now_ns() + timeout_ns);
        if let Some(due_ns) = due_ns {
            context.napi_timer(queue, due_ns);
        }
        let cpu = context.cpu().index();
        let Some(gro) = self.gro_of(queue) else { return true };
        gro.timer_ns = due_ns;
        gro.scheduled = false;
        if std::mem::take(&mut gro.missed) {
            gro.scheduled = true;
            if let Some(softnet) = self.softnets.get_mut(cpu) {
                softnet.schedule(NapiId::Queue(queue));
            }
            return false;
        }
        enable
    }

    /// The timer of a queue's NAPI is due: it is polled though no interrupt came (`napi_watchdog`). One that was set
    /// anew since does nothing.
    pub fn napi_timer<C: Context>(&mut self, queue: QueueId, due_ns: Nanos, context: &mut C) {
        context.queue(Some(queue));
        context.op(Op::TimerIrq, 1);
        context.touch(Op::TimerIrq, Touch::write(Region::Napi, u32::from(queue.0), 0, 64));
        let cpu = context.cpu().index();
        let Some(gro) = self.gro_of(queue).filter(|gro| gro.timer_ns == Some(due_ns)) else { return };
        gro.timer_ns = None;
        // test_and_set_bit(NAPI_STATE_SCHED): one that is on the list will be polled anyway.
        if !std::mem::replace(&mut gro.scheduled, true)
            && let Some(softnet) = self.softnets.get_mut(cpu)
        {
            softnet.schedule(NapiId::Queue(queue));
        }
    }
}
