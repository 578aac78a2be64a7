//! The NIC as its driver sees it.

use crate::Nic;
use crate::queue::{Moving, open_frames, pass};
use stage::{
    BufferPool, Nanos, OldRule, QueueId, RxPacket, RxQueues, Signal, SteerRequest, SteeringError, Written,
};

impl RxQueues for Nic {
    #[inline]
    fn take(&mut self, queue: QueueId, now_ns: Nanos, limit: usize, out: &mut Vec<RxPacket>) -> usize {
        pass(&mut self.queues, queue, now_ns);
        let limit = limit.min(open_frames(&self.queues, queue, now_ns));
        let Some(queue) = self.queues.get_mut(queue.index()) else { return 0 };
        let taken = queue.ring.take(now_ns, limit, out);
        if queue.lro.is_some() {
            queue.under_way.forget(queue.ring.done(now_ns));
        }
        taken
    }

    #[inline]
    fn keeps(&mut self, queue: QueueId, frames: u64) {
        if let Some(queue) = self.queues.get_mut(queue.index()) {
            queue.ring.keep(frames);
        }
    }

    fn is_awaited(&self, queue: QueueId) -> bool {
        self.queues.iter().flat_map(|other| &other.barriers).any(|barrier| barrier.is_for(queue))
    }

    #[inline]
    fn ready(&self, queue: QueueId, now_ns: Nanos) -> usize {
        let open = open_frames(&self.queues, queue, now_ns);
        self.queues.get(queue.index()).map_or(0, |queue| queue.ring.ready(now_ns).min(open))
    }

    /// Below the refill batch nothing is posted.
    #[inline]
    fn refill(&mut self, queue: QueueId, buffers: &mut BufferPool) -> u32 {
        self.queues.get_mut(queue.index()).map_or(0, |queue| queue.ring.refill(buffers))
    }

    /// A starved ring that runs dry raises no interrupt, so the driver has to come back.
    #[inline]
    fn starved(&self, queue: QueueId) -> bool {
        self.queues.get(queue.index()).is_some_and(|queue| queue.ring.unfilled() > 0)
    }

    #[inline]
    fn reap(&mut self, queue: QueueId) -> u32 {
        self.queues.get_mut(queue.index()).map_or(0, |queue| queue.coalesce.reap())
    }

    #[inline]
    fn arm(&mut self, queue: QueueId, now_ns: Nanos) -> Signal {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return Signal::Quiet };
        queue.ring.all_done(now_ns);
        let tally = &queue.tally;
        queue.coalesce.polled_so_far(now_ns, || tally.so_far());
        let signal = queue.coalesce.arm(now_ns, queue.ring.waiting());
        queue.count_interrupt(signal)
    }

    #[inline]
    fn timer(&mut self, queue: QueueId, now_ns: Nanos) -> Signal {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return Signal::Quiet };
        let signal = queue.coalesce.timer(now_ns);
        queue.count_interrupt(signal)
    }

    fn steer_flow(&mut self, now_ns: Nanos, request: &SteerRequest) -> Result<Written, SteeringError> {
        let rule = self.insert_rule(now_ns, request)?;
        Ok(Written { rule, evicted: self.steering().and_then(|table| table.evicted()) })
    }

    fn expire_flows(
        &mut self,
        now_ns: Nanos,
        limit: usize,
        may_expire: &mut dyn FnMut(OldRule) -> bool,
    ) -> usize {
        let Some(table) = &mut self.steering else { return 0 };
        let queues = Moving(&mut self.queues);
        table.scan(now_ns, limit, &queues, |rule, known, idle_since_ns| {
            may_expire(OldRule { rule, queue: known.queue, hash: known.hash, idle_since_ns })
        })
    }
}
