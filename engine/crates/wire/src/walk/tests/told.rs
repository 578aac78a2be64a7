//! What a visitor is told, and where.

use super::frames::*;
use super::*;
use crate::ethernet::ethertype::{IPV4, IPV6, MPLS, QINQ, VLAN};
use crate::protocol::{AH, DESTINATION, HOP_BY_HOP, ICMP, ROUTING, TCP};

/// Writes down every header with its offset.
#[derive(Default)]
pub(super) struct Log(pub(super) Vec<String>);

impl Visit for Log {
    fn ethernet(&mut self, at: usize, _: &crate::ethernet::Ethernet<'_>) {
        self.0.push(format!("eth@{at}"));
    }
    fn llc(&mut self, at: usize, _: &crate::llc::Llc<'_>) {
        self.0.push(format!("llc@{at}"));
    }
    fn vlan(&mut self, at: usize, _: u16, view: &crate::vlan::Vlan<'_>) {
        self.0.push(format!("vlan{}@{at}", view.id()));
    }
    fn mpls(&mut self, at: usize, label: &crate::mpls::Label) {
        self.0.push(format!("mpls{}@{at}", label.label));
    }
    fn arp(&mut self, at: usize, _: &crate::arp::Arp<'_>) {
        self.0.push(format!("arp@{at}"));
    }
    fn ipv4(&mut self, at: usize, _: &crate::ipv4::Ipv4<'_>, len: usize) {
        self.0.push(format!("v4:{len}@{at}"));
    }
    fn ipv6(&mut self, at: usize, _: &crate::ipv6::Ipv6<'_>) {
        self.0.push(format!("v6@{at}"));
    }
    fn extension(&mut self, at: usize, view: &crate::extension::Extension<'_>) {
        self.0.push(format!("{:?}@{at}", view.kind()));
    }
    fn ah(&mut self, at: usize, _: &crate::ah::Ah<'_>) {
        self.0.push(format!("ah@{at}"));
    }
    fn esp(&mut self, at: usize, _: &crate::esp::Esp<'_>) {
        self.0.push(format!("esp@{at}"));
    }
    fn tcp(&mut self, at: usize, _: &crate::tcp::Tcp<'_>, len: Option<usize>) {
        self.0.push(format!("tcp:{len:?}@{at}"));
    }
    fn udp(&mut self, at: usize, _: &crate::udp::Udp<'_>) {
        self.0.push(format!("udp@{at}"));
    }
    fn icmp(&mut self, at: usize, _: &crate::icmp::Icmp<'_>) {
        self.0.push(format!("icmp@{at}"));
    }
}

fn told(frame: &[u8]) -> String {
    let mut log = Log::default();
    walk(Link::Ethernet, frame, &Limits::DISSECT, &mut log);
    log.0.join(" ")
}

#[test]
fn in_order() {
    let frame = ethernet(QINQ, &vlan(5, VLAN, &vlan(6, MPLS, &labels(&[100, 0], &syn_packet()))));
    assert_eq!(told(&frame), "eth@0 vlan5@14 vlan6@18 mpls100@22 mpls0@26 v4:48@30 tcp:Some(0)@50");
    let chain = extension(ROUTING, &extension(AH, &ah(DESTINATION, &extension(TCP, &syn_segment()))));
    assert_eq!(
        told(&ethernet(IPV6, &ipv6(HOP_BY_HOP, &chain))),
        "eth@0 v6@14 HopByHop@54 Routing@62 ah@70 Destination@94 tcp:Some(0)@102"
    );
}

#[test]
fn lies_do_not_hide_headers() {
    let patched = |at: usize, bytes: &[u8]| {
        let mut frame = SYN;
        frame[at..at + bytes.len()].copy_from_slice(bytes);
        told(&frame)
    };
    assert_eq!(patched(16, &[5, 0xdc]), "eth@0 v4:1500@14 tcp:Some(0)@34");
    assert_eq!(patched(16, &[0, 0]), "eth@0 v4:48@14 tcp:Some(0)@34");
    assert_eq!(patched(16, &[0, 24]), "eth@0 v4:24@14");
    assert_eq!(patched(14, &[0x44]), "eth@0");
    assert_eq!(patched(46, &[0xf0]), "eth@0 v4:48@14 tcp:None@34");
    assert_eq!(patched(46, &[0x40]), "eth@0 v4:48@14");
    let reserved = ethernet(MPLS, &labels(&[3, 15], &syn_packet()));
    assert_eq!(told(&reserved), "eth@0 mpls3@14 mpls15@18 v4:48@22 tcp:Some(0)@42");
    let mislabelled = ethernet(IPV4, &ipv6(TCP, &syn_segment()));
    assert_eq!(told(&mislabelled), "eth@0 v6@14 tcp:Some(0)@54");
}

#[test]
fn cut_behind_the_listed_fields() {
    assert_eq!(told(&SYN[..50]), "eth@0 v4:48@14 tcp:None@34");
    assert_eq!(told(&SYN[..49]), "eth@0 v4:48@14");
    assert_eq!(told(&DNS[..40]), "eth@0 v4:56@14 udp@34");
    assert_eq!(told(&DNS[..39]), "eth@0 v4:56@14");
    assert_eq!(told(&ethernet(VLAN, &[0, 5])), "eth@0 vlan5@14");
}

#[test]
fn fragments_and_quotes() {
    let first = ethernet(IPV4, &ipv4(TCP, (0, true), &[], &syn_segment()));
    assert_eq!(told(&first), "eth@0 v4:48@14 tcp:None@34");
    let later = ethernet(IPV4, &ipv4(TCP, (64, true), &[], &syn_segment()));
    assert_eq!(told(&later), "eth@0 v4:48@14");
    let h = headers(&later);
    assert_eq!((h.protocol(), h.l4_at(), h.payload_at(), h.payload_len_bytes()), (TCP, None, 34, 28));
    let error = [&[3, 3, 0, 0, 0, 0, 0, 0], &syn_packet()[..]].concat();
    let quote = ethernet(IPV4, &ipv4(ICMP, (0, false), &[], &error));
    assert_eq!(told(&quote), "eth@0 v4:76@14 icmp@34");
}

#[test]
fn encapsulated_esp() {
    let mut datagram = vec![0x11, 0x94, 0x11, 0x94, 0, 24, 0, 0];
    datagram.extend([1; 16]);
    assert_eq!(told(&ethernet(IPV4, &ipv4(17, (0, false), &[], &datagram))), "eth@0 v4:44@14 udp@34 esp@42");
    datagram[8..12].fill(0);
    assert_eq!(told(&ethernet(IPV4, &ipv4(17, (0, false), &[], &datagram))), "eth@0 v4:44@14 udp@34");
}
