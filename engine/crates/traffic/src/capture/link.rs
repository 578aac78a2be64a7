//! Link types, by the numbers of <https://www.tcpdump.org/linktypes.html>.

use wire::walk::Link;

/// What the first header of a captured frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LinkType {
    /// Ethernet, 1.
    Ethernet,
    /// An IPv4 or IPv6 packet, 101 (12 and 14 where a BSD's own number was written).
    RawIp,
    /// An IPv4 packet, 228.
    RawIpv4,
    /// An IPv6 packet, 229.
    RawIpv6,
    /// BSD loopback, 0: address family in the recording machine's byte order.
    Null,
    /// OpenBSD loopback, 108: address family in network byte order.
    Loop,
    /// Linux cooked, 113.
    LinuxCooked,
    /// Linux cooked version 2, 276.
    LinuxCooked2,
}

/// What [`LinkType::from_number`] takes, for error messages.
pub(crate) const ALLOWED: &str = "0 (null), 1 (ethernet), 12, 14, 101 (raw IP), 108 (loop), 113 (linux_sll), \
                                  228 (raw IPv4), 229 (raw IPv6), 276 (linux_sll2)";

impl LinkType {
    /// The type of a LINKTYPE_ number, if it is supported.
    pub fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            0 => LinkType::Null,
            1 => LinkType::Ethernet,
            12 | 14 | 101 => LinkType::RawIp,
            108 => LinkType::Loop,
            113 => LinkType::LinuxCooked,
            228 => LinkType::RawIpv4,
            229 => LinkType::RawIpv6,
            276 => LinkType::LinuxCooked2,
            _ => return None,
        })
    }

    /// Its LINKTYPE_ number.
    pub const fn number(self) -> u32 {
        match self {
            LinkType::Null => 0,
            LinkType::Ethernet => 1,
            LinkType::RawIp => 101,
            LinkType::Loop => 108,
            LinkType::LinuxCooked => 113,
            LinkType::RawIpv4 => 228,
            LinkType::RawIpv6 => 229,
            LinkType::LinuxCooked2 => 276,
        }
    }

    /// What a walk over the frame begins with.
    pub const fn walk(self) -> Link {
        match self {
            LinkType::Ethernet => Link::Ethernet,
            LinkType::RawIp | LinkType::RawIpv4 | LinkType::RawIpv6 => Link::RawIp,
            LinkType::Null | LinkType::Loop => Link::BsdNull,
            LinkType::LinuxCooked => Link::LinuxCooked,
            LinkType::LinuxCooked2 => Link::LinuxCooked2,
        }
    }
}

/// A link type with the name of some that are met but not supported.
pub(crate) fn describe(number: u32) -> String {
    let name = match number {
        6 => "token ring",
        9 => "PPP",
        50 => "PPP in HDLC",
        104 => "Cisco HDLC",
        105 => "802.11",
        127 => "802.11 with radiotap",
        195 => "802.15.4",
        220 | 189 => "USB",
        239 => "nflog",
        _ => return number.to_string(),
    };
    format!("{number} ({name})")
}
