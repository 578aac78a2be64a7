//! Frames recorded without Ethernet: what the NIC is given is what the walk over the recorded frame sees.

use super::*;
use proptest::prelude::*;
use wire::walk::{Visit, headers, walk};

const ALL: [LinkType; 8] = [
    LinkType::Ethernet,
    LinkType::RawIp,
    LinkType::RawIpv4,
    LinkType::RawIpv6,
    LinkType::Null,
    LinkType::Loop,
    LinkType::LinuxCooked,
    LinkType::LinuxCooked2,
];

struct Nobody;
impl Visit for Nobody {}

/// Link headers that lead to IP, some times cut; then a packet, some times damaged.
fn frame() -> impl Strategy<Value = Vec<u8>> {
    let head = prop_oneof![
        Just(vec![]),
        Just(vec![2, 0, 0, 0]),
        Just(vec![0, 0, 0, 30]),
        Just(vec![7, 0, 0, 0]),
        Just(vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0]),
        Just(vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 4]),
        Just(vec![0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 0, 1]),
        Just(vec![8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0]),
    ];
    let packet = prop_oneof![
        Just(ipv4(IPV4, &udp4())),
        Just(ipv6(IPV6, &[60, 0, 1, 4, 0, 0, 0, 0])),
        Just(ethernet(ethertype::IPV4, &ipv4(IPV4, &udp4()))),
        Just([&[0xaa, 0xaa, 3, 0, 0, 0, 8, 0], &ipv4(IPV4, &udp4())[..]].concat()),
        prop::collection::vec(any::<u8>(), 0..100),
    ];
    (head, packet, any::<prop::sample::Index>(), any::<u8>(), 0_usize..120).prop_map(
        |(head, packet, place, value, cut)| {
            let mut frame = [head, packet].concat();
            if let Some(byte) = frame.len().checked_sub(1).map(|last| &mut frame[place.index(last + 1)]) {
                *byte = if value < 128 { *byte } else { value };
            }
            frame.truncate(cut.max(1));
            frame
        },
    )
}

proptest! {
    #[test]
    fn the_nic_finds_what_the_walk_finds(link in prop::sample::select(&ALL), frame in frame()) {
        let mut scratch = Vec::new();
        let seen = headers(to_ethernet(link, &frame, &mut scratch));
        let walked = walk(link.walk(), &frame, &Limits::DATAPATH, &mut Nobody);
        prop_assert_eq!(seen.fault, walked.fault);
        prop_assert_eq!((seen.outer.kind, seen.inner.kind), (walked.outer.kind, walked.inner.kind));
        prop_assert_eq!(seen.protocol(), walked.protocol());
    }

    #[test]
    fn any_bytes_are_told_and_counted(link in prop::sample::select(&ALL), frame in frame()) {
        let lines = lines(capture(link, &[&frame]));
        prop_assert_eq!(lines.len(), 2);
        for line in &lines {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "{}", line);
        }
        let law = captures::law(&lines);
        prop_assert_eq!(law, Ok(1));
    }
}

#[test]
fn every_link_type_leads_to_the_packet() {
    let ip = ipv4(IPV4, &udp4());
    let cases: [(LinkType, &[u8]); 7] = [
        (LinkType::RawIp, &[]),
        (LinkType::RawIpv4, &[]),
        (LinkType::Null, &[2, 0, 0, 0]),
        (LinkType::Null, &[0, 0, 0, 2]),
        (LinkType::Loop, &[0, 0, 0, 2]),
        (LinkType::LinuxCooked, &[0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0]),
        (LinkType::LinuxCooked2, &[8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 4, 6, 2, 0, 0, 0, 0, 1, 0, 0]),
    ];
    let expected = told(LinkType::RawIp, &ip);
    assert!(expected.starts_with(r#""l3":[{"v":4,"#), "{expected}");
    assert!(expected.ends_with(r#""hash2":842960834,"queue":0},"verdict":"delivered"}"#), "{expected}");
    for (link, header) in cases {
        assert_eq!(told(link, &[header, &ip].concat()), expected, "{link:?}");
    }
}

#[test]
fn what_has_no_link_header_is_a_runt() {
    for (link, bytes) in [(LinkType::Null, 3), (LinkType::LinuxCooked, 15), (LinkType::LinuxCooked2, 19)] {
        let line = told(link, &[0; 20][..bytes]);
        assert_eq!(line, r#""rss":{"queue":0},"verdict":"dropped:rx_length_error"}"#);
    }
}
