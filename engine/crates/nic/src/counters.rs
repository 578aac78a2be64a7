//! What the NIC counts, per queue; names as in Intel's Linux drivers where those have one.

stage::counters! {
    /// Receive counters of one queue. A frame dropped before a queue was chosen counts at queue 0.
    pub enum NicCounter in "nic" {
        /// Frames written to the ring.
        Packets = "rx_packets" : "frames",
        /// Bytes written to the ring, without FCS.
        Bytes = "rx_bytes" : "bytes",
        /// Descriptors the frames took.
        Descriptors = "rx_descriptors" : "descriptors",
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
        /// Frames whose checksums were verified and right.
        CsumGood = "rx_csum_offload_good" : "frames",
        /// Frames whose IPv4 or transport checksum is wrong.
        CsumErrors = "rx_csum_offload_errors" : "frames",
        /// Interrupts raised.
        Interrupts = "interrupts" : "interrupts",
    }
}
