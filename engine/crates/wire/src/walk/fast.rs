//! The common frame at fixed offsets.

use super::{Headers, L3, Layer};
use crate::ethernet::ethertype;
use crate::protocol;
use core::num::NonZeroU32;

/// What tells one common frame from another whose IPv4 header is at `L3_AT`: few enough numbers to stay in registers
/// as long as they are only asked.
#[derive(Clone, Copy, Debug)]
pub struct PlainIpv4<const L3_AT: usize> {
    protocol: u8,
    total_len: u32,
    header_len: u32,
    payload_len: u32,
}

/// A common frame without a tag.
pub type Untagged = PlainIpv4<14>;
/// A common frame with one 802.1Q tag.
pub type Tagged = PlainIpv4<18>;

/// Plain Ethernet II with at most one 802.1Q tag, IPv4 without options and not a fragment, sound UDP or TCP.
///
/// Answers what [`walk`](super::walk) answers with [`Limits::DATAPATH`](super::Limits::DATAPATH), or `None`:
/// then the frame needs the walk, which need not mean that anything is wrong with it.
#[inline(always)]
pub fn fast_ipv4(frame: &[u8]) -> Option<Headers> {
    match Untagged::new(frame) {
        Some(common) => Some(common.headers()),
        None => Tagged::new(frame).map(|common| common.headers()),
    }
}

impl Untagged {
    /// The frame's numbers, or `None`: see [`fast_ipv4`].
    #[inline(always)]
    pub fn new(frame: &[u8]) -> Option<Self> {
        let (link, rest) = frame.split_first_chunk::<14>()?;
        if u16::from_be_bytes([link[12], link[13]]) == ethertype::IPV4 { Self::ipv4(rest) } else { None }
    }
}

impl Tagged {
    /// The frame's numbers, or `None`: see [`fast_ipv4`].
    #[inline(always)]
    pub fn new(frame: &[u8]) -> Option<Self> {
        let (link, rest) = frame.split_first_chunk::<18>()?;
        let types = [[link[12], link[13]], [link[16], link[17]]].map(u16::from_be_bytes);
        if types == [ethertype::VLAN, ethertype::IPV4] { Self::ipv4(rest) } else { None }
    }
}

impl<const L3_AT: usize> PlainIpv4<L3_AT> {
    /// What all of them have in common.
    const TEMPLATE: Headers = {
        let at = L3_AT as u32;
        let layer =
            Layer { kind: L3::V4, protocol: 0, flags: 0, at, l4_at: NonZeroU32::new(at + 20), end: 0 };
        Headers {
            outer: layer,
            inner: layer,
            payload_at: 0,
            payload_len: 0,
            ethertype: ethertype::IPV4,
            vlans: if L3_AT == 18 { 1 } else { 0 },
            labels: 0,
            ip_layers: 1,
            extensions: 0,
            fault: None,
        }
    };

    /// The answer.
    #[inline(always)]
    pub fn headers(&self) -> Headers {
        let end = L3_AT as u32 + self.total_len;
        let layer = Layer { protocol: self.protocol, end, ..Self::TEMPLATE.outer };
        Headers {
            outer: layer,
            inner: layer,
            payload_at: L3_AT as u32 + 20 + self.header_len,
            payload_len: self.payload_len,
            ..Self::TEMPLATE
        }
    }

    /// The answer, where it is kept: by a few wide stores of what all have in common and a few narrow ones.
    #[inline(always)]
    pub fn write(&self, out: &mut Headers) {
        *out = Self::TEMPLATE;
        for layer in [&mut out.outer, &mut out.inner] {
            layer.protocol = self.protocol;
            layer.end = L3_AT as u32 + self.total_len;
        }
        out.payload_at = L3_AT as u32 + 20 + self.header_len;
        out.payload_len = self.payload_len;
    }

    /// `rest` is what follows the link header.
    #[inline(always)]
    fn ipv4(rest: &[u8]) -> Option<Self> {
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
        Some(PlainIpv4 { protocol, total_len: u32::from(total_len), header_len, payload_len })
    }
}
