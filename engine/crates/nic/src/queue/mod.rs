//! A hardware receive queue: a ring, its interrupt, its counters.

mod barrier;
mod coalesce;
mod descriptor;
mod moderation;
mod ring;
mod ring_store;
mod rx_queues;
mod sent;
mod under_way;
mod written_back;

pub use coalesce::{Coalesce, CoalesceConfig};
pub use descriptor::{DONE, Descriptor, END_OF_PACKET};
pub use moderation::{ModerationMode, SentMode};
pub use ring::Ring;
pub(crate) use ring_store::RingStore;

pub(crate) use barrier::{Barrier, Moving, open_frames, pass};

use crate::counters::Tally;
use crate::lro::{Fate, Lro, LroConfig, LroCounter};
use crate::{Classified, NicCounter, Received};
use stage::{BufferPool, Counters, DropReason, Nanos, QueueId, RxPacket, Signal, Touch};
use std::collections::VecDeque;
use under_way::UnderWay;
use wire::Fault;

/// One receive queue.
#[derive(Debug)]
pub struct RxQueue {
    pub(crate) ring: Ring,
    pub(crate) coalesce: Coalesce,
    pub(crate) tally: Tally,
    /// In order of place.
    pub(crate) barriers: VecDeque<Barrier>,
    pub(crate) lro: Option<Box<Lro>>,
    /// With LRO.
    pub(crate) under_way: UnderWay,
}

impl RxQueue {
    pub(crate) fn new(queue: QueueId, ring: Ring, coalesce: CoalesceConfig, lro: Option<LroConfig>) -> Self {
        RxQueue {
            ring,
            coalesce: Coalesce::new(queue, coalesce),
            tally: Tally::default(),
            barriers: VecDeque::new(),
            lro: lro.map(|config| Box::new(Lro::new(config))),
            under_way: UnderWay::default(),
        }
    }

    /// Its descriptors.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Its interrupt.
    pub fn coalesce(&self) -> &Coalesce {
        &self.coalesce
    }

    /// Its large receive offload, where that is on.
    pub fn lro(&self) -> Option<&Lro> {
        self.lro.as_deref()
    }

    /// Frames without a verdict: in the ring and not taken, or held by LRO.
    pub fn pending(&self) -> u64 {
        let held = self.lro.as_ref().map_or(0, |lro| lro.held_frames());
        self.ring.waiting() as u64 + u64::from(held)
    }

    /// What it counted.
    pub fn counters(&self) -> Counters<NicCounter> {
        self.tally.counters()
    }

    /// What its large receive offload counted; zeros where that is off.
    pub fn lro_counters(&self) -> Counters<LroCounter> {
        self.lro.as_ref().map_or_else(Counters::default, |lro| lro.counters().clone())
    }

    /// Frames written so far; with LRO those that came, for it hands them over in another order.
    pub(crate) fn written(&self) -> u64 {
        if self.lro.is_some() { self.under_way.came() } else { self.ring.written() }
    }

    /// All frames before so many are with the host, which has done with them by `now_ns`.
    pub(crate) fn done(&self, now_ns: Nanos) -> u64 {
        let done = self.ring.done(now_ns);
        match &self.lro {
            None => done,
            Some(lro) => self.under_way.done(done, lro.oldest_held().map(|packet| packet.ready_ns)),
        }
    }

    /// From the next frame on nothing is seen before `mark` frames of `other` are done with.
    pub(crate) fn hold(&mut self, other: QueueId, mark: u64) {
        let at = if self.lro.is_some() { None } else { Some(self.ring.written()) };
        self.barriers.push_back(Barrier::new(at, other, mark));
    }

    /// Count a frame written to the ring.
    #[inline]
    pub(crate) fn count_received(&mut self, bytes: usize, descriptors: u32, classified: &Classified) {
        self.tally.received(bytes, descriptors, classified.hash_type);
        if classified.checksum_good || classified.headers.fault.is_some_and(is_checksum_fault) {
            self.tally.verified(classified.checksum_good);
        }
    }

    /// A frame arrives where LRO is on.
    ///
    /// # Errors
    /// The frame is dropped, and counted.
    #[inline(never)]
    #[expect(clippy::too_many_arguments, reason = "as Nic::receive, whose arguments these are")]
    pub(crate) fn coalesce_segments(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        split_bytes: u16,
        note: impl FnOnce() -> RxPacket,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Result<Received, DropReason> {
        let RxQueue { ring, coalesce, lro: Some(lro), under_way, barriers, .. } = self else {
            return Err(DropReason::RxMissed);
        };
        let signal = Signal::Quiet;
        let hash = classified.hash;
        // Until it is written back it has no time of its own; its number waits in its place.
        let number = under_way.arrive();
        let note = || {
            let mut packet = note();
            packet.ready_ns = number;
            packet
        };
        let mut store =
            RingStore { ring, coalesce, buffers, dma, under_way, hash, split_bytes, descriptors: 0, signal };
        if barriers.back().is_some_and(Barrier::is_unplaced) {
            // What is held came before the barrier, and must not wait behind it for what waits for it.
            lro.flush(now_ns, &mut store);
            barriers.iter_mut().for_each(|barrier| barrier.place(store.ring.written()));
        }
        let received = lro.receive(now_ns, frame, classified, note, &mut store);
        let (signal, descriptors) = (store.signal, store.descriptors);
        self.count_interrupt(signal);
        match received {
            Ok(fate) => {
                self.count_received(frame.len(), descriptors, classified);
                if split_bytes > 0 && fate != Fate::Merged {
                    self.tally.split();
                }
                Ok(Received { signal, fate })
            }
            Err(reason) => {
                self.tally.dropped(reason);
                Err(reason)
            }
        }
    }

    /// Hand the host what LRO has held as long as it may, or `all` it holds.
    pub(crate) fn flush_segments(
        &mut self,
        now_ns: Nanos,
        all: bool,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Signal {
        let RxQueue { ring, coalesce, lro: Some(lro), under_way, .. } = self else { return Signal::Quiet };
        let signal = Signal::Quiet;
        let mut store = RingStore {
            ring,
            coalesce,
            buffers,
            dma,
            under_way,
            hash: 0,
            split_bytes: 0,
            descriptors: 0,
            signal,
        };
        if all {
            lro.flush(now_ns, &mut store);
        } else {
            lro.timer(now_ns, &mut store);
        }
        let signal = store.signal;
        self.count_interrupt(signal)
    }

    /// Count the interrupt if there is one.
    #[inline]
    pub(crate) fn count_interrupt(&mut self, signal: Signal) -> Signal {
        if matches!(signal, Signal::Raise(_)) {
            self.tally.interrupt();
        }
        signal
    }
}

/// The parser's walk leaves checksums alone, so only receive checksum offload sets one of these.
fn is_checksum_fault(fault: Fault) -> bool {
    use Fault::{IcmpChecksum, IgmpChecksum, Ipv4Checksum, TcpChecksum, UdpChecksum};
    matches!(fault, Ipv4Checksum | TcpChecksum | UdpChecksum | IcmpChecksum | IgmpChecksum)
}
