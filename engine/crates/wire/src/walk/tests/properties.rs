//! What holds for any bytes.

use super::frames::all;
use super::told::Log;
use super::*;
use crate::ipv4::{Ipv4, Ipv4Header};
use crate::tcp::{Tcp, TcpHeader};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

const LINKS: [Link; 5] = [Link::Ethernet, Link::RawIp, Link::BsdNull, Link::LinuxCooked, Link::LinuxCooked2];

/// A sound frame with a few bytes overwritten, cut or padded: reaches deeper than noise does.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let patches =
        vec((any::<Index>(), prop_oneof![any::<u8>(), Just(0), Just(0xff), Just(4), Just(41)]), 0..6);
    (any::<Index>(), patches, -40i32..40).prop_map(|(which, patches, grow)| {
        let (_, mut frame) = which.get(&all()).clone();
        for (at, byte) in patches {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        let len = (frame.len() as i32 + grow).max(0) as usize;
        frame.resize(len, 0);
        frame
    })
}

fn check(link: Link, frame: &[u8], limits: &Limits) {
    let mut log = Log::default();
    let h = walk(link, frame, limits, &mut log);
    let len = frame.len();
    for layer in [h.outer, h.inner] {
        assert!(layer.at() <= layer.end().max(layer.at()) && layer.end() <= len && layer.at() <= len);
        assert!(layer.l4_at().is_none_or(|at| at > layer.at() && at <= layer.end()), "{h:?}");
    }
    assert!(h.payload_at() + h.payload_len_bytes() <= len, "{h:?}");
    assert!(h.labels <= limits.labels && h.extensions <= limits.extension_headers);
    assert!(h.ip_layers <= limits.ip_layers);
    let bound = usize::from(limits.labels)
        + usize::from(limits.extension_headers)
        + usize::from(limits.ip_layers)
        + usize::from(h.vlans)
        + 6;
    assert!(log.0.len() <= bound, "{} headers told", log.0.len());
    // Everything that takes the answer keeps inside too.
    let _ = verify_ip_checksum(frame, &h);
    let _ = verify_l4_checksum(frame, &h);
    let _ = verify_tcp_options(frame, &h);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(frame in vec(any::<u8>(), 0..200), link in 0usize..5) {
        check(LINKS[link], &frame, &Limits::DATAPATH);
        check(LINKS[link], &frame, &Limits::DISSECT);
    }

    #[test]
    fn any_mutation(frame in mutated()) {
        check(Link::Ethernet, &frame, &Limits::DATAPATH);
        check(Link::Ethernet, &frame, &Limits::DISSECT);
        check(Link::RawIp, frame.get(14..).unwrap_or(&[]), &Limits::DATAPATH);
    }

    /// A wire length that lies cannot make the walk read or add beyond.
    #[test]
    fn any_wire_length(frame in mutated(), wire in any::<usize>()) {
        walk_captured(Link::Ethernet, &frame, wire, &Limits::DISSECT, &mut Log::default());
    }

    #[test]
    fn fast_equals_general(frame in mutated()) {
        let walked = general(&frame);
        if let Some(fast) = fast_ipv4(&frame) {
            prop_assert_eq!(fast, walked);
            prop_assert_eq!(fast.fault, None);
        }
        prop_assert_eq!(headers(&frame), walked);
    }

    /// Around the edges of the fast path: every combination of the fields it looks at.
    #[test]
    fn fast_equals_general_close(
        tag in any::<bool>(), ihl in 4u8..7, total in 20u16..80, fragment in prop_oneof![Just(0u16), any::<u16>()],
        protocol in prop_oneof![Just(6u8), Just(17), any::<u8>()], offset in 3u8..16, udp_len in 0u16..60,
        len in 30usize..90,
    ) {
        let mut frame = vec![0u8; 18];
        frame[12..14].copy_from_slice(if tag { &[0x81, 0] } else { &[8, 0] });
        frame[16..18].copy_from_slice(&[8, 0]);
        if !tag {
            frame.truncate(14);
        }
        frame.extend([0x40 | ihl, 0, 0, 0, 0, 0, 0, 0, 64, protocol]);
        let at = frame.len() - 10;
        frame.resize(len.max(60), 0);
        frame[at + 2..at + 4].copy_from_slice(&total.to_be_bytes());
        frame[at + 6..at + 8].copy_from_slice(&fragment.to_be_bytes());
        let l4 = at + 20;
        frame[l4 + 4..l4 + 6].copy_from_slice(&udp_len.to_be_bytes());
        frame[l4 + 12] = offset << 4;
        frame.truncate(len);
        let walked = general(&frame);
        if let Some(fast) = fast_ipv4(&frame) {
            prop_assert_eq!(fast, walked);
        }
        // And it does answer for what it is made for.
        if walked.fault.is_none() && ihl == 5 && matches!(protocol, 6 | 17) && !walked.is_fragment() {
            prop_assert!(fast_ipv4(&frame).is_some());
        }
    }

    #[test]
    fn ipv4_round_trip(
        src in any::<[u8; 4]>(), dst in any::<[u8; 4]>(), protocol in any::<u8>(), ttl in any::<u8>(),
        tos in any::<u8>(), id in any::<u16>(), df in any::<bool>(), mf in any::<bool>(), units in 0u16..8192,
        words in 0usize..11, payload_len in 0u16..1400,
    ) {
        let options = vec![1; words * 4];
        let header = Ipv4Header {
            src, dst, protocol, ttl, tos, id, dont_fragment: df, more_fragments: mf,
            fragment_offset_bytes: units * 8, payload_len_bytes: payload_len, options: &options,
        };
        let mut out = vec![0xee; 60];
        let len = header.emit(&mut out).unwrap();
        let view = Ipv4::new(&out[..len]).unwrap();
        prop_assert_eq!((view.src(), view.dst(), view.protocol(), view.ttl()), (src, dst, protocol, ttl));
        prop_assert_eq!((view.tos(), view.id(), view.dont_fragment(), view.more_fragments()), (tos, id, df, mf));
        prop_assert_eq!(view.fragment_offset_bytes(), units * 8);
        prop_assert_eq!(usize::from(view.total_len_bytes()), len + usize::from(payload_len));
        prop_assert_eq!((view.header_len_bytes(), view.checksum_holds()), (len, true));
        prop_assert_eq!(header.emit(&mut out[..len - 1]), None);
    }

    #[test]
    fn tcp_round_trip(
        ports in any::<(u16, u16)>(), seq in any::<u32>(), ack in any::<u32>(), flags in 0u16..0x1000,
        window in any::<u16>(), checksum in any::<u16>(), urgent in any::<u16>(), words in 0usize..11,
    ) {
        let options = vec![1; words * 4];
        let header = TcpHeader {
            src_port: ports.0, dst_port: ports.1, seq, ack, flags, window, checksum, urgent, options: &options,
        };
        let mut out = vec![0xee; 60];
        let len = header.emit(&mut out).unwrap();
        let view = Tcp::new(&out[..len]).unwrap();
        prop_assert_eq!((view.src_port(), view.dst_port(), view.seq(), view.ack()), (ports.0, ports.1, seq, ack));
        prop_assert_eq!((view.flags(), view.window(), view.checksum()), (flags, window, checksum));
        prop_assert_eq!((view.urgent(), view.option_bytes()), (urgent, &options[..]));
    }
}
