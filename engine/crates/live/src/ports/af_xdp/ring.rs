//! One of a socket's rings: a producer's and a consumer's counter, entries between them (include/uapi/linux/if_xdp.h).

use crate::ports::socket::Mapped;
use libc::XDP_RING_NEED_WAKEUP;
use rustix::fd::BorrowedFd;
use rustix::io::Errno;
use rustix::net::xdp::XdpRingOffset;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// A ring as our side has it.
pub(super) struct Ring {
    memory: Mapped,
    producer: usize,
    consumer: usize,
    flags: Option<usize>,
    entries: usize,
    mask: u32,
}

impl Ring {
    /// Map a ring of `frames` entries of so many bytes.
    pub(super) fn map(
        socket: BorrowedFd<'_>,
        page_offset: u64,
        at: &XdpRingOffset,
        frames: u32,
        entry_bytes: usize,
    ) -> Result<Self, Errno> {
        let bytes = at.desc as usize + frames as usize * entry_bytes;
        Ok(Ring {
            memory: Mapped::shared(socket, page_offset, bytes)?,
            producer: at.producer as usize,
            consumer: at.consumer as usize,
            flags: at.flags.map(|at| at as usize),
            entries: at.desc as usize,
            mask: frames - 1,
        })
    }

    /// Where an entry is, by its number since the start.
    fn entry(&self, number: u32, bytes: usize) -> usize {
        self.entries + (number & self.mask) as usize * bytes
    }

    /// Of a ring we fill: add addresses. There is room: there are no more chunks than entries.
    pub(super) fn give(&mut self, addresses: impl Iterator<Item = u64>) {
        let mut number = self.memory.word(self.producer).map_or(0, |word| word.load(Relaxed));
        for address in addresses {
            self.memory.set_u64(self.entry(number, size_of::<u64>()), address);
            number = number.wrapping_add(1);
        }
        if let Some(producer) = self.memory.word(self.producer) {
            // Release: who sees the counter sees the entries.
            producer.store(number, Release);
        }
    }

    /// Of a ring the kernel fills: take an address and a length (`struct xdp_desc`) for each place, as far as there
    /// are; answers how many.
    #[inline]
    pub(super) fn take(&mut self, places: &mut [(u64, u32)]) -> usize {
        // Acquire: who sees the counter sees the entries.
        let end = self.memory.word(self.producer).map_or(0, |word| word.load(Acquire));
        let start = self.memory.word(self.consumer).map_or(0, |word| word.load(Relaxed));
        let count = (end.wrapping_sub(start) as usize).min(places.len());
        for (number, place) in (0..).zip(places.iter_mut()).take(count) {
            let at = self.entry(start.wrapping_add(number), 16);
            *place = (self.memory.u64(at).unwrap_or(0), self.memory.u32(at + 8).unwrap_or(0));
        }
        if let Some(consumer) = self.memory.word(self.consumer) {
            // Release: the entries have been read.
            consumer.store(start.wrapping_add(count as u32), Release);
        }
        count
    }

    /// Whether the kernel waits to be told that there are entries.
    #[inline]
    pub(super) fn needs_wakeup(&self) -> bool {
        let flags = self.flags.and_then(|at| self.memory.word(at));
        flags.is_some_and(|flags| flags.load(Relaxed) & XDP_RING_NEED_WAKEUP != 0)
    }
}
