//! The descriptor ring. Going round it, descriptors are: written back and waiting for the host; posted with a buffer
//! and the NIC's to fill; vacant, given back by the host and without a buffer.

use super::descriptor::{DONE, Descriptor, END_OF_PACKET};
use super::written_back::WrittenBack;
use crate::lro::Chain;
use stage::{
    BufferId, BufferPool, DropReason, Nanos, Progress, QueueId, Region, RxPacket, Touch, buffers_for,
};

/// Where a frame was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// First descriptor.
    pub(crate) slot: u32,
    /// Its first buffer.
    pub(crate) buffer: BufferId,
    /// Descriptors it took.
    pub(crate) descriptors: u32,
    /// When its last descriptor is written back.
    pub(crate) ready_ns: Nanos,
}

/// A ring of fixed memory, of which less may be in use.
#[derive(Debug)]
pub struct Ring {
    queue: QueueId,
    descriptors: Box<[Descriptor]>,
    /// Where the NIC writes next.
    head: usize,
    /// Where the driver posts next.
    tail: usize,
    posted: u32,
    vacant: u32,
    /// Vacant descriptors for which the pool had no buffer at the last refill.
    unfilled: u32,
    /// Descriptors in use, of those there are.
    size: u32,
    /// Descriptors that are to go out of use as soon as the host gives them back.
    surplus: u32,
    refill_batch: u32,
    buffer_bytes: usize,
    /// When the newest frame was written back.
    newest_ns: Nanos,
    /// What the host has taken, and what it has done with.
    progress: Progress,
    /// Of what it took last, what it may not have done with.
    kept: u64,
    /// Frames written back and not taken, oldest first.
    frames: WrittenBack,
}

impl Ring {
    /// A ring of `size` vacant descriptors for buffers of `buffer_bytes`; [`Ring::refill`] posts only when
    /// `refill_batch` or more are vacant.
    pub(crate) fn new(queue: QueueId, size: u32, refill_batch: u32, buffer_bytes: u32) -> Self {
        Ring {
            queue,
            descriptors: vec![Descriptor::default(); size as usize].into_boxed_slice(),
            head: 0,
            tail: 0,
            posted: 0,
            vacant: size,
            unfilled: 0,
            size,
            surplus: 0,
            refill_batch,
            buffer_bytes: buffer_bytes as usize,
            newest_ns: 0,
            progress: Progress::default(),
            kept: 0,
            frames: WrittenBack::new(size as usize),
        }
    }

    /// Descriptors with a buffer, the NIC's to fill.
    pub fn posted(&self) -> u32 {
        self.posted
    }

    /// Descriptors given back by the host and without a buffer.
    pub fn vacant(&self) -> u32 {
        self.vacant
    }

    /// Vacant descriptors for which the pool had no buffer at the last refill.
    pub fn unfilled(&self) -> u32 {
        self.unfilled
    }

    /// Frames written back and not taken.
    pub fn waiting(&self) -> usize {
        self.frames.len()
    }

    /// Frames written back since the beginning.
    pub(crate) fn written(&self) -> u64 {
        self.progress.taken() + self.frames.len() as u64
    }

    /// Frames the host has taken since the beginning.
    pub(crate) fn taken(&self) -> u64 {
        self.progress.taken()
    }

    /// Frames the host has done with by `now_ns`.
    pub(crate) fn done(&self, now_ns: Nanos) -> u64 {
        self.progress.done(now_ns)
    }

    /// Of the frames taken the host may hold the last so many.
    #[inline]
    pub(crate) fn keep(&mut self, frames: u64) {
        self.kept = frames;
    }

    /// The host has done with all it took and does not hold.
    #[inline]
    pub(crate) fn all_done(&mut self, now_ns: Nanos) {
        self.progress.done_but(now_ns, self.kept);
    }

    /// The buffer a frame is written to if so many of one descriptor each come before it; `None` beyond those posted.
    #[inline]
    pub fn upcoming(&self, frames: u32) -> Option<BufferId> {
        let slot = self.head + frames as usize;
        let slot = if slot < self.descriptors.len() { slot } else { slot - self.descriptors.len() };
        let descriptor = self.descriptors.get(slot).filter(|_| frames < self.posted)?;
        Some(BufferId(descriptor.buffer))
    }

    /// The descriptors, by slot.
    pub fn descriptors(&self) -> &[Descriptor] {
        &self.descriptors
    }

    /// Use `size` descriptors from now on, at most as many as there are. Those too many that hold a buffer or a frame go
    /// out of use as the host gives them back.
    pub(crate) fn resize(&mut self, size: u32) {
        let size = size.min(self.descriptors.len() as u32);
        if size >= self.size {
            let kept = self.surplus.min(size - self.size);
            self.surplus -= kept;
            self.vacant += size - self.size - kept;
        } else {
            self.surplus += self.size - size;
            self.settle_surplus();
        }
        self.size = size;
        self.unfilled = self.unfilled.min(self.vacant);
    }

    #[inline]
    fn settle_surplus(&mut self) {
        let gone = self.surplus.min(self.vacant);
        self.surplus -= gone;
        self.vacant -= gone;
    }

