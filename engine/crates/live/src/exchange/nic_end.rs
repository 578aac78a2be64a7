//! The NIC's end of one queue.

use super::memory::Memory;
use super::record::Record;
use crate::spsc::{Consumer, Producer};
use nic::lro::Chain;
use stage::{BufferId, DropReason, RxPacket, buffers_for};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Posted buffers taken from the ring at once.
const TAKE: usize = 64;

/// How many frames ahead the places of one are fetched from the host's core: a store that has to wait for its line holds
/// up all behind it.
const AHEAD: usize = 8;

/// Takes posted buffers, fills them, hands them over.
pub(crate) struct NicEnd {
    memory: Arc<Memory>,
    posted: Consumer<u32>,
    written: Producer<Record>,
    /// Descriptors without a buffer at the driver's last refill.
    unfilled: Arc<AtomicU32>,
    /// Buffers taken from the ring and not filled, from `used` on.
    stock: Vec<u32>,
    used: usize,
    /// Where the next descriptor lies.
    slot: u32,
    ring_size: u32,
    /// Of each buffer of the memory, the one behind it in a frame written in pieces.
    behind: Box<[u32]>,
}

impl NicEnd {
    pub(super) fn new(
        memory: Arc<Memory>,
        posted: Consumer<u32>,
        written: Producer<Record>,
        unfilled: Arc<AtomicU32>,
        ring_size: usize,
    ) -> Self {
        let stock = Vec::with_capacity(ring_size.next_power_of_two() + TAKE);
        let behind = vec![u32::MAX; memory.buffers()].into_boxed_slice();
        NicEnd {
            memory,
            posted,
            written,
            unfilled,
            stock,
            used: 0,
            slot: 0,
            ring_size: ring_size as u32,
            behind,
        }
    }

    /// Buffers at hand, after looking for more if they are fewer than `wanted`.
    #[inline]
    fn at_hand(&mut self, wanted: usize) -> usize {
        let left = self.stock.len() - self.used;
        if left >= wanted { left } else { self.take_posted() }
    }

    #[cold]
    fn take_posted(&mut self) -> usize {
        self.stock.drain(..self.used);
        self.used = 0;
        let mut taken = [0; TAKE];
        let n = self.posted.pop_burst(&mut taken);
        self.stock.extend_from_slice(taken.get(..n).unwrap_or(&[]));
        self.stock.len()
    }

    /// Whether a frame finds buffers: one of this size, whose first bytes get one to themselves unless they are 0.
    ///
    /// # Errors
    /// As the NIC in virtual time: `RxNoBuffer` where the host has given descriptors back without buffers for lack of
    /// them, `RxMissed` where it has not given enough back.
    #[inline]
    pub(crate) fn room(&mut self, frame_bytes: usize, split_bytes: u16) -> Result<(), DropReason> {
        let buffer_bytes = self.memory.buffer_bytes() as u32;
        let wanted = buffers_for(frame_bytes as u32, split_bytes, buffer_bytes) as usize;
        let mut at_hand = self.at_hand(wanted);
        while at_hand < wanted {
            let more = self.take_posted();
            if more == at_hand {
                let unfilled = self.unfilled.load(Ordering::Relaxed) as usize;
                let filled = at_hand + unfilled;
                return Err(if filled >= wanted { DropReason::RxNoBuffer } else { DropReason::RxMissed });
            }
            at_hand = more;
        }
        Ok(())
    }

    #[inline]
    fn next_buffer(&mut self) -> Option<BufferId> {
        let buffer = *self.stock.get(self.used)?;
        self.used += 1;
        Some(BufferId(buffer))
    }

