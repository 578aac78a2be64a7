//! What LRO counts, per queue: the names of the kernel's inet_lro and of its queue statistics
//! (Documentation/netlink/specs/netdev.yaml), and why contexts were closed.

use wire::coalesce::{Closing, Refusal};

stage::counters! {
    /// Large receive offload of one queue.
    pub enum LroCounter in "lro" {
        /// Frames that entered a context, first ones included.
        Aggregated = "lro_aggregated" : "frames",
        /// Contexts closed.
        Flushed = "lro_flushed" : "contexts",
        /// Contexts closed because a frame found all of them taken.
        NoDesc = "lro_no_desc" : "contexts",
        /// Frames of two or more segments.
        HwGroPackets = "rx_hw_gro_packets" : "frames",
        /// Their bytes.
        HwGroBytes = "rx_hw_gro_bytes" : "bytes",
        /// Wire frames in them.
        HwGroWirePackets = "rx_hw_gro_wire_packets" : "frames",
        /// Bytes of these wire frames.
        HwGroWireBytes = "rx_hw_gro_wire_bytes" : "bytes",
        /// Closed because the oldest frame had been held as long as it may.
        Timer = "lro_flush_timer" : "contexts",
        /// Closed because the ring had no descriptor for more.
        NoBuffer = "lro_flush_no_buffer" : "contexts",
        /// Closed by a segment shorter than the first.
        Short = "lro_flush_short" : "contexts",
        /// Closed by FIN or PSH.
        Pushed = "lro_flush_pushed" : "contexts",
        /// Closed by a frame of the flow that coalescing does not look into: IP options, a fragment, a malformed header.
        Unread = "lro_flush_unread" : "contexts",
        /// Closed by a segment with padding, or whose IP length is a lie.
        Length = "lro_flush_length" : "contexts",
        /// Closed by a segment with other link addresses.
        Link = "lro_flush_link" : "contexts",
        /// Closed by a segment with another type of service.
        Tos = "lro_flush_tos" : "contexts",
        /// Closed by a segment with another time to live.
        Ttl = "lro_flush_ttl" : "contexts",
        /// Closed by a segment with another flow label, don't-fragment bit or extension header.
        Network = "lro_flush_network" : "contexts",
        /// Closed by a segment whose identification neither stays nor counts up.
        Id = "lro_flush_id" : "contexts",
        /// Closed by a segment without ACK, or with SYN, RST, URG or CWR.
        Control = "lro_flush_control" : "contexts",
        /// Closed by a segment with other TCP flags or another data offset.
        Flags = "lro_flush_flags" : "contexts",
        /// Closed by a segment with another window.
        Window = "lro_flush_window" : "contexts",
        /// Closed by a segment with another acknowledgement number.
        Ack = "lro_flush_ack" : "contexts",
        /// Closed by a segment with other TCP options.
        Options = "lro_flush_options" : "contexts",
        /// Closed by a segment that is not next in sequence.
        Sequence = "lro_flush_sequence" : "contexts",
        /// Closed by a segment without payload.
        Empty = "lro_flush_empty" : "contexts",
        /// Closed by a segment longer than the first.
        Longer = "lro_flush_longer" : "contexts",
        /// Closed because the next segment would have made it longer than it may be.
        Bytes = "lro_flush_bytes" : "contexts",
        /// Closed because it had as many segments as it may.
        Segments = "lro_flush_segments" : "contexts",
    }
}

/// Why a context was closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    Timer,
    /// Its place was needed.
    Evicted,
    NoBuffer,
    Unread,
    Closing(Closing),
    Refusal(Refusal),
}

impl Reason {
    pub(super) fn counter(self) -> LroCounter {
        match self {
            Reason::Timer => LroCounter::Timer,
            Reason::Evicted => LroCounter::NoDesc,
            Reason::NoBuffer => LroCounter::NoBuffer,
            Reason::Unread => LroCounter::Unread,
            Reason::Closing(Closing::Short) => LroCounter::Short,
            Reason::Closing(Closing::Pushed) => LroCounter::Pushed,
            Reason::Refusal(refusal) => match refusal {
                Refusal::Length => LroCounter::Length,
                Refusal::Link => LroCounter::Link,
                Refusal::Tos => LroCounter::Tos,
                Refusal::Ttl => LroCounter::Ttl,
                Refusal::Network => LroCounter::Network,
                Refusal::Id => LroCounter::Id,
                Refusal::Control => LroCounter::Control,
                Refusal::Flags => LroCounter::Flags,
                Refusal::Window => LroCounter::Window,
                Refusal::Ack => LroCounter::Ack,
                Refusal::Options => LroCounter::Options,
                Refusal::Sequence => LroCounter::Sequence,
                Refusal::Empty => LroCounter::Empty,
                Refusal::Longer => LroCounter::Longer,
                Refusal::Bytes => LroCounter::Bytes,
                Refusal::Segments => LroCounter::Segments,
            },
        }
    }
}

impl From<Refusal> for Reason {
    fn from(refusal: Refusal) -> Self {
        Reason::Refusal(refusal)
    }
}
