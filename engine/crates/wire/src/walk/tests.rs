//! Whole frames through the walk.

use super::*;
use crate::ethernet::{EthernetHeader, ethertype};
use crate::ipv4::Ipv4Header;
use crate::protocol;
use crate::udp::UdpHeader;

/// A captured SYN: 145.254.160.237:3372 to 65.208.228.223:80.
pub(super) const SYN: [u8; 62] = [
    0xfe, 0xff, 0x20, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x08, 0x00, 0x45, 0x00, 0x00,
    0x30, 0x0f, 0x41, 0x40, 0x00, 0x80, 0x06, 0x91, 0xeb, 0x91, 0xfe, 0xa0, 0xed, 0x41, 0xd0, 0xe4, 0xdf,
    0x0d, 0x2c, 0x00, 0x50, 0x38, 0xaf, 0xfe, 0x13, 0x00, 0x00, 0x00, 0x00, 0x70, 0x02, 0x22, 0x38, 0xc3,
    0x0c, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x01, 0x01, 0x04, 0x02,
];

#[test]
fn syn() {
    let h = headers(&SYN);
    assert_eq!(h.fault, None);
    assert_eq!((h.outer.kind, h.outer.at(), h.l4_at(), h.protocol()), (L3::V4, 14, Some(34), protocol::TCP));
    assert_eq!((h.payload_at(), h.payload_len_bytes(), h.inner.end()), (62, 0, 62));
    assert_eq!(walk(Link::Ethernet, &SYN, &Limits::DATAPATH, &mut visit::Nothing), h);
    assert_eq!(verify_ip_checksum(&SYN, &h), Ok(()));
    assert_eq!(verify_l4_checksum(&SYN, &h), Ok(()));
    let mut bad = SYN;
    bad[50] ^= 1;
    assert_eq!(verify_l4_checksum(&bad, &headers(&bad)), Err(Fault::TcpChecksum));
    bad[24] ^= 1;
    assert_eq!(verify_ip_checksum(&bad, &headers(&bad)), Err(Fault::Ipv4Checksum));
}

#[test]
fn emitted_udp_with_padding() {
    let mut frame = [0u8; 60];
    let eth = EthernetHeader { dst: [1; 6], src: [2; 6], type_or_length: ethertype::IPV4 };
    let ip = Ipv4Header {
        src: [10, 0, 0, 1],
        dst: [10, 0, 0, 2],
        protocol: protocol::UDP,
        ttl: 64,
        tos: 0,
        id: 1,
        dont_fragment: true,
        more_fragments: false,
        fragment_offset_bytes: 0,
        payload_len_bytes: 10,
        options: &[],
    };
    let mut at = eth.emit(&mut frame).unwrap();
    at += ip.emit(&mut frame[at..]).unwrap();
    let udp = UdpHeader { src_port: 1, dst_port: 2, len_bytes: 10, checksum: 0 };
    udp.emit(&mut frame[at..]).unwrap();
    let h = headers(&frame);
    assert_eq!((h.fault, h.payload_at(), h.payload_len_bytes(), h.inner.end()), (None, 42, 2, 44));
}
