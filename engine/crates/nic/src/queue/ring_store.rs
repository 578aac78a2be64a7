//! Frames that LRO holds, in a ring's buffers.

use super::under_way::UnderWay;
use super::{Coalesce, Ring};
use crate::lro::{Chain, Store};
use stage::{BufferPool, DropReason, Nanos, Region, RxPacket, Signal, Touch};

/// A ring and its interrupt while a frame arrives or a timer is due.
pub(crate) struct RingStore<'a, D> {
    pub(crate) ring: &'a mut Ring,
    pub(crate) coalesce: &'a mut Coalesce,
    pub(crate) buffers: &'a mut BufferPool,
    pub(crate) dma: &'a mut D,
    pub(crate) under_way: &'a mut UnderWay,
    /// Of the frame that arrives.
    pub(crate) hash: u32,
    /// Bytes of its headers, if they get a buffer to themselves; else 0.
    pub(crate) split_bytes: u16,
    /// Descriptors it took.
    pub(crate) descriptors: u32,
    /// What the frames pushed lead to.
    pub(crate) signal: Signal,
}

impl<D: FnMut(Touch)> Store for RingStore<'_, D> {
    #[inline(always)]
    fn open(&mut self, frame: &[u8]) -> Result<Chain, DropReason> {
        if self.split_bytes > 0 {
            let (chain, descriptors) =
                self.ring.open_split(frame, self.split_bytes, self.hash, self.buffers, self.dma)?;
            self.descriptors = descriptors;
            return Ok(chain);
        }
        if let Some(chain) = self.ring.open_short(frame, self.hash, self.buffers, self.dma) {
            self.descriptors = 1;
            return Ok(chain);
        }
        let mut chain = self.ring.open();
        self.append(&mut chain, frame)?;
        Ok(chain)
    }

    #[inline]
    fn append(&mut self, chain: &mut Chain, bytes: &[u8]) -> Result<(), DropReason> {
        self.descriptors = self.ring.append(chain, bytes, self.hash, self.buffers, self.dma)?;
        Ok(())
    }

    fn overwrite(&mut self, chain: &Chain, header: &[u8]) {
        if let Some(room) = self.buffers.bytes_mut(chain.first).get_mut(..header.len()) {
            room.copy_from_slice(header);
        }
        (self.dma)(Touch::write(Region::Buffer, chain.first.0, 0, header.len() as u32));
    }

    fn push(&mut self, now_ns: Nanos, chain: &Chain, packet: &RxPacket) {
        // Its number, as `coalesce_segments` noted it.
        self.under_way.push(packet.ready_ns);
        let ready_ns = self.ring.complete(now_ns, chain, self.dma);
        if let Some(place) = self.ring.push() {
            *place = *packet;
            (place.buffer, place.slot) = (chain.first, chain.slot);
            (place.bytes, place.ready_ns) = (chain.bytes, ready_ns);
        }
        match self.coalesce.frame(now_ns) {
            Signal::Quiet => {}
            // An interrupt overtakes the timer that an earlier frame started.
            signal => self.signal = signal,
        }
    }
}
