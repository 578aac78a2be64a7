//! How a frame stands to its flow: what GRO's receive functions find out on the way down to TCP.

use super::MAX_HEADER_BYTES;
use super::flow::{Flow, Network};
use crate::ethernet::ethertype;
use crate::tcp::flag;
use crate::walk::{Headers, L3};
use crate::{Fault, checksum, protocol};

/// What is known of a frame's checksums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checksum {
    /// The outermost IPv4 header's and the transport's are right.
    Good,
    /// One of them is wrong.
    Wrong,
    /// Nobody has looked.
    Unknown,
}

impl Checksum {
    /// From what a card or an earlier stage noted about a frame.
    #[inline]
    pub fn of(verified: bool, fault: Option<Fault>) -> Self {
        match fault {
            None if verified => Checksum::Good,
            Some(Fault::Ipv4Checksum | Fault::TcpChecksum) => Checksum::Wrong,
            _ => Checksum::Unknown,
        }
    }
}

/// A TCP segment as coalescing sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Whose it is.
    pub flow: Flow,
    header_bytes: u16,
    /// Sequence number.
    pub sequence: u32,
    /// The 12 bits behind the data offset, see [`flag`].
    pub flags: u16,
    /// Payload of TCP.
    pub payload_bytes: u32,
    segments: u16,
    unit_bytes: u32,
}

impl Segment {
    /// One as it came from the wire.
    #[inline(always)]
    pub(super) fn single(
        flow: Flow,
        header_bytes: u16,
        sequence: u32,
        flags: u16,
        payload_bytes: u32,
    ) -> Self {
        Segment { flow, header_bytes, sequence, flags, payload_bytes, segments: 1, unit_bytes: payload_bytes }
    }

    /// Bytes of all headers, from the link's on; the payload follows.
    #[inline]
    pub fn header_bytes(&self) -> usize {
        usize::from(self.header_bytes)
    }

    /// The same, merged before of so many segments with `gso_bytes` of payload each but perhaps the last.
    #[must_use]
    pub fn merged(self, segments: u16, gso_bytes: u16) -> Self {
        if segments > 1 { Segment { segments, unit_bytes: u32::from(gso_bytes), ..self } } else { self }
    }

    /// Segments of the wire in it: 1 unless a card has merged several.
    #[inline]
    pub fn segments(&self) -> u16 {
        self.segments
    }

    /// Payload of each of them but perhaps the last.
    #[inline]
    pub fn unit_bytes(&self) -> u32 {
        self.unit_bytes
    }

    /// Whether all of them have the same payload, as a single one has.
    #[inline]
    fn is_even(&self) -> bool {
        self.payload_bytes == u32::from(self.segments) * self.unit_bytes
    }

    /// Whether it may be the first of an aggregate; else it goes alone (tcp_gro_receive, `out_check_final`).
    #[inline]
    pub fn may_lead(&self) -> bool {
        self.payload_bytes > 0
            && self.is_even()
            && self.flags & (flag::FIN | flag::SYN | flag::RST | flag::PSH | flag::URG) == 0
    }
}

/// How a frame stands to its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// It may join an aggregate or lead one.
    Joins(Segment),
    /// It goes alone, and its flow's aggregate is complete.
    Ends(Segment),
    /// It goes alone. Linux does not look at whose it is, so that it may overtake what is held of its flow.
    Passes(Flow),
    /// It is of no flow: not TCP, or its checksum is wrong, so that nothing in its headers can be believed.
    Apart,
}

/// Read a frame of `frame_bytes` bytes whose headers are within `bytes`. With `trim`, link padding behind the IP
/// packet is left out of the segment; without, a padded segment ends its flow's aggregate, as in Linux.
#[inline]
pub fn read(bytes: &[u8], frame_bytes: usize, headers: &Headers, checksum: Checksum, trim: bool) -> Reading {
    // The transport's checksum is looked at once the outermost header's is right.
    let outer_is_right = checksum == Checksum::Good || headers.fault == Some(Fault::TcpChecksum);
    match locate(bytes, frame_bytes, outer_is_right, trim) {
        Located::Tcp(located) => judge(bytes, headers, checksum, &located),
        Located::Irregular => Flow::of(headers).map_or(Reading::Apart, Reading::Passes),
        Located::NotSound => Reading::Apart,
    }
}

/// A way down to TCP without anything that stops GRO.
struct Tcp {
    flow: Flow,
    /// Where the segment ends.
    end: usize,
    /// Every IP length is the frame's, and no reserved flag is set.
    whole: bool,
}

enum Located {
    Tcp(Tcp),
    /// Something that GRO does not look behind.
    Irregular,
    /// An IPv4 header inside a tunnel has a wrong checksum.
    NotSound,
}

