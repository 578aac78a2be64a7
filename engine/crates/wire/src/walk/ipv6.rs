//! The walk's IPv6 step: the fixed header and the chain of extension headers.

use super::{L3, Layer, Step, Visit, Walker, filled, nonzero, offset};
use crate::extension::{Extension, Ipv6Option, JUMBO, Kind};
use crate::ipv6::{HEADER_BYTES, Ipv6};
use crate::{Fault, protocol};

/// RFC 8504 section 5.3: more than 7 bytes of padding in a row need not be accepted (Linux `ip6_parse_tlv`).
const MAX_PADDING_BYTES: usize = 7;

impl<V: Visit> Walker<'_, '_, V> {
    pub(super) fn ipv6(&mut self, at: usize) -> Step {
        if let Err(fault) = self.open_layer(L3::V6, at) {
            return self.stop(at, fault);
        }
        let bytes = self.bytes(at);
        let view = match Ipv6::new(bytes) {
            Ok(view) => view,
            Err(fault) => return self.stop(at, fault),
        };
        self.visitor.ipv6(at, &view);
        let next = view.next_header();
        let jumbo = match (view.payload_len_bytes(), next) {
            (0, protocol::HOP_BY_HOP) => jumbo_len(bytes.get(HEADER_BYTES..).unwrap_or(&[])),
            _ => None,
        };
        if jumbo.is_some_and(|len| len <= usize::from(u16::MAX)) {
            // RFC 2675 section 3: a length that needs no jumbogram is an error.
            return self.stop(at, Fault::Ipv6Extension);
        }
        let payload_len = jumbo.unwrap_or(usize::from(view.payload_len_bytes()));
        let end = at.saturating_add(HEADER_BYTES).saturating_add(payload_len);
        if end <= self.end {
            self.end = end;
        } else if !self.in_fragment {
            self.fault(at, Fault::IpTruncated);
        }
        self.layer.end = offset(self.end);
        self.chain(next, at + HEADER_BYTES)
    }

    /// Extension headers up to one that is none, or is AH (whose own step comes back here).
    pub(super) fn chain(&mut self, next: u8, first_at: usize) -> Step {
        let (mut next, mut at) = (next, first_at);
        while let Some(kind) = Kind::from_next_header(next) {
            self.layer.protocol = next;
            if self.out.extensions >= self.limits.extension_headers {
                return self.stop(at, Fault::ExtensionLimit);
            }
            let Ok(view) = Extension::fixed(kind, self.bytes(at)) else {
                return self.cut_extension(kind, at);
            };
            self.visitor.extension(at, &view);
            self.out.extensions = self.out.extensions.saturating_add(1);
            self.layer.flags |= Layer::OPTIONS;
            if kind == Kind::HopByHop && at != self.layer.at() + HEADER_BYTES {
                // RFC 8200 section 4.1: only right behind the fixed header.
                self.fault(at, Fault::Ipv6Extension);
            }
            next = view.next_header();
            if matches!(kind, Kind::Mobility | Kind::Hip) {
                // Nothing but "no next header" is defined behind these, and what is there is not looked at
                // (RFC 6275 section 6.1.1, RFC 7401 section 5.1).
                return self.last_extension(at, &view);
            }
            self.layer.protocol = next;
            if view.len_bytes() > self.bytes(at).len() {
                return self.stop(at, Fault::Ipv6Extension);
            }
            self.ipv6_options(at, &view);
            if view.segments_left().is_some_and(|left| left != 0) {
                self.layer.flags |= Layer::SOURCE_ROUTED;
            }
            if let Some(fragment) = view.fragment() {
                if fragment.is_atomic() {
                    self.layer.flags |= Layer::ATOMIC;
                } else {
                    self.layer.flags |= Layer::FRAGMENT;
                    self.in_fragment = true;
                }
                if fragment.offset_bytes != 0 {
                    self.payload(at + 8);
                    return Step::Stop;
                }
                if fragment.more {
                    self.layer.flags |= Layer::FIRST;
                }
            }
            at += view.len_bytes();
        }
        self.layer.protocol = next;
        Step::Transport(at)
    }

    /// Mobility and HIP end the chain, as the protocol they are.
    fn last_extension(&mut self, at: usize, view: &Extension<'_>) -> Step {
        if view.len_bytes() > self.bytes(at).len() {
            return self.stop(at, Fault::Ipv6Extension);
        }
        self.layer.l4_at = nonzero(at);
        self.payload(at);
        Step::Stop
    }

    /// Fewer than 8 bytes: the next-header field may still be told, but of a fragment header that is not all.
    fn cut_extension(&mut self, kind: Kind, at: usize) -> Step {
        let least = if kind == Kind::Routing { 1 } else { 2 };
        if kind != Kind::Fragment
            && let Some(copy) = filled::<8>(self.bytes(at), least)
            && let Ok(view) = Extension::fixed(kind, &copy)
        {
            self.visitor.extension(at, &view);
        }
        self.stop(at, Fault::Ipv6Extension)
    }

    fn ipv6_options(&mut self, at: usize, view: &Extension<'_>) {
        let (mut count, mut padding, mut excess) = (0u8, 0usize, false);
        for option in view.options() {
            match option {
                Ok(Ipv6Option::Pad(len)) => padding += len,
                Ok(Ipv6Option::Other { .. }) => {
                    count = count.saturating_add(1);
                    padding = 0;
                }
                Err(fault) => self.fault(at, fault),
            }
            excess |= padding > MAX_PADDING_BYTES;
        }
        if count > self.limits.options || excess {
            self.fault(at, Fault::OptionLimit);
        }
    }
}

/// The length in a jumbo payload option (RFC 2675 section 2), if the hop-by-hop header has one.
fn jumbo_len(bytes: &[u8]) -> Option<usize> {
    let view = Extension::new(Kind::HopByHop, bytes).ok()?;
    view.options().find_map(|option| match option {
        Ok(Ipv6Option::Other { kind: JUMBO, data }) => {
            usize::try_from(u32::from_be_bytes(*data.first_chunk()?)).ok()
        }
        _ => None,
    })
}
