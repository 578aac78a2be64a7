//! Each malformation, by its name.

use super::frames::*;
use super::*;
use crate::ethernet::ethertype::{IPV4, IPV6, MPLS, VLAN};
use crate::protocol::{AH, DESTINATION, ESP, HOP_BY_HOP, ICMP, IGMP, TCP, UDP};

fn fault(frame: &[u8]) -> Option<Fault> {
    headers(frame).fault
}

fn patched(frame: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    frame
}

fn v4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ethernet(IPV4, &ipv4(protocol, (0, false), &[], payload))
}

#[test]
fn link_and_tags() {
    assert_eq!(fault(&SYN[..13]), Some(Fault::Runt));
    assert_eq!(fault(&ethernet(VLAN, &[0, 5, 8])), Some(Fault::VlanTruncated));
    assert_eq!(fault(&ethernet(0x0806, &[0; 27])), None, "zero-length addresses fit");
    assert_eq!(fault(&ethernet(0x0806, &[0, 1, 8, 0, 6, 4, 0, 1])), Some(Fault::ArpTruncated));
}

#[test]
fn labels_faults() {
    let stack = |n: u32| ethernet(MPLS, &labels(&(100..100 + n).collect::<Vec<_>>(), &syn_packet()));
    assert_eq!((fault(&stack(16)), headers(&stack(16)).labels), (None, 16));
    assert_eq!((fault(&stack(17)), headers(&stack(17)).labels), (Some(Fault::MplsDepth), 16));
    assert_eq!(fault(&stack(300)), Some(Fault::MplsDepth));
    assert_eq!(fault(&ethernet(MPLS, &[])), Some(Fault::MplsTruncated));
    assert_eq!(fault(&ethernet(MPLS, &[0, 6, 0x40, 64, 0, 6])), Some(Fault::MplsTruncated));
    assert_eq!(fault(&ethernet(MPLS, &[0, 6, 0x40, 64, 0, 6, 0x40, 64])), Some(Fault::MplsNoBottom));
    let reserved = headers(&ethernet(MPLS, &labels(&[100, 3], &syn_packet())));
    assert_eq!((reserved.fault, reserved.l4_at()), (Some(Fault::MplsReservedLabel), Some(42)));
    assert_eq!(fault(&patched(&stack(2), 17, &[0])), Some(Fault::MplsTtl));
    assert_eq!(fault(&patched(&stack(2), 21, &[0])), None, "only the top TTL lives");
    let gal = headers(&ethernet(MPLS, &labels(&[13], &syn_packet())));
    assert_eq!((gal.fault, gal.outer.kind), (None, L3::Other));
}

#[test]
fn ipv4_faults() {
    for (at, bytes, expected) in [
        (14, &[0x55][..], Fault::Ipv4Header),
        (14, &[0x65], Fault::Ipv4Header),
        (14, &[0x44], Fault::Ipv4Header),
        (14, &[0x4f], Fault::Ipv4Header),
        (16, &[0, 0], Fault::Ipv4Header),
        (16, &[0, 19], Fault::Ipv4Header),
        (16, &[0, 49], Fault::IpTruncated),
        (16, &[0, 39], Fault::TcpHeader),
        (46, &[0x40], Fault::TcpHeader),
        (46, &[0x80], Fault::TcpHeader),
    ] {
        assert_eq!(fault(&patched(&SYN, at, bytes)), Some(expected), "{at} {bytes:x?}");
    }
    let options = |options: &[u8]| fault(&ethernet(IPV4, &ipv4(UDP, (0, false), options, &DNS[34..])));
    assert_eq!(options(&[148, 9, 0, 0]), Some(Fault::Ipv4Options));
    assert_eq!(options(&[30, 2].repeat(8)), None);
    assert_eq!(options(&[30, 2].repeat(10)), Some(Fault::OptionLimit));
}

#[test]
fn ipv6_faults() {
    let tcp6 = ethernet(IPV6, &ipv6(TCP, &syn_segment()));
    assert_eq!(fault(&patched(&tcp6, 14, &[0x40])), Some(Fault::Ipv6Header));
    assert_eq!(fault(&patched(&tcp6, 18, &[0, 29])), Some(Fault::IpTruncated));
    assert_eq!(fault(&patched(&tcp6, 18, &[0, 0])), Some(Fault::TcpHeader));
    let chain = |n: usize| {
        let mut bytes = extension(DESTINATION, &[]).repeat(n - 1);
        bytes.extend(extension(TCP, &syn_segment()));
        headers(&ethernet(IPV6, &ipv6(DESTINATION, &bytes)))
    };
    assert_eq!((chain(8).fault, chain(8).l4_at()), (None, Some(118)));
    assert_eq!((chain(9).fault, chain(9).extensions), (Some(Fault::ExtensionLimit), 8));
    assert_eq!(chain(100).fault, Some(Fault::ExtensionLimit));
    let late = extension(HOP_BY_HOP, &extension(TCP, &syn_segment()));
    assert_eq!(fault(&ethernet(IPV6, &ipv6(DESTINATION, &late))), Some(Fault::Ipv6Extension));
    assert_eq!(
        fault(&ethernet(IPV6, &ipv6(DESTINATION, &[6, 1, 1, 4, 0, 0, 0, 0]))),
        Some(Fault::Ipv6Extension)
    );
    let bad = [&[6, 0, 5, 9, 0, 0, 0, 0], &syn_segment()[..]].concat();
    assert_eq!(fault(&ethernet(IPV6, &ipv6(HOP_BY_HOP, &bad))), Some(Fault::Ipv6Extension));
}

