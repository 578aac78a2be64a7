//! The walk's IPv4 step.

use super::{L3, Layer, Step, Visit, Walker, offset};
use crate::Fault;
use crate::ipv4::{HEADER_BYTES, Ipv4};

impl<V: Visit> Walker<'_, '_, V> {
    pub(super) fn ipv4(&mut self, at: usize) -> Step {
        if self.bytes(at).first().is_some_and(|byte| byte >> 4 == 6) {
            // Announced as version 4: refused, and still told for what it is.
            self.fault(at, Fault::Ipv4Header);
            return Step::Ipv6(at);
        }
        if let Err(fault) = self.open_layer(L3::V4, at) {
            return self.stop(at, fault);
        }
        let bytes = self.bytes(at);
        let Ok(view) = Ipv4::fixed(bytes) else { return self.stop(at, Fault::Ipv4Header) };
        let header_len = view.header_len_bytes();
        let total_len = usize::from(view.total_len_bytes());
        let sound = view.version() == 4 && (HEADER_BYTES..=bytes.len()).contains(&header_len);
        if !sound || (total_len < header_len && total_len != 0) {
            return self.stop(at, Fault::Ipv4Header);
        }
        let there = self.end.saturating_sub(at);
        self.visitor.ipv4(at, &view, if total_len == 0 { there } else { total_len });
        if total_len == 0 {
            // Captured before segmentation: a dissector takes all bytes; no such packet is on a wire.
            self.fault(at, Fault::Ipv4Header);
        } else if total_len > there {
            if !self.in_fragment {
                self.fault(at, Fault::IpTruncated);
            }
        } else {
            self.end = at + total_len;
        }
        self.layer.end = offset(self.end);
        self.layer.protocol = view.protocol();
        if header_len > HEADER_BYTES {
            self.layer.flags |= Layer::OPTIONS;
            self.ipv4_options(at, &view);
        }
        if view.is_fragment() {
            self.layer.flags |= Layer::FRAGMENT;
            self.in_fragment = true;
            if view.fragment_offset_bytes() != 0 {
                self.payload(at + header_len);
                return Step::Stop;
            }
            self.layer.flags |= Layer::FIRST;
        }
        Step::Transport(at + header_len)
    }

    fn ipv4_options(&mut self, at: usize, view: &Ipv4<'_>) {
        let mut count = 0u8;
        for option in view.options() {
            match option {
                Ok(option) => {
                    count = count.saturating_add(1);
                    if option.is_pending_source_route() {
                        self.layer.flags |= Layer::SOURCE_ROUTED;
                    }
                }
                Err(fault) => self.fault(at, fault),
            }
        }
        if count > self.limits.options {
            self.fault(at, Fault::OptionLimit);
        }
    }
}
