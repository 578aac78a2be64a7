//! Packet memory: fixed-size buffers with real bytes, one pool per receive queue (as Linux's page pool), so that a
//! queue that starves does not starve its neighbours.

use crate::on_demand::OnDemand;
use crate::{QueueId, RxPacket};
use std::fmt;

/// A buffer's index over all pools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BufferId(pub u32);

/// End of a chain, and of a free list.
const NONE: u32 = u32::MAX;
/// Marks a buffer that is free, so that releasing twice is refused.
const FREE: u32 = u32::MAX - 1;

/// Packet memory that a device on another thread writes: the pool hands buffers out, the memory is elsewhere.
pub trait PacketMemory: Send + Sync + fmt::Debug {
    /// The buffer's bytes; empty while it is the device's.
    fn bytes(&self, buffer: BufferId) -> &[u8];
}

#[derive(Debug)]
enum Memory {
    Own(Vec<u8>),
    OnDemand(OnDemand),
    Device(Box<dyn PacketMemory>),
}

/// All packet buffers of a NIC.
#[derive(Debug)]
pub struct BufferPool {
    memory: Memory,
    buffer_bytes: usize,
    buffers_per_queue: u32,
    /// Chain link while owned; `FREE` while free.
    next: Vec<u32>,
    /// Free buffers per queue, taken from the end: the warmest first, as the page pool's array cache does.
    free: Vec<Vec<u32>>,
}

impl BufferPool {
    /// `queues` pools of `buffers_per_queue` buffers of `buffer_bytes` bytes.
    pub fn new(queues: u16, buffers_per_queue: u32, buffer_bytes: u32) -> Self {
        let bytes = usize::from(queues) * buffers_per_queue as usize * buffer_bytes as usize;
        Self::with(Memory::Own(vec![0; bytes]), queues, buffers_per_queue, buffer_bytes)
    }

    /// The same with memory only behind buffers that have been written and not released, and hardly more than was
    /// written: for virtual time, where a buffer's place is the cache model's business.
    pub fn on_demand(queues: u16, buffers_per_queue: u32, buffer_bytes: u32) -> Self {
        let buffers = usize::from(queues) * buffers_per_queue as usize;
        let memory = Memory::OnDemand(OnDemand::new(buffers, buffer_bytes as usize));
        Self::with(memory, queues, buffers_per_queue, buffer_bytes)
    }

    /// The same over memory that a device writes: [`BufferPool::room`] is then empty.
    pub fn over(
        memory: Box<dyn PacketMemory>,
        queues: u16,
        buffers_per_queue: u32,
        buffer_bytes: u32,
    ) -> Self {
        Self::with(Memory::Device(memory), queues, buffers_per_queue, buffer_bytes)
    }

    fn with(memory: Memory, queues: u16, buffers_per_queue: u32, buffer_bytes: u32) -> Self {
        let count = u32::from(queues) * buffers_per_queue;
        let pool = |queue: u16| {
            let first = u32::from(queue) * buffers_per_queue;
            (first..first + buffers_per_queue).rev().collect()
        };
        BufferPool {
            memory,
            buffer_bytes: buffer_bytes as usize,
            buffers_per_queue,
            next: vec![FREE; count as usize],
            free: (0..queues).map(pool).collect(),
        }
    }

    /// Bytes in one buffer.
    pub fn buffer_bytes(&self) -> usize {
        self.buffer_bytes
    }

    /// Buffers over all pools.
    pub fn capacity(&self) -> u64 {
        self.next.len() as u64
    }

    /// Buffers that lie free.
    pub fn free(&self) -> u64 {
        self.free.iter().map(|list| list.len() as u64).sum()
    }

    /// Buffers someone owns, counted apart from the free lists: `capacity = free + owned` must hold.
    pub fn owned(&self) -> u64 {
        self.next.iter().filter(|link| **link != FREE).count() as u64
    }