    /// Write a frame that [`NicEnd::room`] has found room for; it is the host's after [`NicEnd::publish`]. Answers how
    /// many descriptors it took.
    #[inline]
    pub(crate) fn write(&mut self, frame: &[u8], packet: RxPacket) -> u32 {
        let buffer_bytes = self.memory.buffer_bytes();
        let buffers = packet.buffers(buffer_bytes as u32);
        let mut room = if packet.split_bytes > 0 { usize::from(packet.split_bytes) } else { buffer_bytes };
        let mut following = buffers;
        let mut rest = frame;
        if let Some(buffer) = self.stock.get(self.used + AHEAD) {
            self.memory.prefetch_to_write(BufferId(*buffer));
        }
        self.written.prefetch(AHEAD);
        let mut packet = RxPacket { slot: self.slot, ..packet };
        while following > 0
            && let Some(buffer) = self.next_buffer()
        {
            following -= 1;
            let (piece, behind) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            room = buffer_bytes;
            // SAFETY: the number comes from the ring of posted buffers, and is staged for handing over below.
            unsafe { self.memory.fill(buffer, piece) };
            rest = behind;
            packet.buffer = buffer;
            // There is room: no more records are under way than buffers were posted.
            self.written.stage(Record { packet, following });
            self.slot = if self.slot + 1 == self.ring_size { 0 } else { self.slot + 1 };
        }
        buffers
    }

    /// A frame that is written in pieces begins here.
    pub(crate) fn open(&self) -> Chain {
        Chain::at(self.slot)
    }

    /// Write bytes behind those of such a frame, to the rest of its last buffer and to as many further ones as it takes.
    /// Answers how many those were.
    ///
    /// # Errors
    /// As [`NicEnd::room`]; nothing is written.
    pub(crate) fn append(&mut self, chain: &mut Chain, bytes: &[u8]) -> Result<u32, DropReason> {
        let (here, mut rest) = bytes.split_at_checked(chain.room_bytes as usize).unwrap_or((bytes, &[]));
        let buffer_bytes = self.memory.buffer_bytes();
        let buffers = rest.len().div_ceil(buffer_bytes);
        if buffers > 0 {
            self.room(rest.len(), 0)?;
        }
        if !here.is_empty() {
            // SAFETY: a chain's buffers come from the ring of posted buffers and are staged in `push` alone.
            unsafe { self.memory.fill_from(chain.last, buffer_bytes - chain.room_bytes as usize, here) };
            chain.fill(here.len());
        }
        while !rest.is_empty()
            && let Some(buffer) = self.next_buffer()
        {
            let (piece, following) = rest.split_at_checked(buffer_bytes).unwrap_or((rest, &[]));
            // SAFETY: the number comes from the ring of posted buffers, and is staged for handing over in `push`.
            unsafe { self.memory.fill(buffer, piece) };
            if let Some(before) = chain.push(buffer, self.slot, piece.len(), buffer_bytes)
                && let Some(behind) = self.behind.get_mut(before.0 as usize)
            {
                *behind = buffer.0;
            }
            self.slot = if self.slot + 1 == self.ring_size { 0 } else { self.slot + 1 };
            rest = following;
        }
        Ok(buffers as u32)
    }

    /// Write over the first bytes of a frame that was not pushed.
    pub(crate) fn overwrite(&mut self, chain: &Chain, header: &[u8]) {
        // SAFETY: a chain's buffers come from the ring of posted buffers and are staged in `push` alone.
        unsafe { self.memory.fill(chain.first, header) };
    }

    /// The frame is complete: it is the host's after [`NicEnd::publish`].
    pub(crate) fn push(&mut self, chain: &Chain, packet: RxPacket) {
        let mut packet = RxPacket { buffer: chain.first, slot: chain.slot, bytes: chain.bytes, ..packet };
        let mut following = packet.buffers(self.memory.buffer_bytes() as u32);
        while following > 0 {
            following -= 1;
            self.written.stage(Record { packet, following });
            packet.buffer = BufferId(self.behind.get(packet.buffer.0 as usize).copied().unwrap_or(u32::MAX));
        }
    }

    /// Hand over what was written.
    #[inline]
    pub(crate) fn publish(&mut self) {
        self.written.publish();
    }

    /// Buffers the NIC has at the end, posted ones included.
    pub(crate) fn into_buffers(mut self) -> u64 {
        let mut count = (self.stock.len() - self.used) as u64;
        count += self.posted.drain(usize::MAX, |_| ()) as u64;
        count
    }
}
