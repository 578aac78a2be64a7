//! A flow's name: the 5-tuple in one comparable value.

use crate::rss;
use wire::walk::{Headers, Layer};

/// Addresses, ports and protocol of a flow, 40 bytes.
#[derive(Clone, Copy, Debug, Eq, Hash)]
#[expect(clippy::derived_hash_with_manual_eq, reason = "the comparison is the derived one, only faster")]
pub struct FlowKey {
    // Words, so that a comparison is five of them.
    words: [u64; 5],
}

impl PartialEq for FlowKey {
    /// Word by word: the derived comparison of 40 bytes becomes a call of memcmp.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.words.iter().zip(&other.words).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
    }
}

impl FlowKey {
    /// The name of no flow.
    pub const NONE: FlowKey = FlowKey { words: [0; 5] };

    /// IPv4: source and destination address and port, in network order.
    #[inline(always)]
    pub fn ipv4(addresses: [u8; 8], ports: [u8; 4], protocol: u8) -> Self {
        let tail = Self::tail(ports, protocol, 4);
        FlowKey { words: [u64::from_ne_bytes(addresses), 0, 0, 0, tail] }
    }

    /// IPv6: source and destination address and port, in network order.
    #[inline]
    pub fn ipv6(addresses: [u8; 32], ports: [u8; 4], protocol: u8) -> Self {
        let mut words = [0; 5];
        for (word, bytes) in words.iter_mut().zip(addresses.as_chunks().0) {
            *word = u64::from_ne_bytes(*bytes);
        }
        let [a, b, c, d, _] = words;
        FlowKey { words: [a, b, c, d, Self::tail(ports, protocol, 6)] }
    }

    /// The flow of a frame, in the layer RSS looks at; `None` where it is not whole TCP or UDP.
    #[inline(always)]
    pub fn of(frame: &[u8], headers: &Headers, inner: bool) -> Option<Self> {
        let layer: &Layer = rss::layer(headers, inner)?;
        let ports = rss::ports(frame, layer)?;
        let header = frame.get(layer.at()..)?;
        Some(if layer.kind == wire::walk::L3::V4 {
            Self::ipv4(*header.get(12..)?.first_chunk()?, ports, layer.protocol)
        } else {
            Self::ipv6(*header.get(8..)?.first_chunk()?, ports, layer.protocol)
        })
    }

    #[inline(always)]
    fn tail(ports: [u8; 4], protocol: u8, version: u8) -> u64 {
        u64::from(u32::from_ne_bytes(ports)) | u64::from(protocol) << 32 | u64::from(version) << 40
    }
}