    /// How many descriptors a frame takes.
    #[inline]
    fn descriptors_for(&self, frame_bytes: usize, split_bytes: u16) -> u32 {
        buffers_for(frame_bytes as u32, split_bytes, self.buffer_bytes as u32)
    }

    /// Write a frame to the next descriptors' buffers and the descriptors back, reporting each DMA write; its first
    /// `split_bytes`, unless 0, to a buffer of their own. The caller completes it with [`Ring::push`].
    ///
    /// # Errors
    /// `RxNoBuffer` when the frame would have found room had the pool had buffers at the last refill; `RxMissed` when
    /// it would not even then, for the host has not given enough descriptors back. Nothing is written.
    #[inline]
    pub(crate) fn write(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        split_bytes: u16,
        hash: u32,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Result<Written, DropReason> {
        let descriptors = self.descriptors_for(frame.len(), split_bytes);
        self.check_posted(descriptors)?;
        let slot = self.head as u32;
        let buffer = if descriptors == 1 {
            self.write_piece(frame, hash, true, buffers, dma)
        } else {
            self.write_chain(frame, split_bytes, hash, buffers, dma)
        };
        // Descriptors are written back in order, so no frame is to be seen before the one ahead of it.
        self.newest_ns = self.newest_ns.max(now_ns);
        Ok(Written { buffer, slot, descriptors, ready_ns: self.newest_ns })
    }

    #[inline]
    fn check_posted(&self, descriptors: u32) -> Result<(), DropReason> {
        if self.posted >= descriptors {
            return Ok(());
        }
        let filled = self.posted + self.unfilled;
        Err(if filled >= descriptors { DropReason::RxNoBuffer } else { DropReason::RxMissed })
    }

    /// Write bytes behind those of a frame that the driver does not see yet, to the rest of its last buffer and to as
    /// many further ones as it takes. Answers how many those were.
    ///
    /// # Errors
    /// As [`Ring::write`].
    pub(crate) fn append(
        &mut self,
        chain: &mut Chain,
        bytes: &[u8],
        hash: u32,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Result<u32, DropReason> {
        let (here, mut rest) = bytes.split_at_checked(chain.room_bytes as usize).unwrap_or((bytes, &[]));
        let descriptors = if rest.is_empty() { 0 } else { self.descriptors_for(rest.len(), 0) };
        self.check_posted(descriptors)?;
        if !here.is_empty() {
            let at = self.buffer_bytes - chain.room_bytes as usize;
            if let Some(room) = buffers.bytes_mut(chain.last).get_mut(at..at + here.len()) {
                room.copy_from_slice(here);
            }
            dma(Touch::write(Region::Buffer, chain.last.0, at as u32, here.len() as u32));
            chain.fill(here.len());
        }
        while !rest.is_empty() {
            let (piece, following) = rest.split_at_checked(self.buffer_bytes).unwrap_or((rest, &[]));
            let slot = self.head as u32;
            let buffer = self.write_piece(piece, hash, false, buffers, dma);
            if let Some(before) = chain.push(buffer, slot, piece.len(), self.buffer_bytes) {
                buffers.link(before, buffer);
            }
            rest = following;
        }
        Ok(descriptors)
    }

    /// [`Ring::open`] and [`Ring::append`] for a frame that fits a buffer, if there is one.
    #[inline(always)]
    pub(crate) fn open_short(
        &mut self,
        frame: &[u8],
        hash: u32,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Option<Chain> {
        if frame.is_empty() || frame.len() > self.buffer_bytes || self.posted == 0 {
            return None;
        }
        let mut chain = self.open();
        let buffer = self.write_piece(frame, hash, false, buffers, dma);
        chain.push(buffer, chain.slot, frame.len(), self.buffer_bytes);
        Some(chain)
    }

    /// [`Ring::open`] and [`Ring::append`] for a frame whose first bytes get a buffer to themselves; with the descriptors it
    /// takes.
    ///
    /// # Errors
    /// As [`Ring::write`].
    pub(crate) fn open_split(
        &mut self,
        frame: &[u8],
        split_bytes: u16,
        hash: u32,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Result<(Chain, u32), DropReason> {
        let descriptors = self.descriptors_for(frame.len(), split_bytes);
        self.check_posted(descriptors)?;
        let (headers, payload) = frame.split_at_checked(split_bytes.into()).unwrap_or((frame, &[]));
        let mut chain = self.open();
        let buffer = self.write_piece(headers, hash, false, buffers, dma);
        chain.push(buffer, chain.slot, headers.len(), self.buffer_bytes);
        chain.fill_up();
        self.append(&mut chain, payload, hash, buffers, dma)?;
        Ok((chain, descriptors))
    }

    /// A frame that nobody has seen yet begins here.
    #[inline]
    pub(crate) fn open(&self) -> Chain {
        Chain::at(self.head as u32)
    }

    /// Write the last descriptor of such a frame back; answers when it is. The caller completes it with
    /// [`Ring::push`].
    pub(crate) fn complete(&mut self, now_ns: Nanos, chain: &Chain, dma: &mut impl FnMut(Touch)) -> Nanos {
        if let Some(descriptor) = self.descriptors.get_mut(chain.last_slot as usize) {
            descriptor.length_bytes = self.buffer_bytes as u32 - chain.room_bytes;
            descriptor.flags |= END_OF_PACKET;
        }
        dma(Touch::write(Region::Ring, u32::from(self.queue.0), 16 * chain.last_slot, 16));
        self.newest_ns = self.newest_ns.max(now_ns);
        self.newest_ns
    }

    /// The place in which the driver sees the frame that was written. There is one, for a frame takes a descriptor
    /// and there are as many places.
    #[inline]
    pub(crate) fn push(&mut self) -> Option<&mut RxPacket> {
        self.frames.push()
    }

    #[inline(never)]
    fn write_chain(
        &mut self,
        frame: &[u8],
        split_bytes: u16,
        hash: u32,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> BufferId {
        let mut ends: Option<(BufferId, BufferId)> = None;
        let mut room = if split_bytes > 0 { usize::from(split_bytes) } else { self.buffer_bytes };
        let mut rest = frame;
        while !rest.is_empty() {
            let (piece, following) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            room = self.buffer_bytes;
            let buffer = self.write_piece(piece, hash, following.is_empty(), buffers, dma);
            if let Some((_, last)) = ends {
                buffers.link(last, buffer);
            }
            ends = Some((ends.map_or(buffer, |(first, _)| first), buffer));
            rest = following;
        }
        ends.map_or(BufferId(u32::MAX), |(first, _)| first)
    }

    #[inline(always)]
    fn write_piece(
        &mut self,
        piece: &[u8],
        hash: u32,
        last: bool,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> BufferId {
        let slot = self.head;
        let length_bytes = piece.len() as u32;
        let mut buffer = BufferId(u32::MAX);
        if let Some(descriptor) = self.descriptors.get_mut(slot) {
            buffer = BufferId(descriptor.buffer);
            descriptor.hash = hash;
            descriptor.length_bytes = length_bytes;
            descriptor.flags = if last { DONE | END_OF_PACKET } else { DONE };
        }
        let room = buffers.room(buffer, piece.len());
        if room.len() == piece.len() {
            room.copy_from_slice(piece);
        }
        self.head = following(slot, self.descriptors.len());
        self.posted -= 1;
        dma(Touch::write(Region::Buffer, buffer.0, 0, length_bytes));
        dma(Touch::write(Region::Ring, u32::from(self.queue.0), 16 * slot as u32, 16));
        buffer
    }

    /// When the oldest frame not taken is, or was, there.
    pub fn oldest_ready_ns(&self) -> Option<Nanos> {
        self.frames.oldest(1).iter().find_map(|run| run.first()).map(|packet| packet.ready_ns)
    }

    /// Frames written back by `now_ns` and not taken.
    #[inline]
    pub(crate) fn ready(&self, now_ns: Nanos) -> usize {
        if self.newest_ns <= now_ns {
            return self.frames.len();
        }
        self.frames.ready(now_ns)
    }

    /// Take up to `limit` frames written back by `now_ns`; their descriptors become vacant.
    #[inline]
    pub(crate) fn take(&mut self, now_ns: Nanos, limit: usize, out: &mut Vec<RxPacket>) -> usize {
        self.all_done(now_ns);
        let taken = self.ready(now_ns).min(limit);
        self.progress.take(taken as u64);
        for run in self.frames.oldest(taken) {
            out.extend_from_slice(run);
            self.vacant += run.iter().map(|packet| packet.buffers(self.buffer_bytes as u32)).sum::<u32>();
        }
        self.settle_surplus();
        self.frames.forget(taken);
        taken
    }

    /// Give the buffers of a ring that has received nothing back to their pool.
    pub(crate) fn release_posted(&self, buffers: &mut BufferPool) {
        for descriptor in self.descriptors.iter().take(self.posted as usize) {
            buffers.release(BufferId(descriptor.buffer));
        }
    }

    /// Post buffers of the queue's pool on vacant descriptors; returns how many. Nothing happens below the refill
    /// batch, as drivers write the tail register rarely (IXGBE_RX_BUFFER_WRITE).
    #[inline]
    pub(crate) fn refill(&mut self, buffers: &mut BufferPool) -> u32 {
        if self.vacant < self.refill_batch {
            return 0;
        }
        let mut filled = 0;
        while filled < self.vacant {
            let Some(buffer) = buffers.allocate(self.queue) else { break };
            if let Some(descriptor) = self.descriptors.get_mut(self.tail) {
                *descriptor = Descriptor { buffer: buffer.0, ..Descriptor::default() };
            }
            self.tail = following(self.tail, self.descriptors.len());
            filled += 1;
        }
        self.posted += filled;
        self.vacant -= filled;
        self.unfilled = self.vacant;
        filled
    }
}

#[inline]
fn following(slot: usize, size: usize) -> usize {
    if slot + 1 == size { 0 } else { slot + 1 }
}

#[cfg(test)]
#[path = "ring_tests.rs"]
mod tests;
