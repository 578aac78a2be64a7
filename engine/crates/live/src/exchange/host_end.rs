//! The driver's end of one queue.

use super::memory::Memory;
use super::record::Record;
use crate::spsc::{Consumer, Producer};
use stage::{BufferId, BufferPool, QueueId, RxPacket};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Posts buffers, collects filled ones.
pub(crate) struct HostEnd {
    memory: Arc<Memory>,
    posted: Producer<u32>,
    written: Consumer<Record>,
    unfilled: Arc<AtomicU32>,
    /// The last buffer of a frame whose records have not all been seen.
    last: Option<BufferId>,
}

impl HostEnd {
    pub(super) fn new(
        memory: Arc<Memory>,
        posted: Producer<u32>,
        written: Consumer<Record>,
        unfilled: Arc<AtomicU32>,
    ) -> Self {
        HostEnd { memory, posted, written, unfilled, last: None }
    }

    /// Take up to `limit` write-backs, chaining the buffers of a frame; whole frames are appended to `frames`.
    #[inline]
    pub(crate) fn collect(
        &mut self,
        limit: usize,
        buffers: &mut BufferPool,
        frames: &mut VecDeque<RxPacket>,
    ) {
        self.drain(limit, buffers, frames);
        // The NIC hands over whole frames, so the rest of one is there.
        while self.last.is_some() && self.drain(1, buffers, frames) > 0 {}
    }

    #[inline]
    fn drain(&mut self, limit: usize, buffers: &mut BufferPool, frames: &mut VecDeque<RxPacket>) -> usize {
        let HostEnd { memory, written, last, .. } = self;
        written.drain(limit, |record| {
            let buffer = record.packet.buffer;
            // SAFETY: the record was popped, so the NIC has handed the buffer over.
            unsafe { memory.set_with_host(buffer, true) };
            memory.prefetch(buffer);
            match last.take() {
                Some(before) => buffers.link(before, buffer),
                None => frames.push_back(record.packet),
            }
            if record.following > 0 {
                *last = Some(buffer);
            }
        })
    }

    /// Post up to `vacant` buffers of the pool's queue `queue`; returns how many. `buffers` is the pool over this
    /// end's memory.
    #[inline]
    pub(crate) fn post(&mut self, vacant: u32, queue: QueueId, buffers: &mut BufferPool) -> u32 {
        let mut posted = 0;
        while posted < vacant
            && let Some(buffer) = buffers.allocate(queue)
        {
            // SAFETY: the pool is borrowed mutably, so nothing of it is lent; the number is pushed below.
            unsafe { self.memory.set_with_host(buffer, false) };
            // There is room: the ring holds as many as there are descriptors.
            self.posted.stage(buffer.0);
            posted += 1;
        }
        self.unfilled.store(vacant - posted, Ordering::Relaxed);
        self.posted.publish();
        posted
    }
}
