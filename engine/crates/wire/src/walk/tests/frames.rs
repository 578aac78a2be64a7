//! Frames the tests start from: two captured ones, and others emitted around them.

use crate::ethernet::{EthernetHeader, ethertype};
use crate::extension::Fragment;
use crate::ipv4::Ipv4Header;
use crate::ipv6::Ipv6Header;
use crate::mpls::Label;
use crate::protocol;
use crate::vlan::VlanHeader;

/// A captured SYN: 145.254.160.237:3372 to 65.208.228.223:80.
pub(super) const SYN: [u8; 62] = [
    0xfe, 0xff, 0x20, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x08, 0x00, 0x45, 0x00, 0x00,
    0x30, 0x0f, 0x41, 0x40, 0x00, 0x80, 0x06, 0x91, 0xeb, 0x91, 0xfe, 0xa0, 0xed, 0x41, 0xd0, 0xe4, 0xdf,
    0x0d, 0x2c, 0x00, 0x50, 0x38, 0xaf, 0xfe, 0x13, 0x00, 0x00, 0x00, 0x00, 0x70, 0x02, 0x22, 0x38, 0xc3,
    0x0c, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x01, 0x01, 0x04, 0x02,
];

/// A captured DNS query for google.com TXT: 192.168.170.8:32795 to 192.168.170.20:53.
pub(super) const DNS: [u8; 70] = [
    0x00, 0xc0, 0x9f, 0x32, 0x41, 0x8c, 0x00, 0xe0, 0x18, 0xb1, 0x0c, 0xad, 0x08, 0x00, 0x45, 0x00, 0x00,
    0x38, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0x65, 0x47, 0xc0, 0xa8, 0xaa, 0x08, 0xc0, 0xa8, 0xaa, 0x14,
    0x80, 0x1b, 0x00, 0x35, 0x00, 0x24, 0x85, 0xed, 0x10, 0x32, 0x01, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x06, 0x67, 0x6f, 0x6f, 0x67, 0x6c, 0x65, 0x03, 0x63, 0x6f, 0x6d, 0x00, 0x00, 0x10,
    0x00, 0x01,
];

/// The captured IPv4 packets without their link header.
pub(super) fn syn_packet() -> Vec<u8> {
    SYN[14..].to_vec()
}

pub(super) fn syn_segment() -> Vec<u8> {
    SYN[34..].to_vec()
}

