//! A hardware receive queue: a ring, its interrupt, its counters.

mod barrier;
mod coalesce;
mod descriptor;
mod ring;
mod rx_queues;
mod written_back;

pub use coalesce::{Coalesce, CoalesceConfig};
pub use descriptor::{DONE, Descriptor, END_OF_PACKET};
pub use ring::Ring;

pub(crate) use barrier::{Barrier, Moving, open_frames, pass};

use crate::counters::Tally;
use crate::{Classified, NicCounter};
use stage::{Counters, QueueId, Signal};
use std::collections::VecDeque;
use wire::Fault;

/// One receive queue.
#[derive(Debug)]
pub struct RxQueue {
    pub(crate) ring: Ring,
    pub(crate) coalesce: Coalesce,
    pub(crate) tally: Tally,
    /// In order of place.
    pub(crate) barriers: VecDeque<Barrier>,
}

impl RxQueue {
    pub(crate) fn new(queue: QueueId, ring: Ring, coalesce: CoalesceConfig) -> Self {
        let coalesce = Coalesce::new(queue, coalesce);
        RxQueue { ring, coalesce, tally: Tally::default(), barriers: VecDeque::new() }
    }

    /// Its descriptors.
    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    /// Its interrupt.
    pub fn coalesce(&self) -> &Coalesce {
        &self.coalesce
    }

    /// What it counted.
    pub fn counters(&self) -> Counters<NicCounter> {
        self.tally.counters()
    }

    /// Count a frame written to the ring.
    #[inline]
    pub(crate) fn count_received(&mut self, bytes: usize, descriptors: u32, classified: &Classified) {
        self.tally.received(bytes, descriptors, classified.hash_type);
        if classified.checksum_good || classified.headers.fault.is_some_and(is_checksum_fault) {
            self.tally.verified(classified.checksum_good);
        }
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
