//! The driver of a host thread's queues. Interrupts stay masked: the thread looks at its rings itself.

use crate::exchange::HostEnd;
use stage::{BufferPool, Nanos, QueueId, RxPacket, RxQueues, Signal};

/// One queue as its driver has it.
pub(crate) struct DriverQueue {
    id: QueueId,
    /// Its pool among the thread's.
    pool: QueueId,
    end: HostEnd,
    /// Descriptors without a buffer.
    vacant: u32,
    /// Of these, those for which the pool had none at the last refill.
    unfilled: u32,
    /// NAPI has it on its list.
    scheduled: bool,
    ring_size: u32,
}

/// The queues of one host thread.
pub(crate) struct Driver {
    queues: Vec<DriverQueue>,
    refill_batch: u32,
    weight_frames: usize,
    /// Frames NAPI took.
    pub(crate) taken_frames: u64,
    /// Buffers given back to rings.
    pub(crate) posted_buffers: u64,
}

impl DriverQueue {
    /// A queue whose ring is filled from `pool`, as far as there are buffers.
    pub(crate) fn new(
        id: QueueId,
        pool: QueueId,
        mut end: HostEnd,
        ring_size: u32,
        buffers: &mut BufferPool,
    ) -> Self {
        let unfilled = ring_size - end.post(ring_size, pool, buffers);
        DriverQueue { id, pool, end, vacant: unfilled, unfilled, scheduled: false, ring_size }
    }

    /// Buffers that are the NIC's.
    pub(crate) fn posted(&self) -> u64 {
        u64::from(self.ring_size - self.vacant)
    }
}

impl Driver {
    /// `weight_frames`: what one poll may take, and so what is looked at at once.
    pub(crate) fn new(queues: Vec<DriverQueue>, refill_batch: u32, weight_frames: u32) -> Self {
        Driver {
            queues,
            refill_batch,
            weight_frames: weight_frames as usize,
            taken_frames: 0,
            posted_buffers: 0,
        }
    }

    /// Look at every ring; answers the queues that have frames now and are not on NAPI's list, which they then are.
    #[inline]
    pub(crate) fn look(&mut self, buffers: &mut BufferPool, mut schedule: impl FnMut(QueueId)) {
        for queue in &mut self.queues {
            let limit = self.weight_frames.saturating_sub(queue.end.ready());
            let frames = queue.end.look(limit, buffers);
            if frames > 0 && !queue.scheduled {
                queue.scheduled = true;
                schedule(queue.id);
            }
        }
    }

    /// Whether NAPI has something on its list.
    #[inline]
    pub(crate) fn scheduled(&self) -> bool {
        self.queues.iter().any(|queue| queue.scheduled)
    }

    /// Frames seen and not taken.
    pub(crate) fn waiting(&self) -> usize {
        self.queues.iter().map(|queue| queue.end.ready()).sum()
    }

    /// The queues.
    pub(crate) fn queues(&self) -> &[DriverQueue] {
        &self.queues
    }

    #[inline]
    fn queue_mut(&mut self, id: QueueId) -> Option<&mut DriverQueue> {
        self.queues.iter_mut().find(|queue| queue.id == id)
    }
}

impl RxQueues for Driver {
    #[inline]
    fn take(&mut self, queue: QueueId, _now_ns: Nanos, limit: usize, out: &mut Vec<RxPacket>) -> usize {
        let Some(queue) = self.queue_mut(queue) else { return 0 };
        let (frames, descriptors) = queue.end.take(limit, out);
        queue.vacant += descriptors;
        self.taken_frames += frames as u64;
        frames
    }

    #[inline]
    fn ready(&self, queue: QueueId, _now_ns: Nanos) -> usize {
        self.queues.iter().find(|other| other.id == queue).map_or(0, |queue| queue.end.ready())
    }

    #[inline]
    fn refill(&mut self, queue: QueueId, buffers: &mut BufferPool) -> u32 {
        let refill_batch = self.refill_batch;
        let Some(queue) = self.queue_mut(queue) else { return 0 };
        if queue.vacant < refill_batch {
            return 0;
        }
        let posted = queue.end.post(queue.vacant, queue.pool, buffers);
        queue.vacant -= posted;
        queue.unfilled = queue.vacant;
        self.posted_buffers += u64::from(posted);
        posted
    }

    #[inline]
    fn starved(&self, queue: QueueId) -> bool {
        self.queues.iter().find(|other| other.id == queue).is_some_and(|queue| queue.unfilled > 0)
    }

    #[inline]
    fn arm(&mut self, queue: QueueId, _now_ns: Nanos) -> Signal {
        if let Some(queue) = self.queue_mut(queue) {
            queue.scheduled = false;
        }
        Signal::Quiet
    }

    fn timer(&mut self, _queue: QueueId, _now_ns: Nanos) -> Signal {
        Signal::Quiet
    }
}
