//! The driver's end of one queue.

use super::memory::Memory;
use super::record::Record;
use crate::spsc::{Consumer, Producer};
use stage::{BufferId, BufferPool, QueueId, RxPacket};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Posts buffers, takes filled ones.
pub(crate) struct HostEnd {
    memory: Arc<Memory>,
    posted: Producer<u32>,
    written: Consumer<Record>,
    unfilled: Arc<AtomicU32>,
    /// Records seen and not taken: whole frames.
    seen_records: usize,
    seen_frames: usize,
}

impl HostEnd {
    pub(super) fn new(
        memory: Arc<Memory>,
        posted: Producer<u32>,
        written: Consumer<Record>,
        unfilled: Arc<AtomicU32>,
    ) -> Self {
        HostEnd { memory, posted, written, unfilled, seen_records: 0, seen_frames: 0 }
    }

    /// See up to `limit` more write-backs, and the rest of the frame that the last of them belongs to: their buffers are
    /// the host's from now on, and chained frame by frame. Answers how many frames have been seen and not taken.
    #[inline]
    pub(crate) fn look(&mut self, limit: usize, buffers: &mut BufferPool) -> usize {
        let mut last = None;
        self.see(limit, buffers, &mut last);
        // The NIC hands over whole frames, so the rest of one is there.
        while last.is_some() && self.see(1, buffers, &mut last) > 0 {}
        self.seen_frames
    }

    /// `last` is the last buffer of a frame of which more records are to come.
    #[inline]
    fn see(&mut self, limit: usize, buffers: &mut BufferPool, last: &mut Option<BufferId>) -> usize {
        let HostEnd { memory, written, seen_records, seen_frames, .. } = self;
        let seen = written.look(*seen_records, limit, |record| {
            let buffer = record.packet.buffer;
            // SAFETY: the record is in the ring, so the NIC has handed the buffer over.
            unsafe { memory.set_with_host(buffer, true) };
            memory.prefetch(buffer);
            match last.take() {
                Some(before) => buffers.link(before, buffer),
                None => *seen_frames += 1,
            }
            if record.following > 0 {
                *last = Some(buffer);
            }
        });
        *seen_records += seen;
        seen
    }

    /// Frames seen and not taken.
    #[inline]
    pub(crate) fn ready(&self) -> usize {
        self.seen_frames
    }

    /// Take up to `limit` frames of those seen, appending to `out`; answers how many, and their descriptors.
    #[inline]
    pub(crate) fn take(&mut self, limit: usize, out: &mut Vec<RxPacket>) -> (usize, u32) {
        let (mut frames, mut following) = (0, 0);
        let records = self.written.take_while(self.seen_records, |record| {
            if following > 0 {
                following -= 1;
                return true;
            }
            if frames == limit {
                return false;
            }
            frames += 1;
            following = record.following;
            out.push(record.packet);
            true
        });
        self.seen_records -= records;
        self.seen_frames -= frames;
        (frames, records as u32)
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
