//! What the NIC counts, per queue; names as in Intel's Linux drivers where those have one.

use stage::{Counters, DropReason, HashType};

stage::counters! {
    /// Receive counters of one queue. A frame dropped before a queue was chosen counts at queue 0.
    pub enum NicCounter in "nic" {
        /// Frames written to the ring.
        Packets = "rx_packets" : "frames",
        /// Bytes written to the ring, without FCS.
        Bytes = "rx_bytes" : "bytes",
        /// Descriptors the frames took.
        Descriptors = "rx_descriptors" : "descriptors",
        /// Frames whose headers got a buffer to themselves.
        Split = "rx_header_split" : "frames",
        /// Frames without an RSS hash.
        HashNone = "rx_hash_none" : "frames",
        /// Frames hashed over their addresses.
        HashL3 = "rx_hash_l3" : "frames",
        /// Frames hashed over addresses and ports.
        HashL4 = "rx_hash_l4" : "frames",
        /// Frames dropped because the host had not given descriptors back.
        RxMissed = "rx_missed_errors" : "frames",
        /// Frames dropped because the descriptors given back had no buffers: the pool was empty.
        RxNoBuffer = "rx_no_buffer_count" : "frames",
        /// Frames dropped for being shorter than a link header or longer than the largest frame.
        RxLengthErrors = "rx_length_errors" : "frames",
        /// Frames dropped for a malformed VLAN tag or label stack.
        RxHeaderErrors = "rx_header_errors" : "frames",
        /// Frames dropped by an explicit rule.
        RxFiltered = "rx_filtered" : "frames",
        /// Frames dropped because the interface was down.
        RxDown = "rx_down" : "frames",
        /// Frames whose checksums were verified and right.
        CsumGood = "rx_csum_offload_good" : "frames",
        /// Frames whose IPv4 or transport checksum is wrong.
        CsumErrors = "rx_csum_offload_errors" : "frames",
        /// Interrupts raised.
        Interrupts = "interrupts" : "interrupts",
    }
}

/// A queue's counts as the pipeline keeps them: a field each, nothing that follows from others.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    bytes: u64,
    /// Descriptors beyond the one that every frame takes.
    further_descriptors: u64,
    /// Frames that took none: their payload went behind another's.
    without_descriptor: u64,
    split: u64,
    hash_none: u64,
    hash_l3: u64,
    hash_l4: u64,
    missed: u64,
    no_buffer: u64,
    length_errors: u64,
    header_errors: u64,
    filtered: u64,
    down: u64,
    csum_good: u64,
    csum_errors: u64,
    interrupts: u64,
}

impl Tally {
    /// A frame was written to the ring.
    #[inline]
    pub(crate) fn received(&mut self, bytes: usize, descriptors: u32, hash_type: HashType) {
        self.bytes += bytes as u64;
        match descriptors {
            1 => {}
            0 => self.without_descriptor += 1,
            several => self.further_descriptors += u64::from(several - 1),
        }
        match hash_type {
            HashType::None => self.hash_none += 1,
            HashType::L3 => self.hash_l3 += 1,
            HashType::L4 => self.hash_l4 += 1,
        }
    }

    /// Its headers got a buffer to themselves.
    #[inline]
    pub(crate) fn split(&mut self) {
        self.split += 1;
    }

    /// Its checksums were verified.
    #[inline]
    pub(crate) fn verified(&mut self, good: bool) {
        if good {
            self.csum_good += 1;
        } else {
            self.csum_errors += 1;
        }
    }

    /// A frame was dropped.
    pub(crate) fn dropped(&mut self, reason: DropReason) {
        match reason {
            DropReason::RxMissed => self.missed += 1,
            DropReason::RxNoBuffer => self.no_buffer += 1,
            DropReason::RxLengthError => self.length_errors += 1,
            DropReason::RxFilter => self.filtered += 1,
            DropReason::DevReady => self.down += 1,
            _ => self.header_errors += 1,
        }
    }

    /// An interrupt was raised.
    #[inline]
    pub(crate) fn interrupt(&mut self) {
        self.interrupts += 1;
    }

    /// Frames and bytes received.
    pub(crate) fn so_far(&self) -> (u64, u64) {
        (self.hash_none + self.hash_l3 + self.hash_l4, self.bytes)
    }

    /// As declared.
    pub(crate) fn counters(&self) -> Counters<NicCounter> {
        let packets = self.hash_none + self.hash_l3 + self.hash_l4;
        let mut counters = Counters::default();
        for (counter, value) in [
            (NicCounter::Packets, packets),
            (NicCounter::Bytes, self.bytes),
            (NicCounter::Descriptors, packets + self.further_descriptors - self.without_descriptor),
            (NicCounter::Split, self.split),
            (NicCounter::HashNone, self.hash_none),
            (NicCounter::HashL3, self.hash_l3),
            (NicCounter::HashL4, self.hash_l4),
            (NicCounter::RxMissed, self.missed),
            (NicCounter::RxNoBuffer, self.no_buffer),
            (NicCounter::RxLengthErrors, self.length_errors),
            (NicCounter::RxHeaderErrors, self.header_errors),
            (NicCounter::RxFiltered, self.filtered),
            (NicCounter::RxDown, self.down),
            (NicCounter::CsumGood, self.csum_good),
            (NicCounter::CsumErrors, self.csum_errors),
            (NicCounter::Interrupts, self.interrupts),
        ] {
            counters.add(counter, value);
        }
        counters
    }
}
