//! The line of one frame, to the letter.

use super::*;

const L3: &str = r#"{"v":4,"src":"66.9.149.187","dst":"161.142.100.80","proto":17,"ttl":64,"tos":184,"len":30,"id":7,"df":1,"mf":0,"off":0}"#;
const UDP: &str = r#""udp":{"sport":2794,"dport":1766,"len":10}"#;
/// Microsoft's published hashes of these addresses, with the ports 0x51ccc178 and without 0x323e8fc2.
const RSS: &str = r#""rss":{"hash4":1372373368,"hash2":842960834,"queue":0}"#;

#[test]
fn udp_over_ipv4() {
    let line = told(LinkType::Ethernet, &ethernet(ethertype::IPV4, &ipv4(IPV4, &udp4())));
    assert_eq!(line, format!(r#"{ETH},"l3":[{L3}],{UDP},{RSS},"verdict":"delivered"}}"#));
}

#[test]
fn the_type_is_the_outermost_tags() {
    let ip = ipv4(IPV4, &udp4());
    let tags = [&[0, 5, 0x81, 0, 0xe0, 6, 8, 0], &ip[..]].concat();
    let line = told(LinkType::Ethernet, &ethernet(ethertype::QINQ, &tags));
    let eth = ETH.replace("2048", "34984");
    assert_eq!(line, format!(r#"{eth},"vlan":[5,6],"l3":[{L3}],{UDP},{RSS},"verdict":"delivered"}}"#));
}

#[test]
fn labels_hide_the_packet_from_the_hash() {
    let stack = [&[0, 0x06, 0x4a, 64, 0, 0x0c, 0x81, 3], &ipv4(IPV4, &udp4())[..]].concat();
    let line = told(LinkType::Ethernet, &ethernet(ethertype::MPLS, &stack));
    let eth = ETH.replace("2048", "34887");
    let mpls = r#""mpls":[{"label":100,"exp":5,"bos":0,"ttl":64},{"label":200,"exp":0,"bos":1,"ttl":3}]"#;
    let rss = r#""rss":{"queue":0}"#;
    assert_eq!(line, format!(r#"{eth},{mpls},"l3":[{L3}],{UDP},{rss},"verdict":"delivered"}}"#));
}

#[test]
fn every_extension_header_of_a_chain() {
    let chain = [
        [60, 0, 1, 4, 0, 0, 0, 0],
        [43, 0, 1, 4, 0, 0, 0, 0],
        [44, 0, 0, 0, 0, 0, 0, 0],
        [59, 0, 0, 0x11, 0, 0, 0, 9],
    ];
    let packet = ipv6(Ipv6Header { next_header: 0, ..IPV6 }, chain.as_flattened());
    let line = told(LinkType::RawIp, &packet);
    let l3 = r#"{"v":6,"src":"3ffe:2501:200:1fff::7","dst":"3ffe:2501:200:3::1","nxt":0,"hlim":63,"tc":3,"flow":74565,"plen":32,"ext":[{"h":"hbh","nxt":60},{"h":"dst","nxt":43},{"h":"rt","nxt":44},{"h":"frag","nxt":59,"off":16,"mf":1,"id":9}]}"#;
    // Microsoft's published hash of these addresses is 0x2cc18cd5.
    let rss = r#""rss":{"hash2":750882005,"queue":5}"#;
    assert_eq!(line, format!(r#""l3":[{l3}],{rss},"verdict":"delivered"}}"#));
}

#[test]
fn tunnels_list_both_headers_and_the_hash_is_the_outers() {
    let inner = ipv4(IPV4, &udp4());
    let line = told(LinkType::RawIp, &ipv6(Ipv6Header { next_header: 4, ..IPV6 }, &inner));
    let outer = r#"{"v":6,"src":"3ffe:2501:200:1fff::7","dst":"3ffe:2501:200:3::1","nxt":4,"hlim":63,"tc":3,"flow":74565,"plen":30}"#;
    let rss = r#""rss":{"hash2":750882005,"queue":5}"#;
    assert_eq!(line, format!(r#""l3":[{outer},{L3}],{UDP},{rss},"verdict":"delivered"}}"#));
}

#[test]
fn a_length_is_no_type() {
    let line = told(LinkType::Ethernet, &ethernet(3, &[0x42, 0x42, 3]));
    let eth = ETH.replace(r#","type":2048"#, "");
    assert_eq!(line, format!(r#"{eth},"rss":{{"queue":0}},"verdict":"delivered"}}"#));
}

#[test]
fn security_headers() {
    let esp = [0, 0, 1, 0, 0, 0, 0, 7, 1, 2, 3, 4];
    let ah = [50, 4, 0, 0, 0, 0, 0, 5, 0, 0, 0, 6, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9];
    let packet = ipv4(Ipv4Header { protocol: 51, ..IPV4 }, &[&ah[..], &esp].concat());
    let line = told(LinkType::RawIp, &packet);
    assert!(
        line.contains(r#"}],"esp":{"spi":256,"seq":7},"ah":{"spi":5,"seq":6},"rss":{"hash2":842960834,"#),
        "{line}"
    );
}

#[test]
fn tcp_and_a_wrong_sum() {
    let tcp = [0x0a, 0xea, 6, 0xe6, 1, 2, 3, 4, 0, 0, 0, 5, 0x51, 0x18, 0xff, 0xff, 0xde, 0xad, 0, 0, 8, 9];
    let line = told(LinkType::RawIp, &ipv4(Ipv4Header { protocol: 6, ..IPV4 }, &tcp));
    let listed = r#""tcp":{"sport":2794,"dport":1766,"seq":16909060,"ack":5,"flags":280,"win":65535,"hlen":20,"len":2}"#;
    assert!(line.ends_with(&format!(r#"{listed},{RSS},"verdict":"dropped:tcp_csum"}}"#)), "{line}");
}

#[test]
fn a_first_fragment_has_no_length_of_tcp() {
    let tcp =
        [0x0a, 0xea, 6, 0xe6, 1, 2, 3, 4, 0, 0, 0, 5, 0x50, 0x18, 0xff, 0xff, 0xde, 0xad, 0, 0, 8, 9, 1, 2];
    let header = Ipv4Header { protocol: 6, more_fragments: true, dont_fragment: false, ..IPV4 };
    let line = told(LinkType::RawIp, &ipv4(header, &tcp));
    let expected = r#""win":65535,"hlen":20},"rss":{"hash2":842960834,"queue":2},"verdict":"delivered"}"#;
    assert!(line.ends_with(expected), "{line}");
}

#[test]
fn icmp_of_both_versions_and_not_what_it_quotes() {
    let quote = ipv4(IPV4, &udp4());
    let mut message = [&[3, 3, 0, 0, 0, 0, 0, 0], &quote[..]].concat();
    let checksum = Sum::new().add_bytes(&message).checksum();
    message[2..4].copy_from_slice(&checksum.to_be_bytes());
    let line = told(LinkType::RawIp, &ipv4(Ipv4Header { protocol: 1, ..IPV4 }, &message));
    let expected =
        r#"}],"icmp":{"type":3,"code":3},"rss":{"hash2":842960834,"queue":2},"verdict":"delivered"}"#;
    assert!(line.ends_with(expected), "{line}");
    let line =
        told(LinkType::RawIp, &ipv6(Ipv6Header { next_header: 58, ..IPV6 }, &[128, 0, 1, 2, 3, 4, 5, 6]));
    assert!(line.contains(r#""icmp":{"type":128,"code":0}"#), "{line}");
    assert!(line.ends_with(r#""verdict":"dropped:icmp_csum"}"#), "{line}");
}

#[test]
fn more_than_the_datapath_takes_is_listed_and_dropped() {
    let labels = |n: usize| [0, 6, 0x40, 9].repeat(n);
    let line = told(LinkType::Ethernet, &ethernet(ethertype::MPLS, &labels(80)));
    assert_eq!(line.matches("\"label\":100").count(), 64);
    assert!(line.ends_with(r#""rss":{"queue":0},"verdict":"dropped:mpls_depth"}"#), "{line}");
    let options = [60, 0, 1, 4, 0, 0, 0, 0].repeat(80);
    let line = told(LinkType::RawIp, &ipv6(Ipv6Header { next_header: 60, ..IPV6 }, &options));
    assert_eq!(line.matches("\"h\":\"dst\"").count(), 64);
    assert!(line.ends_with(r#""verdict":"dropped:ext_limit"}"#), "{line}");
}

#[test]
fn a_cut_frame_is_listed_by_its_lengths_and_judged_by_its_bytes() {
    let experimental = Ipv4Header { protocol: 253, ..IPV4 };
    let frame = ethernet(ethertype::IPV4, &ipv4(experimental, &[0; 10]));
    let mut file = Vec::new();
    write_header(&mut file, LinkType::Ethernet);
    write_record(&mut file, 0, &frame[..42], frame.len() as u32);
    write_record(&mut file, 0, &frame[..30], frame.len() as u32);
    write_record(&mut file, 0, &frame[..13], frame.len() as u32);
    let lines = lines(file);
    let cut = |n: u8, caplen: u8, rest: &str| format!("{{\"n\":{n},\"len\":44,\"caplen\":{caplen},{rest}}}");
    let l3 = L3.replace(r#""proto":17"#, r#""proto":253"#);
    let rss = r#""rss":{"hash2":842960834,"queue":2}"#;
    let first = format!(r#"{ETH},"l3":[{l3}],{rss},"verdict":"dropped:pkt_too_small""#);
    assert_eq!(lines[0], cut(1, 42, &first));
    let second = format!(r#"{ETH},"rss":{{"queue":0}},"verdict":"dropped:ip_inhdr""#);
    assert_eq!(lines[1], cut(2, 30, &second));
    assert_eq!(lines[2], cut(3, 13, r#""rss":{"queue":0},"verdict":"dropped:rx_length_error""#));
    let stats = r#"{"stats":{"rx":3,"delivered":0,"dropped":{"rx_length_error":1,"ip_inhdr":1,"pkt_too_small":1},"pending":0,"consumed":0}}"#;
    assert_eq!(lines[3], stats);
    assert_eq!(lines.len(), 4);
}
