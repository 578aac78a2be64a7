//! A hardware receive queue: a ring, its interrupt, its counters.

mod coalesce;
mod descriptor;
mod ring;
mod rx_queues;

pub use coalesce::{Coalesce, CoalesceConfig};
pub use descriptor::{DONE, Descriptor, END_OF_PACKET};
pub use ring::Ring;

use crate::{Classified, NicCounter};
use stage::{Counters, DropReason, HashType, QueueId, Signal};
use wire::Fault;

/// One receive queue.
#[derive(Debug)]
pub struct RxQueue {
    pub(crate) ring: Ring,
    pub(crate) coalesce: Coalesce,
    pub(crate) counters: Counters<NicCounter>,
}

impl RxQueue {
    pub(crate) fn new(queue: QueueId, ring: Ring, coalesce: CoalesceConfig) -> Self {
        RxQueue { ring, coalesce: Coalesce::new(queue, coalesce), counters: Counters::default() }
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
    pub fn counters(&self) -> &Counters<NicCounter> {
        &self.counters
    }

    /// Count a frame written to the ring.
    #[inline]
    pub(crate) fn count_received(&mut self, bytes: usize, descriptors: u32, classified: &Classified) {
        self.counters.add(NicCounter::Packets, 1);
        self.counters.add(NicCounter::Bytes, bytes as u64);
        self.counters.add(NicCounter::Descriptors, u64::from(descriptors));
        let hash_type = match classified.hash_type {
            HashType::None => NicCounter::HashNone,
            HashType::L3 => NicCounter::HashL3,
            HashType::L4 => NicCounter::HashL4,
        };
        self.counters.add(hash_type, 1);
        if classified.checksum_good {
            self.counters.add(NicCounter::CsumGood, 1);
        } else if classified.headers.fault.is_some_and(is_checksum_fault) {
            self.counters.add(NicCounter::CsumErrors, 1);
        }
    }

    /// Count a frame the NIC dropped.
    #[inline]
    pub(crate) fn count_dropped(&mut self, reason: DropReason) {
        let counter = match reason {
            DropReason::RxMissed => NicCounter::RxMissed,
            DropReason::RxNoBuffer => NicCounter::RxNoBuffer,
            DropReason::RxLengthError => NicCounter::RxLengthErrors,
            _ => NicCounter::RxHeaderErrors,
        };
        self.counters.add(counter, 1);
    }

    /// Count the interrupt if there is one.
    #[inline]
    pub(crate) fn count_interrupt(&mut self, signal: Signal) -> Signal {
        if matches!(signal, Signal::Raise(_)) {
            self.counters.add(NicCounter::Interrupts, 1);
        }
        signal
    }
}

/// The parser's walk leaves checksums alone, so only receive checksum offload sets one of these.
fn is_checksum_fault(fault: Fault) -> bool {
    use Fault::{IcmpChecksum, IgmpChecksum, Ipv4Checksum, TcpChecksum, UdpChecksum};
    matches!(fault, Ipv4Checksum | TcpChecksum | UdpChecksum | IcmpChecksum | IgmpChecksum)
}
