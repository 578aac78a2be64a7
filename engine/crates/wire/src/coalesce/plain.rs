//! Most segments: plain Ethernet, IPv4 without options, TCP, at fixed offsets.

use super::flow::{Flow, Network};
use super::read::Segment;
use crate::ethernet::ethertype;
use crate::protocol;
use crate::walk::L3;

const IP_AT: u8 = 14;
const TCP_AT: u8 = 34;
const NETWORK: Network = Network { kind: L3::V4, at: IP_AT };

/// Where such a segment has what names its flow.
pub(super) const PLAIN: Flow = Flow { outer: NETWORK, inner: NETWORK, tcp_at: TCP_AT };

/// Most frames of right checksums that [`read`](super::read()) says may join, at a few looks; `None`: read it.
#[inline(always)]
pub fn plain(bytes: &[u8], frame_bytes: usize) -> Option<Segment> {
    let head: &[u8; 54] = bytes.first_chunk()?;
    let form = u32::from_be_bytes([head[12], head[13], head[14], head[15]]);
    let ip_bytes = u16::from_be_bytes([head[16], head[17]]);
    let carried = u32::from_be_bytes([head[20], head[21], head[22], head[23]]);
    // EtherType, version and header length; fragment but for the don't-fragment bit, protocol.
    let is_plain = form & 0xffff_ff00 == u32::from(ethertype::IPV4) << 16 | 0x4500
        && carried & 0xbfff_00ff == u32::from(protocol::TCP)
        && usize::from(IP_AT) + usize::from(ip_bytes) == frame_bytes;
    let header_bytes = u16::from(TCP_AT) + u16::from(head[46] >> 4) * 4;
    let is_whole = header_bytes >= 54 && usize::from(header_bytes) <= frame_bytes.min(bytes.len());
    if !(is_plain && is_whole) {
        return None;
    }
    let payload_bytes = frame_bytes as u32 - u32::from(header_bytes);
    let sequence = u32::from_be_bytes([head[38], head[39], head[40], head[41]]);
    let flags = u16::from_be_bytes([head[46], head[47]]) & 0x0fff;
    Some(Segment::single(PLAIN, header_bytes, sequence, flags, payload_bytes))
}

/// Addresses and ports of such a segment.
#[inline]
pub(super) fn pair(head: &[u8]) -> Option<&[u8; 12]> {
    head.get(usize::from(IP_AT) + 12..)?.first_chunk()
}