    /// Take a buffer of the queue's pool.
    #[inline]
    pub fn allocate(&mut self, queue: QueueId) -> Option<BufferId> {
        let buffer = self.free.get_mut(queue.index())?.pop()?;
        if let Some(link) = self.next.get_mut(buffer as usize) {
            *link = NONE;
        }
        Some(BufferId(buffer))
    }

    /// Give back a buffer with everything chained to it; returns how many that were. A buffer that is free already
    /// is left alone and counts 0.
    #[inline]
    pub fn release(&mut self, buffer: BufferId) -> u32 {
        let mut released = 0;
        let mut at = buffer.0;
        while let Some(link) = self.next.get_mut(at as usize) {
            if *link == FREE {
                break;
            }
            let following = *link;
            *link = FREE;
            if let Memory::OnDemand(memory) = &mut self.memory {
                memory.release(at);
            }
            if let Some(list) = self.free.get_mut((at / self.buffers_per_queue) as usize) {
                list.push(at);
            }
            released += 1;
            at = following;
        }
        released
    }

    /// Chain `following` behind `buffer`.
    #[inline]
    pub fn link(&mut self, buffer: BufferId, following: BufferId) {
        if let Some(link) = self.next.get_mut(buffer.0 as usize) {
            *link = following.0;
        }
    }

    /// The buffer chained behind this one.
    #[inline]
    pub fn behind(&self, buffer: BufferId) -> Option<BufferId> {
        self.next.get(buffer.0 as usize).copied().filter(|link| *link < FREE).map(BufferId)
    }

    /// Take the buffer behind this one out of its chain; it stays owned.
    #[inline]
    pub fn unlink_behind(&mut self, buffer: BufferId) -> Option<BufferId> {
        let taken = self.behind(buffer)?;
        let following = std::mem::replace(self.next.get_mut(taken.0 as usize)?, NONE);
        *self.next.get_mut(buffer.0 as usize)? = following;
        Some(taken)
    }

    /// The buffer's memory, or as much of it as there is: all that has been written.
    #[inline]
    pub fn bytes(&self, buffer: BufferId) -> &[u8] {
        match &self.memory {
            Memory::Own(bytes) => {
                let start = buffer.0 as usize * self.buffer_bytes;
                bytes.get(start..start + self.buffer_bytes).unwrap_or(&[])
            }
            Memory::OnDemand(memory) => memory.bytes(buffer.0),
            Memory::Device(memory) => memory.bytes(buffer),
        }
    }

    /// The buffer's memory, to be written.
    #[inline]
    pub fn bytes_mut(&mut self, buffer: BufferId) -> &mut [u8] {
        self.room(buffer, self.buffer_bytes)
    }

    /// The first so many bytes of the buffer's memory, to be written; empty if it is smaller, or not ours to write.
    #[inline]
    pub fn room(&mut self, buffer: BufferId, bytes: usize) -> &mut [u8] {
        match &mut self.memory {
            Memory::Own(memory) => {
                let start = buffer.0 as usize * self.buffer_bytes;
                let own = memory.get_mut(start..start + self.buffer_bytes).unwrap_or(&mut []);
                own.get_mut(..bytes).unwrap_or(&mut [])
            }
            Memory::OnDemand(memory) => memory.room(buffer.0, bytes),
            Memory::Device(_) => &mut [],
        }
    }

