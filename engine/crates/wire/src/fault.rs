//! What can be wrong with a frame, one name per malformation the receive path tells apart.

/// The first malformation met in a frame, or the reason a view could not be constructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Fault {
    /// The frame is shorter than its link header (Ethernet, LLC/SNAP, cooked, null).
    Runt,
    /// A VLAN tag is cut.
    VlanTruncated,
    /// An ARP message is cut, or its address lengths do not fit its bytes.
    ArpTruncated,
    /// A label stack entry is cut (1 to 3 bytes left), or nothing is there where the stack or its payload is due.
    MplsTruncated,
    /// More labels than [`Limits::labels`](crate::walk::Limits::labels).
    MplsDepth,
    /// The bytes end after an entry without the bottom-of-stack bit.
    MplsNoBottom,
    /// A special-purpose label that must not arrive: 3, 4 to 6, 8 to 12, 15 (see [`crate::mpls`]).
    MplsReservedLabel,
    /// The top label's TTL is 0 (RFC 3032 section 2.4.1).
    MplsTtl,
    /// IPv4: cut, version not 4, IHL below 5 or beyond the total length.
    Ipv4Header,
    /// IPv4 header checksum wrong.
    Ipv4Checksum,
    /// IPv4 options malformed: a length below 2 or beyond the header.
    Ipv4Options,
    /// IPv6: cut, or version not 6.
    Ipv6Header,
    /// Total length, payload length or jumbo length is larger than the bytes there.
    IpTruncated,
    /// More IP headers than [`Limits::ip_layers`](crate::walk::Limits::ip_layers).
    IpDepth,
    /// An IPv6 extension header is cut, lies about its length, or hop-by-hop is not the first.
    Ipv6Extension,
    /// More extension headers than [`Limits::extension_headers`](crate::walk::Limits::extension_headers).
    ExtensionLimit,
    /// More options in one header than [`Limits::options`](crate::walk::Limits::options), or over 7 bytes of
    /// consecutive padding (RFC 8504 section 5.3).
    OptionLimit,
    /// An authentication header is cut or shorter than its fixed part.
    AhTruncated,
    /// Fewer than the 8 bytes of SPI and sequence number.
    EspTruncated,
    /// UDP: cut, or a length below 8 or beyond the IP payload.
    UdpLength,
    /// UDP checksum wrong, or zero over IPv6 (RFC 8200 section 8.1).
    UdpChecksum,
    /// TCP: cut, data offset below 5 or beyond the segment.
    TcpHeader,
    /// TCP checksum wrong.
    TcpChecksum,
    /// TCP options malformed: a length below 2 or beyond the header.
    TcpOptions,
    /// ICMP or ICMPv6 message shorter than 8 bytes.
    IcmpTruncated,
    /// ICMP or ICMPv6 checksum wrong.
    IcmpChecksum,
    /// IGMP message shorter than 8 bytes.
    IgmpTruncated,
    /// IGMP checksum wrong.
    IgmpChecksum,
}

impl Fault {
    /// A stable snake_case name, as counters spell it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Runt => "runt",
            Self::VlanTruncated => "vlan_truncated",
            Self::ArpTruncated => "arp_truncated",
            Self::MplsTruncated => "mpls_truncated",
            Self::MplsDepth => "mpls_depth",
            Self::MplsNoBottom => "mpls_no_bos",
            Self::MplsReservedLabel => "mpls_reserved",
            Self::MplsTtl => "mpls_ttl",
            Self::Ipv4Header => "ipv4_header",
            Self::Ipv4Checksum => "ipv4_checksum",
            Self::Ipv4Options => "ipv4_options",
            Self::Ipv6Header => "ipv6_header",
            Self::IpTruncated => "ip_truncated",
            Self::IpDepth => "ip_depth",
            Self::Ipv6Extension => "ipv6_extension",
            Self::ExtensionLimit => "ext_limit",
            Self::OptionLimit => "option_limit",
            Self::AhTruncated => "ah_truncated",
            Self::EspTruncated => "esp_truncated",
            Self::UdpLength => "udp_length",
            Self::UdpChecksum => "udp_checksum",
            Self::TcpHeader => "tcp_header",
            Self::TcpChecksum => "tcp_checksum",
            Self::TcpOptions => "tcp_options",
            Self::IcmpTruncated => "icmp_truncated",
            Self::IcmpChecksum => "icmp_checksum",
            Self::IgmpTruncated => "igmp_truncated",
            Self::IgmpChecksum => "igmp_checksum",
        }
    }
}

impl core::fmt::Display for Fault {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Fault {}
