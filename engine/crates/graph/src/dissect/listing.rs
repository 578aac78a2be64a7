//! The headers of a frame, as keys of its line.

use super::text::{self, Object};
use wire::extension::Kind;
use wire::walk::Visit;
use wire::{ah, esp, ethernet, extension, icmp, ipv4, ipv6, mpls, tcp, udp, vlan};

/// What is a type to tshark: EtherTypes (IEEE 802.3 section 3.2.6), and 0, which is no length either.
fn is_type(field: u16) -> bool {
    field == 0 || field >= 0x0600
}

/// Collects the values of a line's keys while a walk tells the headers; kept from frame to frame, as its strings
/// are. An empty string is a header that is not there.
#[derive(Default)]
pub(super) struct Listing {
    eth: String,
    vlan: String,
    mpls: String,
    l3: String,
    open: Open,
    esp: String,
    ah: String,
    tcp: String,
    udp: String,
    icmp: String,
}

/// What of `l3` is yet to be closed.
#[derive(Clone, Copy, Default, PartialEq)]
enum Open {
    #[default]
    Nothing,
    /// An IPv6 header.
    Header,
    /// An IPv6 header and its list of extension headers.
    Extensions,
}

impl Listing {
    /// Forget the frame before.
    pub(super) fn clear(&mut self) {
        let Listing { eth, vlan, mpls, l3, open, esp, ah, tcp, udp, icmp } = self;
        [eth, vlan, mpls, l3, esp, ah, tcp, udp, icmp].into_iter().for_each(String::clear);
        *open = Open::Nothing;
    }

    /// Write what was told.
    pub(super) fn write<'a>(&mut self, mut line: Object<'a>) -> Object<'a> {
        self.close_layer();
        let all: [(&str, &String, bool); 9] = [
            ("eth", &self.eth, false),
            ("vlan", &self.vlan, true),
            ("mpls", &self.mpls, true),
            ("l3", &self.l3, true),
            ("esp", &self.esp, false),
            ("ah", &self.ah, false),
            ("tcp", &self.tcp, false),
            ("udp", &self.udp, false),
            ("icmp", &self.icmp, false),
        ];
        for (key, value, is_list) in all.into_iter().filter(|(_, value, _)| !value.is_empty()) {
            line = line.value(key, |out| {
                out.push_str(if is_list { "[" } else { "" });
                out.push_str(value);
                out.push_str(if is_list { "]" } else { "" });
            });
        }
        line
    }

    fn close_layer(&mut self) {
        self.l3.push_str(match self.open {
            Open::Nothing => "",
            Open::Header => "}",
            Open::Extensions => "]}",
        });
        self.open = Open::Nothing;
    }
}

/// The innermost of a kind is kept.
fn only(value: &mut String) -> Object<'_> {
    value.clear();
    Object::open(value)
}

impl Visit for Listing {
    fn ethernet(&mut self, _at: usize, view: &ethernet::Ethernet<'_>) {
        let ethertype = Some(view.type_or_length()).filter(|field| is_type(*field));
        only(&mut self.eth)
            .text("src", |out| text::mac(out, view.src()))
            .text("dst", |out| text::mac(out, view.dst()))
            .number_if("type", ethertype)
            .close();
    }

    fn vlan(&mut self, _at: usize, _tpid: u16, view: &vlan::Vlan<'_>) {
        if !self.vlan.is_empty() {
            self.vlan.push(',');
        }
        text::decimal(&mut self.vlan, u64::from(view.id()));
    }

    fn mpls(&mut self, _at: usize, label: &mpls::Label) {
        Object::open(&mut self.mpls)
            .number("label", label.label)
            .number("exp", label.exp)
            .number("bos", label.bos)
            .number("ttl", label.ttl)
            .close();
    }

    fn ipv4(&mut self, _at: usize, view: &ipv4::Ipv4<'_>, len_bytes: usize) {
        self.close_layer();
        Object::open(&mut self.l3)
            .number("v", 4_u8)
            .text("src", |out| text::ipv4(out, view.src()))
            .text("dst", |out| text::ipv4(out, view.dst()))
            .number("proto", view.protocol())
            .number("ttl", view.ttl())
            .number("tos", view.tos())
            .number("len", len_bytes as u64)
            .number("id", view.id())
            .number("df", view.dont_fragment())
            .number("mf", view.more_fragments())
            .number("off", view.fragment_offset_bytes())
            .close();
    }

    fn ipv6(&mut self, _at: usize, view: &ipv6::Ipv6<'_>) {
        self.close_layer();
        let _closed_behind_its_extensions = Object::open(&mut self.l3)
            .number("v", 6_u8)
            .text("src", |out| text::ipv6(out, view.src()))
            .text("dst", |out| text::ipv6(out, view.dst()))
            .number("nxt", view.next_header())
            .number("hlim", view.hop_limit())
            .number("tc", view.traffic_class())
            .number("flow", view.flow_label())
            .number("plen", view.payload_len_bytes());
        self.open = Open::Header;
    }

    fn extension(&mut self, _at: usize, view: &extension::Extension<'_>) {
        let kind = match view.kind() {
            Kind::HopByHop => "hbh",
            Kind::Destination => "dst",
            Kind::Routing => "rt",
            Kind::Fragment => "frag",
            Kind::Mobility | Kind::Hip | Kind::Shim6 => return,
        };
        if self.open == Open::Header {
            self.l3.push_str(",\"ext\":[");
            self.open = Open::Extensions;
        }
        let fragment = view.fragment();
        Object::open(&mut self.l3)
            .text("h", |out| out.push_str(kind))
            .number("nxt", view.next_header())
            .number_if("off", fragment.map(|f| f.offset_bytes))
            .number_if("mf", fragment.map(|f| f.more))
            .number_if("id", fragment.map(|f| f.id))
            .close();
    }

    fn esp(&mut self, _at: usize, view: &esp::Esp<'_>) {
        only(&mut self.esp).number("spi", view.spi()).number("seq", view.seq()).close();
    }

    fn ah(&mut self, _at: usize, view: &ah::Ah<'_>) {
        only(&mut self.ah).number("spi", view.spi()).number("seq", view.seq()).close();
    }

    fn tcp(&mut self, _at: usize, view: &tcp::Tcp<'_>, payload_len_bytes: Option<usize>) {
        only(&mut self.tcp)
            .number("sport", view.src_port())
            .number("dport", view.dst_port())
            .number("seq", view.seq())
            .number("ack", view.ack())
            .number("flags", view.flags())
            .number("win", view.window())
            .number("hlen", view.header_len_bytes() as u64)
            .number_if("len", payload_len_bytes.map(|len| len as u64))
            .close();
    }

    fn udp(&mut self, _at: usize, view: &udp::Udp<'_>) {
        only(&mut self.udp)
            .number("sport", view.src_port())
            .number("dport", view.dst_port())
            .number("len", view.len_bytes())
            .close();
    }

    fn icmp(&mut self, _at: usize, view: &icmp::Icmp<'_>) {
        only(&mut self.icmp).number("type", view.kind()).number("code", view.code()).close();
    }

    fn icmpv6(&mut self, at: usize, view: &icmp::Icmp<'_>) {
        self.icmp(at, view);
    }
}
