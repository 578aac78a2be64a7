//! What a walk answers: where the network and transport headers are, in 48 bytes. Where a visitor would find the
//! others is not kept.

use core::num::NonZeroU32;

use crate::Fault;

/// The network protocol of a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum L3 {
    /// None reached.
    #[default]
    None,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// ARP.
    Arp,
    /// An EtherType (see [`Headers::ethertype`]) or a labelled payload that is not walked.
    Other,
}

/// One network layer: its header, what it carries, where it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Layer {
    /// Which protocol.
    pub kind: L3,
    /// The protocol number behind the header and its extension headers (AH counts as one); of a fragment,
    /// the number the fragment header names. 0 where `kind` is not IP.
    pub protocol: u8,
    pub(super) flags: u16,
    pub(super) at: u32,
    pub(super) l4_at: Option<NonZeroU32>,
    pub(super) end: u32,
}

impl Layer {
    pub(super) const FRAGMENT: u16 = 1 << 0;
    pub(super) const FIRST: u16 = 1 << 1;
    pub(super) const OPTIONS: u16 = 1 << 2;
    pub(super) const SOURCE_ROUTED: u16 = 1 << 3;
    pub(super) const AH: u16 = 1 << 4;
    pub(super) const ATOMIC: u16 = 1 << 5;

    /// True for IPv4 and IPv6.
    pub fn is_ip(&self) -> bool {
        matches!(self.kind, L3::V4 | L3::V6)
    }

    /// Offset of the network header from the start of the frame.
    pub fn at(&self) -> usize {
        self.at as usize
    }

    /// Offset of what the network layer carries: the transport header, or the next IP header of a tunnel.
    /// `None` in a fragment that is not the first, and where nothing was reached.
    pub fn l4_at(&self) -> Option<usize> {
        self.l4_at.map(|at| at.get() as usize)
    }

    /// Where the datagram ends by its total or payload length, at most the end of the frame: link padding is
    /// beyond it.
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// True for any fragment (an IPv6 atomic fragment is none, RFC 6946).
    pub fn is_fragment(&self) -> bool {
        self.flags & Self::FRAGMENT != 0
    }

    /// True for a fragment at offset 0 with more to come.
    pub fn is_first_fragment(&self) -> bool {
        self.flags & Self::FIRST != 0
    }

    /// True where IPv4 options or IPv6 extension headers are present.
    pub fn has_options(&self) -> bool {
        self.flags & Self::OPTIONS != 0
    }

    /// True where a source route or routing header is not used up: the destination is only the next hop.
    pub fn is_source_routed(&self) -> bool {
        self.flags & Self::SOURCE_ROUTED != 0
    }

    /// True where an authentication header was passed.
    pub fn has_ah(&self) -> bool {
        self.flags & Self::AH != 0
    }

    /// True for an IPv6 fragment header at offset 0 with nothing to come.
    pub fn is_atomic_fragment(&self) -> bool {
        self.flags & Self::ATOMIC != 0
    }
}

/// Where the headers of one frame are.
///
/// `outer` is the first network layer, `inner` the last; they are equal where nothing is tunnelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Headers {
    /// The outermost network layer.
    pub outer: Layer,
    /// The innermost network layer.
    pub inner: Layer,
    pub(super) payload_at: u32,
    pub(super) payload_len: u32,
    /// The type after VLAN tags, or of a SNAP header; 0 in an LLC frame without. A raw IP, null or cooked
    /// frame has the type of what it carries.
    pub ethertype: u16,
    /// VLAN tags passed, at most 255.
    pub vlans: u8,
    /// MPLS labels passed.
    pub labels: u8,
    /// IP headers passed.
    pub ip_layers: u8,
    /// Extension headers passed, AH included, in all layers.
    pub extensions: u8,
    /// The first malformation, if any. Everything else here is what could be told in spite of it.
    pub fault: Option<Fault>,
}

impl Headers {
    /// Offset of the innermost transport header. `None` in a fragment that is not the first, and where the
    /// header is missing or cut.
    pub fn l4_at(&self) -> Option<usize> {
        self.inner.l4_at()
    }

    /// Protocol number of the innermost layer ([`Layer::protocol`]).
    pub fn protocol(&self) -> u8 {
        self.inner.protocol
    }

    /// Offset of the transport payload (behind the TCP, UDP, ICMP or ESP header); of a fragment that is not
    /// the first, of its data; of an unknown protocol, of what IP carries. 0 where there is none.
    pub fn payload_at(&self) -> usize {
        self.payload_at as usize
    }

    /// Bytes of that payload, by the IP length and not by the frame, so without link padding.
    pub fn payload_len_bytes(&self) -> usize {
        self.payload_len as usize
    }

    /// The headers of the same packet with so many bytes more of payload.
    #[must_use]
    pub fn lengthened(mut self, bytes: u32) -> Self {
        self.outer.end = self.outer.end.saturating_add(bytes);
        self.inner.end = self.inner.end.saturating_add(bytes);
        self.payload_len = self.payload_len.saturating_add(bytes);
        self
    }

    /// True where the innermost or the outermost layer is a fragment.
    pub fn is_fragment(&self) -> bool {
        (self.outer.flags | self.inner.flags) & Layer::FRAGMENT != 0
    }

    /// True where one IP header is inside another.
    pub fn is_tunnelled(&self) -> bool {
        self.ip_layers > 1
    }
}

// With what a NIC finds out besides it is to fit in one cache line.
const _: () = assert!(size_of::<Headers>() == 48);
