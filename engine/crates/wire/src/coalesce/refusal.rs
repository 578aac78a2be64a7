//! Why a segment does not join an aggregate, and why an aggregate takes no more.

/// Why a segment of the same flow does not join. The first that holds, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Its IP length is not the frame's: padding or a lie; or the reserved IPv4 flag is set.
    Length,
    /// Other addresses, tags or EtherType in front of IP.
    Link,
    /// Another type of service or traffic class: DSCP or ECN, in any IP header.
    Tos,
    /// Another time to live or hop limit, in any IP header.
    Ttl,
    /// Other don't-fragment bit, flow label, extension header or header lengths.
    Network,
    /// The identification neither stays nor counts up.
    Id,
    /// No ACK, or any of SYN, RST, URG, CWR.
    Control,
    /// Other flags but FIN and PSH, another data offset or reserved bit.
    Flags,
    /// Another window.
    Window,
    /// Another acknowledgement number.
    Ack,
    /// Other option bytes.
    Options,
    /// Does not begin where the aggregate ends: a gap, a repeat.
    Sequence,
    /// No payload.
    Empty,
    /// More payload than the first segment.
    Longer,
    /// The aggregate has as many bytes as it may.
    Bytes,
    /// The aggregate has as many segments as it may.
    Segments,
}

impl Refusal {
    /// Every refusal, in order.
    pub const ALL: &'static [Refusal] = &[
        Refusal::Length,
        Refusal::Link,
        Refusal::Tos,
        Refusal::Ttl,
        Refusal::Network,
        Refusal::Id,
        Refusal::Control,
        Refusal::Flags,
        Refusal::Window,
        Refusal::Ack,
        Refusal::Options,
        Refusal::Sequence,
        Refusal::Empty,
        Refusal::Longer,
        Refusal::Bytes,
        Refusal::Segments,
    ];
}

/// Why an aggregate is complete with the segment it has just taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// The segment is shorter than the first: only the last one may be.
    Short,
    /// FIN or PSH.
    Pushed,
}
