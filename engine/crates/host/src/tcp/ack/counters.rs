//! What is counted of acknowledgements, after Linux where Linux has a name (`/proc/net/netstat`).

stage::counters! {
    /// What TCP receivers count.
    pub enum TcpCounter in "tcp" {
        /// Acknowledgements sent, of whatever kind.
        Acks = "acks" : "acks",
        /// Segments that answer a message; they acknowledge as well, and are not among those.
        Answers = "answers" : "segments",
        /// Sent at once because of a segment that was not next (RFC 5681 section 4.2).
        DuplicateAcks = "duplicate_acks" : "acks",
        /// Sent because the delayed-ACK timer ran out (TcpExtDelayedACKs).
        DelayedAcks = "delayed_acks" : "acks",
        /// Sent by a receive call: what was unacknowledged was read, or the window opened (tcp_cleanup_rbuf).
        ReadAcks = "read_acks" : "acks",
        /// Made by the driver from a template of the host's, the template not counted.
        ExpandedAcks = "expanded_acks" : "acks",
        /// With selective acknowledgement blocks (RFC 2018).
        SackAcks = "sack_acks" : "acks",
        /// That said the window was closed (TcpExtTCPToZeroWindowAdv).
        ZeroWindowAcks = "zero_window_acks" : "acks",
    }
}
