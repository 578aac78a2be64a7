//! Frames for tests.

use wire::checksum::Sum;
use wire::protocol::{TCP, UDP};

/// Ethernet II.
pub(crate) fn ethernet(ethertype: u16, payload: &[u8]) -> Vec<u8> {
    [&[2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2], ethertype.to_be_bytes().as_slice(), payload].concat()
}

/// The frame with an 802.1Q tag.
pub(crate) fn vlan(id: u16, frame: &[u8]) -> Vec<u8> {
    [&frame[..12], &[0x81, 0], id.to_be_bytes().as_slice(), &frame[12..]].concat()
}

/// Ethernet with a label stack, TTL 64.
pub(crate) fn mpls(labels: &[u32], payload: &[u8]) -> Vec<u8> {
    let entry = |(i, label): (usize, &u32)| {
        let bottom = u32::from(i + 1 == labels.len());
        (label << 12 | bottom << 8 | 64).to_be_bytes()
    };
    let stack: Vec<u8> = labels.iter().enumerate().flat_map(entry).collect();
    ethernet(0x8847, &[stack.as_slice(), payload].concat())
}

/// An IPv4 packet; `fragment` is the flags and offset field.
pub(crate) fn ipv4(src: [u8; 4], dst: [u8; 4], protocol: u8, fragment: u16, payload: &[u8]) -> Vec<u8> {
    let length = (20 + payload.len()) as u16;
    let mut header = vec![0x45, 0];
    header.extend(length.to_be_bytes());
    header.extend([0, 0]);
    header.extend(fragment.to_be_bytes());
    header.extend([64, protocol, 0, 0]);
    header.extend(src);
    header.extend(dst);
    let checksum = wire::checksum::internet(&header);
    header[10..12].copy_from_slice(&checksum.to_be_bytes());
    header.extend(payload);
    header
}

/// An IPv6 packet.
pub(crate) fn ipv6(src: [u8; 16], dst: [u8; 16], next: u8, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u16).to_be_bytes();
    [&[0x60, 0, 0, 0], length.as_slice(), &[next, 64], &src, &dst, payload].concat()
}

/// A TCP header without options; its checksum is not set.
pub(crate) fn tcp(sport: u16, dport: u16) -> Vec<u8> {
    let mut header = [sport.to_be_bytes(), dport.to_be_bytes()].concat();
    header.extend([0; 8]);
    header.extend([0x50, 0x10, 0xff, 0xff, 0, 0, 0, 0]);
    header
}

/// A UDP datagram without checksum.
pub(crate) fn udp(sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    let length = (8 + payload.len()) as u16;
    let header = [sport.to_be_bytes(), dport.to_be_bytes(), length.to_be_bytes(), [0, 0]].concat();
    [header.as_slice(), payload].concat()
}

/// A UDP over IPv4 frame with all checksums.
pub(crate) fn ipv4_udp(src: [u8; 4], dst: [u8; 4], sport: u16, dport: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = udp(sport, dport, payload);
    let checksum = wire::udp::checksum(Sum::pseudo_v4(src, dst, UDP, datagram.len() as u16), &datagram);
    datagram[6..8].copy_from_slice(&checksum.to_be_bytes());
    ethernet(0x0800, &ipv4(src, dst, UDP, 0, &datagram))
}

/// The packet in an IPv4 tunnel.
pub(crate) fn ip_in_ip(packet: &[u8]) -> Vec<u8> {
    ethernet(0x0800, &ipv4([192, 0, 2, 1], [192, 0, 2, 2], 4, 0, packet))
}

/// A TCP segment from this port.
pub(crate) fn segment(port: u16, sequence: u32, flags: u16, payload: &[u8]) -> Vec<u8> {
    let (source, destination) = ([192, 0, 2, 1], [198, 51, 100, 1]);
    let mut tcp = [port.to_be_bytes(), [0, 80]].concat();
    tcp.extend(sequence.to_be_bytes());
    tcp.extend([0, 0, 0, 1]);
    tcp.extend((0x5000 | flags).to_be_bytes());
    tcp.extend([1, 0, 0, 0, 0, 0]);
    tcp.extend(payload);
    let sum = Sum::pseudo_v4(source, destination, TCP, tcp.len() as u16).add_bytes(&tcp).checksum();
    tcp[16..18].copy_from_slice(&sum.to_be_bytes());
    ethernet(0x0800, &ipv4(source, destination, TCP, 0x4000, &tcp))
}
