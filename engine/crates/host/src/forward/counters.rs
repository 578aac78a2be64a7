//! What forwarding counts; what it drops is in the drops, by reason.

stage::counters! {
    /// IP forwarding.
    pub enum ForwardCounter in "forward" {
        /// Packets sent on, a merged one once (IpForwDatagrams, Ip6OutForwDatagrams).
        ForwDatagrams = "forw_datagrams" : "packets",
        /// Frames that left for them: a packet merged by GRO leaves as the frames it was merged from.
        WireFrames = "forward_wire_frames" : "frames",
        /// Bytes of these frames, without FCS and padding.
        Bytes = "forward_bytes" : "bytes",
        /// Refused because the card had merged them (`__skb_warn_lro_forwarding`).
        LroForwardDrop = "lro_forward_drop" : "packets",
    }
}
