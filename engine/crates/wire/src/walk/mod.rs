//! One walk over a frame, from its link header to the innermost transport header.
//!
//! The walk records the first [`Fault`] and goes on wherever what follows can still be told: a dissector
//! lists what is on the wire, the datapath looks at [`Headers::fault`] and drops. A header is visited when its
//! fixed part is there; what a header claims is never trusted beyond the bytes.

mod fast;
mod headers;
mod ipv4;
mod ipv6;
mod link;
mod transport;
mod verify;
mod visit;

pub use fast::{PlainIpv4, Tagged, Untagged, fast_ipv4};
pub use headers::{Headers, L3, Layer};
pub use verify::{verify_ip_checksum, verify_l4_checksum, verify_tcp_options};
pub use visit::Visit;

use crate::Fault;
use core::num::NonZeroU32;

/// How far a walk goes. Each bound is the number still accepted; one more is a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// MPLS labels.
    pub labels: u8,
    /// IPv6 extension headers (and AH) in the whole frame.
    pub extension_headers: u8,
    /// Options in one IPv4, hop-by-hop or destination header; padding is not counted.
    pub options: u8,
    /// IP headers inside one another.
    pub ip_layers: u8,
}

impl Limits {
    /// What the receive path accepts; 8 options is Linux's `max_hbh_opts_number` and `max_dst_opts_number`.
    pub const DATAPATH: Self = Self { labels: 16, extension_headers: 8, options: 8, ip_layers: 4 };
    /// What a dissector lists.
    pub const DISSECT: Self = Self { labels: 64, extension_headers: 64, options: 255, ip_layers: 64 };
}

/// How the frame starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Link {
    /// Ethernet II or 802.3, without preamble and frame check sequence.
    Ethernet,
    /// An IP header; its version nibble says which.
    RawIp,
    /// Four bytes of address family (see [`crate::null`]).
    BsdNull,
    /// Linux cooked, version 1.
    LinuxCooked,
    /// Linux cooked, version 2.
    LinuxCooked2,
}

/// Walks a frame that is here as a whole.
pub fn walk<V: Visit>(link: Link, frame: &[u8], limits: &Limits, visitor: &mut V) -> Headers {
    walk_captured(link, frame, frame.len(), limits, visitor)
}

/// Walks a frame of which only the first bytes were captured: lengths are held against `wire_len_bytes`, what
/// the frame had on the wire, and headers are read from `frame`. With such a frame, offsets and payload may
/// lie beyond `frame`. A wire length below `frame.len()` counts as `frame.len()`.
pub fn walk_captured<V: Visit>(
    link: Link,
    frame: &[u8],
    wire_len_bytes: usize,
    limits: &Limits,
    visitor: &mut V,
) -> Headers {
    let wire_end = wire_len_bytes.max(frame.len());
    let mut walker = Walker {
        frame,
        end: wire_end,
        limits,
        visitor,
        layer: Layer::default(),
        out: Headers::default(),
        in_fragment: false,
    };
    let mut step = walker.link(link);
    loop {
        step = match step {
            Step::Type(ethertype, at) => walker.ethertype(ethertype, at),
            Step::Llc(at) => walker.llc(at),
            Step::Mpls(at) => walker.mpls(at),
            Step::Ip(at) => walker.ip(at),
            Step::Ipv4(at) => walker.ipv4(at),
            Step::Ipv6(at) => walker.ipv6(at),
            Step::Transport(at) => walker.transport(at),
            Step::Stop => break,
        };
    }
    walker.close_layer();
    walker.out
}

/// The datapath's walk: Ethernet, [`Limits::DATAPATH`], nothing visited, the fast path first.
#[inline]
pub fn headers(frame: &[u8]) -> Headers {
    match fast_ipv4(frame) {
        Some(headers) => headers,
        None => walk(Link::Ethernet, frame, &Limits::DATAPATH, &mut visit::Nothing),
    }
}

/// What comes next, and where.
enum Step {
    Type(u16, usize),
    Llc(usize),
    Mpls(usize),
    /// Some version of IP, by the nibble.
    Ip(usize),
    Ipv4(usize),
    Ipv6(usize),
    /// What the current layer's `protocol` says.
    Transport(usize),
    Stop,
}

struct Walker<'f, 'v, V> {
    frame: &'f [u8],
    /// Where the innermost length so far says the data ends; not before `frame` is exhausted or cut.
    end: usize,
    limits: &'v Limits,
    visitor: &'v mut V,
    layer: Layer,
    out: Headers,
    /// Inside a first fragment, whose lengths speak of the whole datagram.
    in_fragment: bool,
}

impl<'f, V: Visit> Walker<'f, '_, V> {
    /// The bytes from `at` to the end of the enclosing length or of the capture.
    fn bytes(&self, at: usize) -> &'f [u8] {
        self.frame.get(at..self.end.min(self.frame.len())).unwrap_or(&[])
    }

    /// Records a fault unless there was one before.
    fn fault(&mut self, at: usize, fault: Fault) {
        self.visitor.fault(at, fault);
        self.out.fault.get_or_insert(fault);
    }

    /// Records a fault and ends the walk.
    fn stop(&mut self, at: usize, fault: Fault) -> Step {
        self.fault(at, fault);
        Step::Stop
    }

    /// Enters an IP header, or says that there are too many.
    fn open_layer(&mut self, kind: L3, at: usize) -> Result<(), Fault> {
        if self.out.ip_layers >= self.limits.ip_layers {
            return Err(Fault::IpDepth);
        }
        if self.layer.is_ip() {
            self.layer.l4_at = nonzero(at);
            self.close_layer();
        }
        self.out.ip_layers = self.out.ip_layers.saturating_add(1);
        self.layer = Layer { kind, at: offset(at), end: offset(self.end), ..Layer::default() };
        Ok(())
    }

    /// Copies the current layer into the answer.
    fn close_layer(&mut self) {
        if self.out.ip_layers <= 1 {
            self.out.outer = self.layer;
        }
        self.out.inner = self.layer;
    }

    /// The payload is all from `at` to the end.
    fn payload(&mut self, at: usize) {
        self.out.payload_at = offset(at);
        self.out.payload_len = offset(self.end.saturating_sub(at));
    }
}

/// A copy of a cut header that has at least `least` bytes, filled with zeros.
fn filled<const N: usize>(bytes: &[u8], least: usize) -> Option<[u8; N]> {
    let mut copy = [0; N];
    copy.get_mut(..bytes.len())?.copy_from_slice(bytes);
    (bytes.len() >= least).then_some(copy)
}

/// Offsets are kept in 32 bits; what lies beyond 4 GiB is not told apart.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn nonzero(at: usize) -> Option<NonZeroU32> {
    NonZeroU32::new(offset(at))
}

#[cfg(test)]
mod tests;
