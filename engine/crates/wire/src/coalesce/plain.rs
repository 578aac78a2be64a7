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
    let form = u32::from_be_bytes(*at::<12, 4>(head)?);
    let ip_bytes = u16::from_be_bytes(*at::<16, 2>(head)?);
    let carried = u32::from_be_bytes(*at::<20, 4>(head)?);
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
    let sequence = u32::from_be_bytes(*at::<38, 4>(head)?);
    let flags = u16::from_be_bytes(*at::<46, 2>(head)?) & 0x0fff;
    Some(Segment::single(PLAIN, header_bytes, sequence, flags, payload_bytes))
}

/// A field at once: put together from bytes of which a mask leaves some out, it would be read byte by byte.
#[inline(always)]
fn at<const AT: usize, const N: usize>(head: &[u8; 54]) -> Option<&[u8; N]> {
    head.get(AT..)?.first_chunk()
}

/// Addresses and ports of such a segment.
#[inline]
pub(super) fn pair(head: &[u8]) -> Option<&[u8; 12]> {
    head.get(usize::from(IP_AT) + 12..)?.first_chunk()
}
