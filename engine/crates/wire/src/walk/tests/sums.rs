//! The checks apart from the walk.

use super::frames::*;
use super::*;
use crate::checksum::Sum;
use crate::ethernet::ethertype::{IPV4, IPV6};
use crate::protocol::{ESP, FRAGMENT, ICMPV6, ROUTING, TCP, UDP};
use crate::{checksum, tcp, udp};

fn l4(frame: &[u8]) -> Result<(), Fault> {
    verify_l4_checksum(frame, &headers(frame))
}

fn flipped(frame: &[u8], at: usize) -> Vec<u8> {
    let mut frame = frame.to_vec();
    frame[at] ^= 0x10;
    frame
}

#[test]
fn captured_frames_hold_and_flipped_ones_do_not() {
    for (frame, fault) in [(&SYN[..], Fault::TcpChecksum), (&DNS[..], Fault::UdpChecksum)] {
        assert_eq!(l4(frame), Ok(()));
        assert_eq!(verify_ip_checksum(frame, &headers(frame)), Ok(()));
        for at in [26, 30, 34, 36, frame.len() - 1] {
            assert_eq!(l4(&flipped(frame, at)), Err(fault), "{at}");
        }
        let frame = flipped(frame, 22);
        assert_eq!(verify_ip_checksum(&frame, &headers(&frame)), Err(Fault::Ipv4Checksum));
        assert_eq!(l4(&frame), Ok(()), "the TTL is in no transport checksum");
    }
}

#[test]
fn udp_without_checksum() {
    let mut datagram = DNS[34..].to_vec();
    datagram[6..8].fill(0);
    assert_eq!(l4(&ethernet(IPV4, &ipv4(UDP, (0, false), &[], &datagram))), Ok(()));
    assert_eq!(l4(&ethernet(IPV6, &ipv6(UDP, &datagram))), Err(Fault::UdpChecksum));
}

#[test]
fn ipv6_transports() {
    let pseudo = |next, len| Sum::pseudo_v6([0xfe; 16], [0xfd; 16], next, len);
    let mut segment = syn_segment();
    segment[16..18].fill(0);
    let sum = tcp::checksum(pseudo(TCP, segment.len() as u32), &segment);
    segment[16..18].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(l4(&ethernet(IPV6, &ipv6(TCP, &segment))), Ok(()));
    assert_eq!(l4(&flipped(&ethernet(IPV6, &ipv6(TCP, &segment)), 60)), Err(Fault::TcpChecksum));
    // An odd datagram, its length shorter than the IP payload.
    let mut datagram = vec![0, 1, 0, 2, 0, 11, 0, 0, b'a', b'b', b'c'];
    let sum = udp::checksum(pseudo(UDP, 11), &datagram);
    datagram[6..8].copy_from_slice(&sum.to_be_bytes());
    datagram.extend([9, 9]);
    assert_eq!(l4(&ethernet(IPV6, &ipv6(UDP, &datagram))), Ok(()));
    let mut echo = vec![128, 0, 0, 0, 0, 1, 0, 1, b'x'];
    let sum = pseudo(ICMPV6, 9).add_bytes(&echo).checksum();
    echo[2..4].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(l4(&ethernet(IPV6, &ipv6(ICMPV6, &echo))), Ok(()));
    assert_eq!(l4(&flipped(&ethernet(IPV6, &ipv6(ICMPV6, &echo)), 62)), Err(Fault::IcmpChecksum));
}

#[test]
fn what_cannot_be_judged_passes() {
    let segment = [7; 28];
    let routed = [&[TCP, 0, 0, 1, 0, 0, 0, 0], &syn_segment()[..]].concat();
    for frame in [
        ethernet(IPV4, &ipv4(TCP, (0, true), &[], &syn_segment())),
        ethernet(IPV4, &ipv4(TCP, (8, false), &[], &segment)),
        ethernet(IPV6, &ipv6(FRAGMENT, &fragment(TCP, 0, true, &syn_segment()))),
        ethernet(IPV6, &ipv6(ROUTING, &routed)),
        ethernet(IPV4, &ipv4(ESP, (0, false), &[], &segment)),
    ] {
        assert_eq!(headers(&frame).fault, None);
        assert_eq!(l4(&frame), Ok(()));
    }
    // An atomic fragment is a whole datagram.
    let atomic = ethernet(IPV6, &ipv6(FRAGMENT, &fragment(TCP, 0, false, &syn_segment())));
    assert!(headers(&atomic).inner.is_atomic_fragment());
    assert_eq!(l4(&atomic), Err(Fault::TcpChecksum));
}

#[test]
fn tunnelled_segment_is_judged_inside() {
    let frame = ethernet(IPV4, &ipv4(crate::protocol::IPV4, (0, false), &[], &syn_packet()));
    assert_eq!(l4(&frame), Ok(()));
    assert_eq!(l4(&flipped(&frame, 60)), Err(Fault::TcpChecksum));
}

#[test]
fn igmp_and_tcp_options() {
    let report = [0x16, 0, 0xfa, 4, 239, 255, 255, 250];
    assert!(checksum::holds(&report));
    let frame = ethernet(IPV4, &ipv4(2, (0, false), &[], &report));
    assert_eq!(l4(&frame), Ok(()));
    assert_eq!(l4(&flipped(&frame, 40)), Err(Fault::IgmpChecksum));
    assert_eq!(verify_tcp_options(&SYN, &headers(&SYN)), Ok(()));
    let mut bad = SYN;
    bad[55] = 9;
    assert_eq!(headers(&bad).fault, None);
    assert_eq!(verify_tcp_options(&bad, &headers(&bad)), Err(Fault::TcpOptions));
}