#[test]
fn ipv6_options() {
    let options = |units: u8, options: &[u8]| {
        let bytes = [&[6, units - 1], options, &syn_segment()].concat();
        fault(&ethernet(IPV6, &ipv6(HOP_BY_HOP, &bytes)))
    };
    assert_eq!(options(3, &[&[0x1e, 0].repeat(8)[..], &[1, 4, 0, 0, 0, 0]].concat()), None);
    assert_eq!(options(3, &[&[0x1e, 0].repeat(9)[..], &[1, 2, 0, 0]].concat()), Some(Fault::OptionLimit));
    assert_eq!(options(2, &[0x1e, 5, 0, 0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 0]), None);
    assert_eq!(options(2, &[0x1e, 4, 0, 0, 0, 0, 1, 6, 0, 0, 0, 0, 0, 0]), Some(Fault::OptionLimit));
    // 2 KiB of Pad1
    assert_eq!(options(255, &[0; 255 * 8 - 2]), Some(Fault::OptionLimit));
}

#[test]
fn jumbogram() {
    let jumbo = |claimed: u32| {
        let mut bytes = vec![UDP, 0, crate::extension::JUMBO, 4];
        bytes.extend(claimed.to_be_bytes());
        bytes.extend([0, 1, 0, 2, 0, 0, 0, 0]);
        bytes.resize(70_000, 0);
        headers(&patched(&ethernet(IPV6, &ipv6(HOP_BY_HOP, &bytes)), 18, &[0, 0]))
    };
    let h = jumbo(70_000);
    assert_eq!((h.fault, h.payload_at(), h.payload_len_bytes()), (None, 70, 70_000 - 16));
    assert_eq!(jumbo(70_001).fault, Some(Fault::IpTruncated));
    assert_eq!(jumbo(65_535).fault, Some(Fault::Ipv6Extension));
}

#[test]
fn tunnels_have_a_depth() {
    let mut packet = syn_packet();
    for _ in 0..3 {
        packet = ipv4(crate::protocol::IPV4, (0, false), &[], &packet);
    }
    let h = headers(&ethernet(IPV4, &packet));
    assert_eq!((h.fault, h.ip_layers, h.outer.at(), h.inner.at()), (None, 4, 14, 74));
    assert_eq!((h.outer.protocol, h.outer.l4_at(), h.l4_at()), (4, Some(34), Some(94)));
    packet = ipv6(crate::protocol::IPV4, &packet);
    let h = headers(&ethernet(IPV6, &packet));
    assert_eq!((h.fault, h.ip_layers), (Some(Fault::IpDepth), 4));
}

#[test]
fn transport_faults() {
    for (protocol, len, expected) in [
        (TCP, 19, Fault::TcpHeader),
        (UDP, 7, Fault::UdpLength),
        (ICMP, 7, Fault::IcmpTruncated),
        (IGMP, 7, Fault::IgmpTruncated),
        (ESP, 7, Fault::EspTruncated),
        (AH, 11, Fault::AhTruncated),
    ] {
        let frame = v4(protocol, &[0x51; 12][..len.min(12)]);
        let frame = if protocol == TCP { v4(TCP, &[0x51; 19]) } else { frame };
        let h = headers(&frame);
        assert_eq!((h.fault, h.l4_at()), (Some(expected), None), "{protocol}");
        // A first fragment that ends early is left to reassembly.
        let first = headers(&ethernet(IPV4, &ipv4(protocol, (0, true), &[], &frame[34..])));
        assert_eq!((first.fault, first.l4_at(), first.inner.is_first_fragment()), (None, None, true));
    }
    assert_eq!(fault(&patched(&DNS, 38, &[0, 7])), Some(Fault::UdpLength));
    assert_eq!(fault(&patched(&DNS, 38, &[0, 37])), Some(Fault::UdpLength));
    assert_eq!(headers(&patched(&DNS, 38, &[0, 30])).payload_len_bytes(), 22);
    assert_eq!(fault(&v4(AH, &[6, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6])), Some(Fault::AhTruncated));
}
