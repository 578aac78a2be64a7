//! Whose segment it is.

use super::plain::{PLAIN, pair};
use crate::walk::{Headers, L3};

/// An IP header's version and place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    pub(super) kind: L3,
    pub(super) at: u8,
}

impl Network {
    /// Type of service or traffic class.
    pub(super) fn tos(self, frame: &[u8]) -> Option<u8> {
        let [first, second]: [u8; 2] = *frame.get(usize::from(self.at)..)?.first_chunk()?;
        Some(if self.kind == L3::V4 { second } else { first << 4 | second >> 4 })
    }

    /// Time to live or hop limit.
    pub(super) fn ttl(self, frame: &[u8]) -> Option<u8> {
        frame.get(usize::from(self.at) + if self.kind == L3::V4 { 8 } else { 7 }).copied()
    }

    /// Its addresses.
    #[inline]
    pub(super) fn addresses(self, frame: &[u8]) -> &[u8] {
        let at = usize::from(self.at);
        let range = if self.kind == L3::V4 { at + 12..at + 20 } else { at + 8..at + 40 };
        frame.get(range).unwrap_or(&[])
    }

    /// Whether two headers have the same addresses.
    #[inline]
    fn has_addresses_of(self, mine: &[u8], other: Network, theirs: &[u8]) -> bool {
        let (mine, theirs) = (self.addresses(mine), other.addresses(theirs));
        match (<&[u8; 8]>::try_from(mine), <&[u8; 8]>::try_from(theirs)) {
            (Ok(mine), Ok(theirs)) => mine == theirs,
            _ => mine == theirs,
        }
    }
}

/// How flows are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// By VLAN tags, addresses and ports, outer addresses included. A segment that differs in anything else ends its
    /// flow's aggregate, so that no segment overtakes another of the same connection.
    ByConnection,
    /// As Linux does: by link addresses, flow label and extension headers as well. Segments of one connection that
    /// differ in these are held side by side, and may overtake one another.
    AsLinux,
}

/// Where the parts of a frame are that name its flow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    pub(super) outer: Network,
    /// Equal to `outer` where there is no tunnel.
    pub(super) inner: Network,
    pub(super) tcp_at: u8,
}

impl Flow {
    /// The flow of a frame that is none for coalescing (options, a first fragment, a malformed header) but has TCP
    /// ports all the same.
    pub(super) fn of(headers: &Headers) -> Option<Flow> {
        let offset = |at: usize| u8::try_from(at).ok();
        if headers.protocol() != crate::protocol::TCP {
            return None;
        }
        Some(Flow {
            outer: Network { kind: headers.outer.kind, at: offset(headers.outer.at())? },
            inner: Network { kind: headers.inner.kind, at: offset(headers.inner.at())? },
            tcp_at: offset(headers.l4_at()?)?,
        })
    }

    #[inline]
    fn ports<'f>(&self, frame: &'f [u8]) -> Option<&'f [u8; 4]> {
        frame.get(usize::from(self.tcp_at)..)?.first_chunk()
    }

    /// The outer IP header, and the inner one if there is a tunnel.
    #[inline]
    pub(super) fn networks(self) -> impl Iterator<Item = Network> {
        [Some(self.outer), self.is_tunnelled().then_some(self.inner)].into_iter().flatten()
    }

    #[inline]
    pub(super) fn is_tunnelled(&self) -> bool {
        self.outer != self.inner
    }

    /// A keyed hash of the innermost addresses and the ports: multiply-fold, the secret in each round, so that an
    /// outsider cannot make flows collide.
    #[inline(always)]
    pub fn hash(&self, frame: &[u8], secret: u64) -> u64 {
        let fold = |a: u64, b: u64| {
            let wide = u128::from(a ^ secret) * u128::from(b ^ 0x9e37_79b9_7f4a_7c15);
            (wide as u64) ^ ((wide >> 64) as u64)
        };
        let ports = self.ports(frame).map_or(0, |ports| u64::from(u32::from_ne_bytes(*ports)));
        let (words, _) = self.inner.addresses(frame).as_chunks::<8>();
        words.iter().fold(fold(ports, 0), |hash, word| fold(hash, u64::from_ne_bytes(*word)))
    }

    /// Whether both frames are of one flow. `theirs` are at least the headers of the other frame.
    pub(super) fn is_of(&self, mine: &[u8], other: &Flow, theirs: &[u8], told: Told) -> bool {
        if (*self, *other, told) == (PLAIN, PLAIN, Told::ByConnection) {
            // Addresses and ports lie together, and nothing else tells such flows apart.
            return pair(mine) == pair(theirs);
        }
        let link = |flow: &Flow| 12..usize::from(flow.outer.at);
        let same = self.ports(mine) == other.ports(theirs)
            && self.inner.has_addresses_of(mine, other.inner, theirs)
            && self.is_tunnelled() == other.is_tunnelled()
            && mine.get(link(self)) == theirs.get(link(other))
            && (!self.is_tunnelled() || self.outer.has_addresses_of(mine, other.outer, theirs));
        same && (told == Told::ByConnection || (self == other && self.is_same_path(mine, theirs)))
    }

    /// Whether what Linux compares besides is equal, in two headers of the same form.
    fn is_same_path(&self, mine: &[u8], theirs: &[u8]) -> bool {
        let equal = |from: usize, to: usize| mine.get(from..to) == theirs.get(from..to);
        let network = |network: Network, end: u8| {
            let (at, end) = (usize::from(network.at), usize::from(end));
            // ip6_offload.c: version and flow label, next header, what follows the addresses.
            let label = |frame: &[u8]| {
                let first: [u8; 4] = *frame.get(at..)?.first_chunk()?;
                Some(u32::from_be_bytes(first) & 0xf00f_ffff)
            };
            network.kind == L3::V4
                || (label(mine) == label(theirs) && equal(at + 6, at + 7) && equal(at + 40, end))
        };
        let outer_end = if self.is_tunnelled() { self.inner.at } else { self.tcp_at };
        equal(0, 12) && network(self.outer, outer_end) && network(self.inner, self.tcp_at)
    }
}
