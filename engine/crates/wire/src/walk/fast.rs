//! The common frame at fixed offsets.

use super::{Headers, L3, Layer};
use crate::ethernet::ethertype;
use crate::protocol;
use core::num::NonZeroU32;

/// What tells one common frame from another: few enough numbers to stay in registers, so that a caller who
/// only looks at the answer never has it in memory. Copying it costs more than finding it.
struct Found {
    l3_at: u32,
    vlans: u8,
    protocol: u8,
    total_len: u32,
    header_len: u32,
    payload_len: u32,
}

/// Plain Ethernet II with at most one 802.1Q tag, IPv4 without options and not a fragment, sound UDP or TCP.
///
/// Answers what [`walk`](super::walk) answers with [`Limits::DATAPATH`](super::Limits::DATAPATH), or `None`:
/// then the frame needs the walk, which need not mean that anything is wrong with it.
#[inline(always)]
pub fn fast_ipv4(frame: &[u8]) -> Option<Headers> {
    find(frame).map(|found| found.headers())
}

#[inline(always)]
fn find(frame: &[u8]) -> Option<Found> {
    let (link, rest) = frame.split_first_chunk::<14>()?;
    match u16::from_be_bytes([link[12], link[13]]) {
        ethertype::IPV4 => at(14, rest, 0),
        ethertype::VLAN => {
            let (tag, rest) = rest.split_first_chunk::<4>()?;
            if u16::from_be_bytes([tag[2], tag[3]]) != ethertype::IPV4 {
                return None;
            }
            at(18, rest, 1)
        }
        _ => None,
    }
}

/// `rest` is what follows the link header of `l3_at` bytes.
#[inline(always)]
fn at(l3_at: u32, rest: &[u8], vlans: u8) -> Option<Found> {
    // One look at the length: the IPv4 header and the 8 bytes of UDP, which TCP has as well.
    let (head, transport) = rest.split_first_chunk::<20>()?;
    let udp = transport.first_chunk::<8>()?;
    let total_len = u16::from_be_bytes([head[2], head[3]]);
    let fragment = u16::from_be_bytes([head[6], head[7]]) & 0x3fff;
    if head[0] != 0x45 || fragment != 0 || usize::from(total_len) > rest.len() {
        return None;
    }
    let there = u32::from(total_len).checked_sub(20)?;
    let protocol = head[9];
    let (header_len, payload_len) = match protocol {
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
    Some(Found { l3_at, vlans, protocol, total_len: u32::from(total_len), header_len, payload_len })
}

impl Found {
    #[inline(always)]
    fn headers(&self) -> Headers {
        let l4_at = self.l3_at + 20;
        let layer = Layer {
            kind: L3::V4,
            protocol: self.protocol,
            flags: 0,
            at: self.l3_at,
            l4_at: NonZeroU32::new(l4_at),
            end: self.l3_at + self.total_len,
        };
        Headers {
            outer: layer,
            inner: layer,
            payload_at: l4_at + self.header_len,
            payload_len: self.payload_len,
            ethertype: ethertype::IPV4,
            vlans: self.vlans,
            ip_layers: 1,
            ..Headers::default()
        }
    }
}