pub(super) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 14];
    EthernetHeader { dst: [2; 6], src: [4; 6], type_or_length: ethertype }.emit(&mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

pub(super) fn vlan(id: u16, ethertype: u16, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4];
    VlanHeader { pcp: 0, dei: false, id, type_or_length: ethertype }.emit(&mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

/// A stack of these labels, TTL 64, the last one at the bottom.
pub(super) fn labels(labels: &[u32], payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 4 * labels.len()];
    for (i, (&label, slot)) in labels.iter().zip(out.chunks_mut(4)).enumerate() {
        Label { label, exp: 0, bos: i + 1 == labels.len(), ttl: 64 }.emit(slot).unwrap();
    }
    out.extend_from_slice(payload);
    out
}

/// Fragment fields `(offset in bytes, more)`.
pub(super) fn ipv4(protocol: u8, fragment: (u16, bool), options: &[u8], payload: &[u8]) -> Vec<u8> {
    let header = Ipv4Header {
        src: [10, 0, 0, 1],
        dst: [10, 0, 0, 2],
        protocol,
        ttl: 64,
        tos: 0,
        id: 7,
        dont_fragment: false,
        more_fragments: fragment.1,
        fragment_offset_bytes: fragment.0,
        payload_len_bytes: payload.len() as u16,
        options,
    };
    let mut out = vec![0; header.header_len_bytes()];
    header.emit(&mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

pub(super) fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let header = Ipv6Header {
        src: [0xfe; 16],
        dst: [0xfd; 16],
        next_header,
        hop_limit: 64,
        traffic_class: 0,
        flow_label: 0,
        payload_len_bytes: payload.len() as u16,
    };
    let mut out = vec![0; 40];
    header.emit(&mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

/// An 8-byte options or routing header with PadN.
pub(super) fn extension(next_header: u8, payload: &[u8]) -> Vec<u8> {
    [&[next_header, 0, 1, 4, 0, 0, 0, 0], payload].concat()
}

pub(super) fn fragment(next_header: u8, offset_bytes: u16, more: bool, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 8];
    Fragment { offset_bytes, more, id: 99 }.emit(next_header, &mut out).unwrap();
    out.extend_from_slice(payload);
    out
}

/// An authentication header with 12 bytes of ICV.
pub(super) fn ah(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![next_header, 4, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6];
    out.extend_from_slice(&[0x71; 12]);
    out.extend_from_slice(payload);
    out
}

/// Sound frames without padding, one for each way through the walk.
pub(super) fn all() -> Vec<(&'static str, Vec<u8>)> {
    use ethertype::{IPV4, IPV6, MPLS, QINQ, QINQ_OLD, VLAN};
    use protocol::{
        AH, DESTINATION, ESP, FRAGMENT, HOP_BY_HOP, ICMP, ICMPV6, IGMP, ROUTING, SHIM6, TCP, UDP,
    };
    let (packet, tcp) = (syn_packet(), syn_segment());
    let tcp6 = ipv6(TCP, &tcp);
    let snap = [&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &packet[..]].concat();
    let plain = (0, false);
    let arp = [&[0, 1, 8, 0, 6, 4, 0, 1][..], &[9; 20]].concat();
    let chain = extension(ROUTING, &extension(DESTINATION, &extension(TCP, &tcp)));
    vec![
        ("tcp", SYN.to_vec()),
        ("udp", DNS.to_vec()),
        ("tcp6", ethernet(IPV6, &tcp6)),
        ("arp", ethernet(ethertype::ARP, &arp)),
        ("vlan", ethernet(VLAN, &vlan(5, IPV4, &packet))),
        ("qinq", ethernet(QINQ, &vlan(5, VLAN, &vlan(6, IPV6, &tcp6)))),
        ("old qinq", ethernet(QINQ_OLD, &vlan(5, VLAN, &vlan(6, IPV4, &packet)))),
        ("mpls", ethernet(MPLS, &labels(&[100, 7, 4000, 0], &packet))),
        ("mpls 6", ethernet(MPLS, &labels(&[100, 2], &tcp6))),
        ("snap", ethernet(snap.len() as u16, &snap)),
        ("options", ethernet(IPV4, &ipv4(UDP, plain, &[148, 4, 0, 0], &DNS[34..]))),
        ("first fragment", ethernet(IPV4, &ipv4(TCP, (0, true), &[], &tcp))),
        ("last fragment", ethernet(IPV4, &ipv4(TCP, (1480, false), &[], &tcp))),
        ("4in4", ethernet(IPV4, &ipv4(protocol::IPV4, plain, &[], &packet))),
        ("6in4", ethernet(IPV4, &ipv4(protocol::IPV6, plain, &[], &tcp6))),
        ("4in6", ethernet(IPV6, &ipv6(protocol::IPV4, &packet))),
        ("6in6", ethernet(IPV6, &ipv6(protocol::IPV6, &tcp6))),
        ("chain", ethernet(IPV6, &ipv6(HOP_BY_HOP, &chain))),
        ("shim6", ethernet(IPV6, &ipv6(SHIM6, &extension(TCP, &tcp)))),
        ("hip", ethernet(IPV6, &ipv6(protocol::HIP, &extension(protocol::NO_NEXT, &[])))),
        ("first fragment 6", ethernet(IPV6, &ipv6(FRAGMENT, &fragment(TCP, 0, true, &tcp)))),
        ("later fragment 6", ethernet(IPV6, &ipv6(FRAGMENT, &fragment(TCP, 1448, true, &tcp)))),
        ("atomic fragment", ethernet(IPV6, &ipv6(FRAGMENT, &fragment(TCP, 0, false, &tcp)))),
        ("ah", ethernet(IPV4, &ipv4(AH, plain, &[], &ah(TCP, &tcp)))),
        ("ah 6", ethernet(IPV6, &ipv6(AH, &ah(DESTINATION, &extension(TCP, &tcp))))),
        ("esp", ethernet(IPV4, &ipv4(ESP, plain, &[], &[1; 40]))),
        ("ah esp", ethernet(IPV6, &ipv6(AH, &ah(ESP, &[1; 40])))),
        ("icmp", ethernet(IPV4, &ipv4(ICMP, plain, &[], &[8, 0, 0, 0, 0, 1, 0, 1]))),
        ("icmpv6", ethernet(IPV6, &ipv6(ICMPV6, &[128, 0, 0, 0, 0, 1, 0, 1]))),
        ("igmp", ethernet(IPV4, &ipv4(IGMP, plain, &[], &[0x16, 0, 0xfa, 4, 239, 255, 255, 250]))),
        ("gre", ethernet(IPV4, &ipv4(47, plain, &[], &[0; 8]))),
    ]
}
