//! A visitor that looks at every header it is told: each getter is called, each offset is held against the frame.

use wire::Fault;
use wire::walk::{Headers, Visit};

/// What one walk told.
pub struct Inspect {
    frame_bytes: usize,
    /// Where the walk was last; it only goes forward.
    at: usize,
    first_fault: Option<Fault>,
    ip_headers: u32,
}

impl Inspect {
    /// For a walk over this frame.
    pub fn new(frame: &[u8]) -> Self {
        Inspect { frame_bytes: frame.len(), at: 0, first_fault: None, ip_headers: 0 }
    }

    fn meet(&mut self, at: usize) {
        assert!(at >= self.at, "a header at {at} after one at {}", self.at);
        assert!(at <= self.frame_bytes, "a header at {at} of {}", self.frame_bytes);
        self.at = at;
    }

    /// Hold the walk's answer against what it told.
    pub fn agrees_with(&self, headers: &Headers, wire_bytes: usize) {
        assert_eq!(headers.fault, self.first_fault);
        for layer in [&headers.outer, &headers.inner] {
            assert!(layer.at() <= self.frame_bytes);
            assert!(layer.end() <= wire_bytes, "a datagram ends at {} of {wire_bytes}", layer.end());
            assert!(layer.l4_at().is_none_or(|l4_at| l4_at >= layer.at()));
        }
        assert!(u32::from(headers.ip_layers) >= self.ip_headers, "more IP headers told than counted");
    }
}

impl Visit for Inspect {
    fn ethernet(&mut self, at: usize, view: &wire::ethernet::Ethernet<'_>) {
        self.meet(at);
        let _ = (view.dst(), view.src(), view.type_or_length(), view.is_group());
    }

    fn vlan(&mut self, at: usize, _tpid: u16, view: &wire::vlan::Vlan<'_>) {
        self.meet(at);
        assert!(view.pcp() < 8 && view.id() < 4096);
    }

    fn mpls(&mut self, at: usize, label: &wire::mpls::Label) {
        self.meet(at);
        assert!(label.label < 1 << 20 && label.exp < 8);
    }

    fn arp(&mut self, at: usize, view: &wire::arp::Arp<'_>) {
        self.meet(at);
        let _ =
            (view.sender_hardware(), view.sender_protocol(), view.target_hardware(), view.target_protocol());
    }

    fn ipv4(&mut self, at: usize, view: &wire::ipv4::Ipv4<'_>, _len_bytes: usize) {
        self.meet(at);
        self.ip_headers += 1;
        let _ = (view.header(), view.payload(), view.checksum_holds());
        assert!(view.options().count() <= 40);
    }

    fn ipv6(&mut self, at: usize, view: &wire::ipv6::Ipv6<'_>) {
        self.meet(at);
        self.ip_headers += 1;
        assert!(view.flow_label() < 1 << 20);
    }

    fn extension(&mut self, at: usize, view: &wire::extension::Extension<'_>) {
        self.meet(at);
        let _ = (view.fragment(), view.segments_left());
        assert!(view.options().count() <= view.bytes().len());
    }

    fn ah(&mut self, at: usize, view: &wire::ah::Ah<'_>) {
        self.meet(at);
        let _ = (view.len_bytes(), view.spi(), view.seq(), view.icv());
    }

    fn esp(&mut self, at: usize, view: &wire::esp::Esp<'_>) {
        self.meet(at);
        let _ = (view.spi(), view.seq());
    }

    fn tcp(&mut self, at: usize, view: &wire::tcp::Tcp<'_>, _payload_len_bytes: Option<usize>) {
        self.meet(at);
        assert!(view.options().count() <= 40);
    }

    fn udp(&mut self, at: usize, view: &wire::udp::Udp<'_>) {
        self.meet(at);
        let _ = (view.len_bytes(), view.checksum());
    }

    fn icmp(&mut self, at: usize, view: &wire::icmp::Icmp<'_>) {
        self.meet(at);
        let _ = (view.rest(), view.body());
    }

    fn icmpv6(&mut self, at: usize, view: &wire::icmp::Icmp<'_>) {
        self.icmp(at, view);
    }

    fn igmp(&mut self, at: usize, view: &wire::igmp::Igmp<'_>) {
        self.meet(at);
        let _ = view.group();
    }

    fn fault(&mut self, at: usize, fault: Fault) {
        assert!(!fault.name().is_empty() && at <= u32::MAX as usize);
        self.first_fault.get_or_insert(fault);
    }
}
