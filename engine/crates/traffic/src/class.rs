//! What a generated frame is made of.

use wire::protocol;

/// The four kinds of frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    Ipv4Udp,
    Ipv4Tcp,
    Ipv6Udp,
    Ipv6Tcp,
}

impl Class {
    pub(crate) const ALL: [Class; 4] = [Class::Ipv4Udp, Class::Ipv4Tcp, Class::Ipv6Udp, Class::Ipv6Tcp];

    pub(crate) fn new(ipv6: bool, tcp: bool) -> Self {
        match (ipv6, tcp) {
            (false, false) => Class::Ipv4Udp,
            (false, true) => Class::Ipv4Tcp,
            (true, false) => Class::Ipv6Udp,
            (true, true) => Class::Ipv6Tcp,
        }
    }

    pub(crate) fn is_ipv6(self) -> bool {
        matches!(self, Class::Ipv6Udp | Class::Ipv6Tcp)
    }

    pub(crate) fn is_tcp(self) -> bool {
        matches!(self, Class::Ipv4Tcp | Class::Ipv6Tcp)
    }

    /// IP protocol number.
    pub(crate) fn protocol(self) -> u8 {
        if self.is_tcp() { protocol::TCP } else { protocol::UDP }
    }

    /// Offset of the transport header.
    pub(crate) fn transport_at(self) -> usize {
        if self.is_ipv6() { 54 } else { 34 }
    }

    /// Bytes before the payload, from the first of Ethernet.
    #[inline]
    pub(crate) const fn header_bytes(self) -> u32 {
        match self {
            Class::Ipv4Udp => 42,
            Class::Ipv4Tcp => 54,
            Class::Ipv6Udp => 62,
            Class::Ipv6Tcp => 74,
        }
    }
}
