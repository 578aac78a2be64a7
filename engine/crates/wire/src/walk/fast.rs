//! The common frame at fixed offsets.

use super::{Headers, L3, Layer};
use crate::ethernet::ethertype;
use crate::protocol;
use core::num::NonZeroU32;

/// What tells one common frame from another: few enough numbers to stay in registers as long as they are only asked.
#[derive(Clone, Copy, Debug)]
pub struct Common {
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
    Common::new(frame).map(|common| common.headers())
}

/// Where the headers of all untagged common frames are.
const UNTAGGED: Headers = {
    let layer = Layer { kind: L3::V4, protocol: 0, flags: 0, at: 14, l4_at: NonZeroU32::new(34), end: 0 };
    Headers {
        outer: layer,
        inner: layer,
        payload_at: 0,
        payload_len: 0,
        mpls_at: 0,
        fragment_at: None,
        ah_at: None,
        ethertype: ethertype::IPV4,
        vlans: 0,
        labels: 0,
        ip_layers: 1,
        extensions: 0,
        fault: None,
    }
};

impl Common {
    /// The common frame's numbers, or `None`: see [`fast_ipv4`].
    #[inline(always)]
    pub fn new(frame: &[u8]) -> Option<Self> {
        find(frame)
    }

    /// The answer.
    #[inline(always)]
    pub fn headers(&self) -> Headers {
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
            ..UNTAGGED
        }
    }

    /// The answer, where it is kept: by a few wide stores of what all have in common and a few narrow ones.
    #[inline(always)]
    pub fn write(&self, out: &mut Headers) {
        *out = UNTAGGED;
        if self.vlans != 0 {
            out.vlans = self.vlans;
            out.outer.at = self.l3_at;
            out.inner.at = self.l3_at;
            out.outer.l4_at = NonZeroU32::new(self.l3_at + 20);
            out.inner.l4_at = out.outer.l4_at;
        }
        out.outer.protocol = self.protocol;
        out.inner.protocol = self.protocol;
        out.outer.end = self.l3_at + self.total_len;
        out.inner.end = self.l3_at + self.total_len;
        out.payload_at = self.l3_at + 20 + self.header_len;
        out.payload_len = self.payload_len;
    }
}

#[inline(always)]
fn find(frame: &[u8]) -> Option<Common> {
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
fn at(l3_at: u32, rest: &[u8], vlans: u8) -> Option<Common> {
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
    Some(Common { l3_at, vlans, protocol, total_len: u32::from(total_len), header_len, payload_len })
}