    /// The buffers of a frame, first to last.
    pub fn chain(&self, first: BufferId) -> impl Iterator<Item = BufferId> + '_ {
        let real = |link: &u32| *link < FREE;
        std::iter::successors(Some(first.0).filter(real), move |at| {
            self.next.get(*at as usize).copied().filter(real)
        })
        .map(BufferId)
    }

    /// The frame's bytes, gathered from its buffers in pieces.
    pub fn frame(&self, packet: &RxPacket) -> impl Iterator<Item = &[u8]> + use<'_> {
        let mut left = packet.bytes as usize;
        let mut split = usize::from(packet.split_bytes);
        self.chain(packet.buffer).map_while(move |buffer| {
            let piece = self.bytes(buffer);
            let own = if split > 0 { std::mem::take(&mut split) } else { piece.len() };
            let n = left.min(own).min(piece.len());
            left -= n;
            piece.get(..n).filter(|p| !p.is_empty())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_buffer_is_lost_or_given_twice(steps in prop::collection::vec((0u16..4, 0usize..8), 0..400)) {
            let mut pool = BufferPool::new(4, 8, 64);
            let mut held: Vec<BufferId> = Vec::new();
            for (queue, choice) in steps {
                if choice < 5 {
                    if let Some(buffer) = pool.allocate(QueueId(queue)) {
                        prop_assert!(!held.contains(&buffer));
                        held.push(buffer);
                    }
                } else if !held.is_empty() {
                    let buffer = held.swap_remove(choice % held.len());
                    prop_assert_eq!(pool.release(buffer), 1);
                    prop_assert_eq!(pool.release(buffer), 0);
                }
                prop_assert_eq!(pool.owned(), held.len() as u64);
                prop_assert_eq!(pool.capacity(), pool.free() + pool.owned());
            }
        }
    }

    proptest! {
        #[test]
        fn memory_on_demand_keeps_what_is_written_until_the_release(
            steps in prop::collection::vec((0usize..8, 1usize..=2000, any::<u8>()), 0..200),
        ) {
            let mut pool = BufferPool::on_demand(1, 6, 2000);
            let mut held: Vec<(BufferId, Vec<u8>)> = Vec::new();
            for (choice, bytes, value) in steps {
                if choice < 4 {
                    let Some(buffer) = pool.allocate(QueueId(0)) else { continue };
                    prop_assert!(pool.bytes(buffer).is_empty());
                    pool.room(buffer, bytes).fill(value);
                    held.push((buffer, vec![value; bytes]));
                } else if !held.is_empty() && choice < 6 {
                    let at = choice % held.len();
                    let (buffer, written) = &mut held[at];
                    let more = bytes.max(written.len());
                    pool.room(*buffer, more)[written.len()..].fill(value);
                    written.resize(more, value);
                } else if !held.is_empty() {
                    let (buffer, _) = held.swap_remove(choice % held.len());
                    prop_assert_eq!(pool.release(buffer), 1);
                    prop_assert!(pool.bytes(buffer).is_empty());
                }
                for (buffer, written) in &held {
                    prop_assert_eq!(&pool.bytes(*buffer)[..written.len()], written);
                }
            }
            prop_assert!(pool.room(BufferId(0), 2001).is_empty());
        }
    }

    #[test]
    fn a_chain_is_read_and_released_whole() {
        a_chain_in(BufferPool::new(1, 4, 4));
        a_chain_in(BufferPool::on_demand(1, 4, 4));
    }

    fn a_chain_in(mut pool: BufferPool) {
        let (a, b) = (pool.allocate(QueueId(0)).unwrap(), pool.allocate(QueueId(0)).unwrap());
        pool.bytes_mut(a).copy_from_slice(b"rxbe");
        pool.bytes_mut(b).copy_from_slice(b"nch!");
        pool.link(a, b);
        let whole = RxPacket { buffer: a, bytes: 7, ..RxPacket::default() };
        assert_eq!(pool.frame(&whole).collect::<Vec<_>>().concat(), b"rxbench");
        let split = RxPacket { bytes: 5, split_bytes: 1, ..whole };
        assert_eq!(pool.frame(&split).collect::<Vec<_>>().concat(), b"rnch!");
        assert_eq!((pool.unlink_behind(a), pool.behind(a), pool.behind(b)), (Some(b), None, None));
        assert_eq!((pool.unlink_behind(a), pool.owned()), (None, 2));
        pool.link(a, b);
        assert_eq!(pool.release(a), 2);
        assert_eq!((pool.behind(a), pool.free()), (None, 4));
    }
}
