//! The walk's last steps: security headers, tunnels and the transport header.

use super::{L3, Layer, Step, Visit, Walker, filled, nonzero};
use crate::ah::Ah;
use crate::esp::{self, Esp};
use crate::icmp::{self, Icmp};
use crate::igmp::{self, Igmp};
use crate::tcp::{self, Tcp};
use crate::udp::{self, Udp};
use crate::{Fault, protocol};

/// The port of UDP-encapsulated ESP (RFC 3948).
const NAT_TRAVERSAL: u16 = 4500;

impl<V: Visit> Walker<'_, '_, V> {
    pub(super) fn transport(&mut self, at: usize) -> Step {
        match self.layer.protocol {
            protocol::TCP => self.tcp(at),
            protocol::UDP => self.udp(at),
            protocol::ICMP | protocol::ICMPV6 => self.icmp(at),
            protocol::IGMP if self.layer.kind == L3::V4 => self.igmp(at),
            protocol::IPV4 => Step::Ipv4(at),
            protocol::IPV6 => Step::Ipv6(at),
            protocol::AH => self.ah(at),
            protocol::ESP => self.esp(at),
            protocol::NO_NEXT if self.layer.kind == L3::V6 => Step::Stop,
            _ => {
                // Nothing is known of it but where it starts.
                self.layer.l4_at = nonzero(at.min(self.end));
                self.payload(at);
                Step::Stop
            }
        }
    }

    /// A header that is cut: a fault, but in a first fragment only a missing header (RFC 7112 leaves the
    /// verdict to reassembly).
    fn cut(&mut self, at: usize, fault: Fault) -> Step {
        if self.in_fragment { Step::Stop } else { self.stop(at, fault) }
    }

    /// Ports are at `at`, whatever is wrong behind them: a NIC hashes them without a look at lengths. In a first
    /// fragment only a whole header counts.
    fn ports(&mut self, at: usize) {
        if !self.in_fragment {
            self.layer.l4_at = nonzero(at);
        }
    }

    /// A transport header of `len` bytes is at `at`.
    fn found(&mut self, at: usize, len: usize) -> Step {
        self.layer.l4_at = nonzero(at);
        self.payload(at + len);
        Step::Stop
    }

    fn tcp(&mut self, at: usize) -> Step {
        let bytes = self.bytes(at);
        let Ok(view) = Tcp::fixed(bytes) else {
            if let Some(copy) = filled::<20>(bytes, 16)
                && let Ok(view) = Tcp::fixed(&copy)
            {
                self.tell_tcp(at, &view);
            }
            return self.cut(at, Fault::TcpHeader);
        };
        self.tell_tcp(at, &view);
        self.ports(at);
        let header_len = view.header_len_bytes();
        if header_len < tcp::HEADER_BYTES {
            return self.stop(at, Fault::TcpHeader);
        }
        if header_len > bytes.len() {
            return self.cut(at, Fault::TcpHeader);
        }
        self.found(at, header_len)
    }

    fn tell_tcp(&mut self, at: usize, view: &Tcp<'_>) {
        let header_len = view.header_len_bytes();
        if header_len < tcp::HEADER_BYTES {
            return;
        }
        let payload_len = match self.layer.flags & Layer::FRAGMENT {
            0 => self.end.saturating_sub(at).checked_sub(header_len),
            _ => None,
        };
        self.visitor.tcp(at, view, payload_len);
    }

    fn udp(&mut self, at: usize) -> Step {
        let bytes = self.bytes(at);
        let Ok(view) = Udp::fixed(bytes) else {
            if let Some(copy) = filled::<8>(bytes, 6)
                && let Ok(view) = Udp::fixed(&copy)
            {
                self.visitor.udp(at, &view);
            }
            return self.cut(at, Fault::UdpLength);
        };
        self.visitor.udp(at, &view);
        self.ports(at);
        let len = usize::from(view.len_bytes());
        let there = self.end.saturating_sub(at);
        // RFC 2675 section 4: 0 in a jumbogram, and only there.
        let jumbo = len == 0 && there > usize::from(u16::MAX);
        if len < udp::HEADER_BYTES && !jumbo {
            return self.stop(at, Fault::UdpLength);
        }
        if view.src_port() == NAT_TRAVERSAL || view.dst_port() == NAT_TRAVERSAL {
            self.esp_in_udp(at + udp::HEADER_BYTES);
        }
        if len > there && !self.in_fragment {
            return self.stop(at, Fault::UdpLength);
        }
        let step = self.found(at, udp::HEADER_BYTES);
        if !jumbo {
            let data_len = u32::from(view.len_bytes()).saturating_sub(udp::HEADER_BYTES as u32);
            self.out.payload_len = self.out.payload_len.min(data_len);
        }
        step
    }

    /// Tells the ESP header that follows a UDP header, unless an IKE message does (four zero bytes).
    fn esp_in_udp(&mut self, at: usize) {
        if let Ok(view) = Esp::new(self.bytes(at))
            && view.spi() != 0
        {
            self.visitor.esp(at, &view);
        }
    }

    fn icmp(&mut self, at: usize) -> Step {
        let bytes = self.bytes(at);
        let v4 = self.layer.protocol == protocol::ICMP;
        let copy = filled::<8>(bytes, if v4 { 6 } else { 2 });
        if let Ok(view) = Icmp::new(copy.as_ref().map_or(bytes, |copy| copy)) {
            if v4 {
                self.visitor.icmp(at, &view);
            } else {
                self.visitor.icmpv6(at, &view);
            }
        }
        if bytes.len() < icmp::HEADER_BYTES {
            return self.cut(at, Fault::IcmpTruncated);
        }
        self.found(at, icmp::HEADER_BYTES)
    }

    fn igmp(&mut self, at: usize) -> Step {
        let Ok(view) = Igmp::new(self.bytes(at)) else { return self.cut(at, Fault::IgmpTruncated) };
        self.visitor.igmp(at, &view);
        self.found(at, igmp::HEADER_BYTES)
    }

    fn esp(&mut self, at: usize) -> Step {
        let Ok(view) = Esp::new(self.bytes(at)) else { return self.cut(at, Fault::EspTruncated) };
        self.visitor.esp(at, &view);
        self.found(at, esp::HEADER_BYTES)
    }

    /// AH is passed like an extension header, in IPv4 as well.
    fn ah(&mut self, at: usize) -> Step {
        if self.out.extensions >= self.limits.extension_headers {
            return self.stop(at, Fault::ExtensionLimit);
        }
        let bytes = self.bytes(at);
        let Ok(view) = Ah::fixed(bytes) else { return self.cut(at, Fault::AhTruncated) };
        self.visitor.ah(at, &view);
        self.out.extensions = self.out.extensions.saturating_add(1);
        self.layer.flags |= Layer::AH;
        if Ah::new(bytes).is_err() {
            return self.cut(at, Fault::AhTruncated);
        }
        let next_at = at + view.len_bytes();
        if self.layer.kind == L3::V6 {
            return self.chain(view.next_header(), next_at);
        }
        self.layer.protocol = view.next_header();
        Step::Transport(next_at)
    }
}
