//! Captures made here, and what is told of them.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod captures;
mod lines;
mod links;
mod refused;

use super::*;
use traffic::LinkType;
use traffic::capture::{write_header, write_record};
use wire::checksum::Sum;
use wire::ethernet::{EthernetHeader, ethertype};
use wire::ipv4::Ipv4Header;
use wire::ipv6::Ipv6Header;
use wire::udp::{self, UdpHeader};

/// Microsoft's, whose hashes are published.
const KEY: &str = "6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa";

fn capture(link: LinkType, frames: &[&[u8]]) -> Vec<u8> {
    let mut file = Vec::new();
    write_header(&mut file, link);
    for frame in frames {
        write_record(&mut file, 0, frame, frame.len() as u32);
    }
    file
}

/// The lines of a capture, with 8 queues.
fn lines(file: Vec<u8>) -> Vec<String> {
    Dissector::new(file, KEY, 8).unwrap().collect()
}

/// The one line of a frame behind `"caplen":…,`, without its brace.
fn told(link: LinkType, frame: &[u8]) -> String {
    let line = lines(capture(link, &[frame])).swap_remove(0);
    let lengths = format!("{{\"n\":1,\"len\":{0},\"caplen\":{0},", frame.len());
    line.strip_prefix(&lengths).unwrap_or_else(|| panic!("{line}")).to_owned()
}

/// An Ethernet header before `rest`.
fn ethernet(type_or_length: u16, rest: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 14];
    EthernetHeader { dst: [2, 0, 0, 0, 0, 2], src: [2, 0, 0, 0, 0xab, 1], type_or_length }.emit(&mut out);
    out.extend(rest);
    out
}

/// From and to the addresses of Microsoft's first IPv4 vector.
const IPV4: Ipv4Header = Ipv4Header {
    src: [66, 9, 149, 187],
    dst: [161, 142, 100, 80],
    protocol: 17,
    ttl: 64,
    tos: 0xb8,
    id: 7,
    dont_fragment: true,
    more_fragments: false,
    fragment_offset_bytes: 0,
    payload_len_bytes: 0,
    options: &[],
};

/// From and to the addresses of Microsoft's first IPv6 vector.
const IPV6: Ipv6Header = Ipv6Header {
    src: [0x3f, 0xfe, 0x25, 1, 2, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7],
    dst: [0x3f, 0xfe, 0x25, 1, 2, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1],
    next_header: 17,
    hop_limit: 63,
    traffic_class: 3,
    flow_label: 0x12345,
    payload_len_bytes: 0,
};

fn ipv4(header: Ipv4Header, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 20];
    Ipv4Header { payload_len_bytes: payload.len() as u16, ..header }.emit(&mut out).unwrap();
    out.extend(payload);
    out
}

fn ipv6(header: Ipv6Header, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 40];
    Ipv6Header { payload_len_bytes: payload.len() as u16, ..header }.emit(&mut out).unwrap();
    out.extend(payload);
    out
}

/// The ports of Microsoft's first vectors, 2794 to 1766, and two bytes of data; the sum is of `IPV4`'s addresses.
fn udp4() -> Vec<u8> {
    let mut out = vec![0; 10];
    UdpHeader { src_port: 2794, dst_port: 1766, len_bytes: 10, checksum: 0 }.emit(&mut out).unwrap();
    let checksum = udp::checksum(Sum::pseudo_v4(IPV4.src, IPV4.dst, 17, 10), &out);
    UdpHeader { src_port: 2794, dst_port: 1766, len_bytes: 10, checksum }.emit(&mut out).unwrap();
    out
}

const ETH: &str = r#""eth":{"src":"02:00:00:00:ab:01","dst":"02:00:00:00:00:02","type":2048}"#;
