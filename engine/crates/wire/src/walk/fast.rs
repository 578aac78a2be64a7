//! The common frame at fixed offsets.

use super::{Headers, L3, Layer, offset};
use crate::ethernet::ethertype;
use crate::protocol;
use core::num::NonZeroU32;

/// Plain Ethernet II with at most one 802.1Q tag, IPv4 without options and not a fragment, sound UDP or TCP.
///
/// Answers what [`walk`](super::walk) answers with [`Limits::DATAPATH`](super::Limits::DATAPATH), or `None`:
/// then the frame needs the walk, which need not mean that anything is wrong with it.
#[inline]
pub fn fast_ipv4(frame: &[u8]) -> Option<Headers> {
    let (link, rest) = frame.split_first_chunk::<14>()?;
    match u16::from_be_bytes([link[12], link[13]]) {
        ethertype::IPV4 => at(frame.len(), 14, rest, 0),
        ethertype::VLAN => {
            let (tag, rest) = rest.split_first_chunk::<4>()?;
            if u16::from_be_bytes([tag[2], tag[3]]) != ethertype::IPV4 {
                return None;
            }
            at(frame.len(), 18, rest, 1)
        }
        _ => None,
    }
}

/// `rest` is what follows the link header of `l3_at` bytes.
#[inline]
fn at(frame_len: usize, l3_at: u32, rest: &[u8], vlans: u8) -> Option<Headers> {
    // One look at the length: the IPv4 header and the 8 bytes of UDP, which TCP has as well.
    let (head, transport) = rest.split_first_chunk::<20>()?;
    let udp = transport.first_chunk::<8>()?;
    let total_len = u16::from_be_bytes([head[2], head[3]]);
    let fragment = u16::from_be_bytes([head[6], head[7]]) & 0x3fff;
    if head[0] != 0x45 || fragment != 0 || usize::from(total_len) > rest.len() {
        return None;
    }
    let there = u32::from(total_len).checked_sub(20)?;
    let (header_len, payload_len) = match head[9] {
        protocol::UDP => {
            let len = u32::from(u16::from_be_bytes([udp[4], udp[5]]));
            if len > there {
                return None;
            }
            (8, len.checked_sub(8)?)
        }
        protocol::TCP => {
            let offset = transport.get(12)?;
            let len = u32::from(offset >> 4) * 4;
            if len < 20 {
                return None;
            }
            (len, there.checked_sub(len)?)
        }
        _ => return None,
    };
    let l4_at = l3_at + 20;
    let layer = Layer {
        kind: L3::V4,
        protocol: head[9],
        flags: 0,
        at: l3_at,
        l4_at: NonZeroU32::new(l4_at),
        end: l3_at + u32::from(total_len),
    };
    debug_assert!(layer.end <= offset(frame_len));
    Some(Headers {
        outer: layer,
        inner: layer,
        payload_at: l4_at + header_len,
        payload_len,
        ethertype: ethertype::IPV4,
        vlans,
        ip_layers: 1,
        ..Headers::default()
    })
}