#[inline]
fn judge(bytes: &[u8], headers: &Headers, checksum: Checksum, located: &Tcp) -> Reading {
    let flow = located.flow;
    let tcp_at = usize::from(flow.tcp_at);
    let Some(tcp) = bytes.get(tcp_at..).and_then(|tcp| tcp.first_chunk::<20>()) else {
        return Reading::Passes(flow);
    };
    match checksum {
        Checksum::Good => {}
        // tcp4_gro_receive does not verify what it will flush anyway. A wrong IPv4 checksum comes before that.
        _ if headers.fault == Some(Fault::Ipv4Checksum) => return Reading::Apart,
        _ if !located.whole => {}
        Checksum::Wrong => return Reading::Apart,
        Checksum::Unknown => return Reading::Passes(flow),
    }
    let header_end = tcp_at + usize::from(tcp[12] >> 4) * 4;
    if header_end < tcp_at + 20 || header_end > located.end.min(bytes.len()) || header_end > MAX_HEADER_BYTES
    {
        return Reading::Passes(flow);
    }
    let sequence = u32::from_be_bytes([tcp[4], tcp[5], tcp[6], tcp[7]]);
    let flags = u16::from_be_bytes([tcp[12] & 0x0f, tcp[13]]);
    let payload_bytes = (located.end - header_end) as u32;
    let segment = Segment::single(flow, header_end as u16, sequence, flags, payload_bytes);
    if located.whole { Reading::Joins(segment) } else { Reading::Ends(segment) }
}

#[inline]
fn locate(bytes: &[u8], frame_bytes: usize, outer_is_right: bool, trim: bool) -> Located {
    down(bytes, frame_bytes, outer_is_right, trim).unwrap_or(Located::Irregular)
}

/// Link header and tags, one or two IP headers, TCP. `None`: irregular.
#[inline]
fn down(bytes: &[u8], frame_bytes: usize, outer_is_right: bool, trim: bool) -> Option<Located> {
    let mut at = 14;
    let mut ethertype = u16::from_be_bytes(*bytes.get(12..)?.first_chunk()?);
    while matches!(ethertype, ethertype::VLAN | ethertype::QINQ) {
        ethertype = u16::from_be_bytes(*bytes.get(at + 2..)?.first_chunk()?);
        at += 4;
    }
    let mut kind = match ethertype {
        ethertype::IPV4 => L3::V4,
        ethertype::IPV6 => L3::V6,
        _ => return None,
    };
    let (mut end, mut whole) = (frame_bytes, true);
    let mut outer: Option<Network> = None;
    loop {
        let network = Network { kind, at: u8::try_from(at).ok()? };
        let ip = bytes.get(at..)?;
        let step = if kind == L3::V4 {
            ipv4(ip, end - at, outer.is_some(), outer_is_right)?
        } else {
            ipv6(ip, end - at)?
        };
        let Step::Next { next, header_bytes, ip_bytes, reserved } = step else {
            return Some(Located::NotSound);
        };
        // Link padding lies behind the outermost packet only.
        if trim && outer.is_none() && (header_bytes..=end - at).contains(&ip_bytes) {
            end = at + ip_bytes;
        }
        whole &= ip_bytes == end - at && !reserved;
        at += header_bytes;
        kind = match next {
            protocol::TCP => {
                let flow =
                    Flow { outer: outer.unwrap_or(network), inner: network, tcp_at: u8::try_from(at).ok()? };
                return Some(Located::Tcp(Tcp { flow, end, whole }));
            }
            // ipip_gro_receive: one tunnel (`encap_mark`).
            protocol::IPV4 if outer.is_none() => L3::V4,
            protocol::IPV6 if outer.is_none() => L3::V6,
            _ => return None,
        };
        outer = Some(network);
    }
}

enum Step {
    Next { next: u8, header_bytes: usize, ip_bytes: usize, reserved: bool },
    NotSound,
}

/// `inet_gro_receive`: no options, no fragment, a right header checksum. That of an outer header is verified before,
/// unless something else was wrong with it.
#[inline(always)]
fn ipv4(ip: &[u8], there: usize, is_inner: bool, outer_is_right: bool) -> Option<Step> {
    let head: &[u8; 20] = ip.first_chunk()?;
    let fragment = u16::from_be_bytes([head[6], head[7]]);
    if head[0] != 0x45 || fragment & 0x3fff != 0 || there < 20 {
        return None;
    }
    let ip_bytes = usize::from(u16::from_be_bytes([head[2], head[3]]));
    let verify = is_inner || (ip_bytes != there && !outer_is_right);
    if verify && !checksum::holds(head) {
        return Some(Step::NotSound);
    }
    Some(Step::Next { next: head[9], header_bytes: 20, ip_bytes, reserved: fragment & 0x8000 != 0 })
}

/// `ipv6_gro_receive`: extension headers that `ipv6_gso_pull_exthdrs` passes.
#[inline]
fn ipv6(ip: &[u8], there: usize) -> Option<Step> {
    let head: &[u8; 40] = ip.first_chunk()?;
    if head[0] >> 4 != 6 {
        return None;
    }
    let (mut next, mut header_bytes) = (head[6], 40);
    while matches!(next, protocol::HOP_BY_HOP | protocol::ROUTING | protocol::DESTINATION) {
        let [following, units, ..]: [u8; 8] = *ip.get(header_bytes..)?.first_chunk()?;
        next = following;
        header_bytes += 8 + 8 * usize::from(units);
    }
    if header_bytes > there {
        return None;
    }
    let ip_bytes = 40 + usize::from(u16::from_be_bytes([head[4], head[5]]));
    Some(Step::Next { next, header_bytes, ip_bytes, reserved: false })
}
