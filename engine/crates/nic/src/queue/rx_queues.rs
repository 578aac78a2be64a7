//! The NIC as its driver sees it.

use crate::Nic;
use stage::{BufferPool, Nanos, QueueId, RxPacket, RxQueues, Signal};

impl RxQueues for Nic {
    #[inline]
    fn take(&mut self, queue: QueueId, now_ns: Nanos, limit: usize, out: &mut Vec<RxPacket>) -> usize {
        self.queues.get_mut(queue.index()).map_or(0, |queue| queue.ring.take(now_ns, limit, out))
    }

    #[inline]
    fn ready(&self, queue: QueueId, now_ns: Nanos) -> usize {
        self.queues.get(queue.index()).map_or(0, |queue| queue.ring.ready(now_ns))
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
    fn arm(&mut self, queue: QueueId, now_ns: Nanos) -> Signal {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return Signal::Quiet };
        let signal = queue.coalesce.arm(now_ns, queue.ring.waiting());
        queue.count_interrupt(signal)
    }

    #[inline]
    fn timer(&mut self, queue: QueueId, now_ns: Nanos) -> Signal {
        let Some(queue) = self.queues.get_mut(queue.index()) else { return Signal::Quiet };
        let signal = queue.coalesce.timer(now_ns);
        queue.count_interrupt(signal)
    }
}
