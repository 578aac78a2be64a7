use super::*;
use crate::queue::CoalesceConfig;
use crate::rss::conformance::{IPV4, IPV6};
use crate::rss::{ContextConfig, ContextId, ContextRule, Fields, RssKey, Spread, Symmetry};
use crate::steering::{NtupleRule, SteeringConfig, SteeringCounter};
use crate::test_frames::{ethernet, ip_in_ip, ipv4, ipv4_udp, ipv6, mpls, tcp, udp, vlan};
use crate::{NicConfig, NicCounter};
use proptest::prelude::*;
use stage::{Interrupt, Region, RxQueues};
use wire::Fault;
use wire::protocol::{ICMP, TCP, UDP};

fn nic(change: impl FnOnce(&mut NicConfig)) -> (Nic, BufferPool) {
    let mut config =
        NicConfig { queues: 4, ring_size: 64, coalesce: CoalesceConfig::OFF, ..NicConfig::default() };
    change(&mut config);
    let mut buffers = config.buffer_pool(2 * config.ring_size);
    let nic = Nic::new(config, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
    (nic, buffers)
}

fn classify(nic: &Nic, frame: &[u8]) -> Classified {
    let mut out = [Classified::default()];
    nic.classify(&[frame], &mut out);
    out[0]
}

fn receive(
    nic: &mut Nic,
    buffers: &mut BufferPool,
    frame: &[u8],
    now_ns: Nanos,
) -> Result<Signal, DropReason> {
    let classified = classify(nic, frame);
    let to = nic.steer(now_ns, frame, &classified, &FlowKey::NONE);
    let received = nic.receive(now_ns, frame, &classified, to, FrameId(now_ns), now_ns, buffers, &mut |_| {});
    received.map(|received| received.signal)
}

#[test]
fn frames_hash_as_microsoft_published() {
    let (nic, _) = nic(|_| {});
    let (two, _) = self::nic(|c| {
        let fields = &mut c.rss.fields;
        (fields.tcp4, fields.udp4, fields.tcp6, fields.udp6) =
            (Fields::TwoTuple, Fields::TwoTuple, Fields::TwoTuple, Fields::TwoTuple);
    });
    for (src, sport, dst, dport, hash2, hash4) in IPV4 {
        for (protocol, l4) in [(TCP, tcp(sport, dport)), (UDP, udp(sport, dport, b""))] {
            let frame = ethernet(0x0800, &ipv4(src.octets(), dst.octets(), protocol, 0, &l4));
            let (a, b) = (classify(&nic, &frame), classify(&two, &frame));
            assert_eq!(
                (a.hash, a.hash_type, b.hash, b.hash_type),
                (hash4, HashType::L4, hash2, HashType::L3)
            );
            assert_eq!(nic.queue_of(&a).0, (hash4 % 128 % 4) as u16);
        }
    }
    for (src, sport, dst, dport, hash2, hash4) in IPV6 {
        for (protocol, l4) in [(TCP, tcp(sport, dport)), (UDP, udp(sport, dport, b""))] {
            let frame = ethernet(0x86dd, &ipv6(src.octets(), dst.octets(), protocol, &l4));
            let (a, b) = (classify(&nic, &frame), classify(&two, &frame));
            assert_eq!(
                (a.hash, a.hash_type, b.hash, b.hash_type),
                (hash4, HashType::L4, hash2, HashType::L3)
            );
        }
    }
}

#[test]
fn fragments_and_other_protocols_hash_addresses_only() {
    let (nic, _) = nic(|_| {});
    let (src, sport, dst, dport, hash2, _) = IPV4[0];
    let (src, dst) = (src.octets(), dst.octets());
    let first = ipv4(src, dst, UDP, 0x2000, &udp(sport, dport, b"12345678"));
    let last = ipv4(src, dst, UDP, 2, b"12345678");
    let ping = ipv4(src, dst, ICMP, 0, &[8, 0, 0xf7, 0xff, 0, 0, 0, 0]);
    let tunnel = ipv4(src, dst, 4, 0, &ipv4([9; 4], [8; 4], TCP, 0, &tcp(1, 2)));
    for packet in [first, last, ping, tunnel] {
        let classified = classify(&nic, &ethernet(0x0800, &packet));
        assert_eq!((classified.hash, classified.hash_type), (hash2, HashType::L3));
    }
}

#[test]
fn what_is_not_ip_goes_to_queue_0() {
    let (nic, _) = nic(|c| c.rss.spread = Spread::Explicit(vec![QueueId(3); 128]));
    let inner = ipv4([1, 2, 3, 4], [5, 6, 7, 8], TCP, 0, &tcp(1, 2));
    let mut version_5 = inner.clone();
    version_5[0] = 0x55;
    for frame in [
        ethernet(0x88b5, &[0; 50]),
        ethernet(0x0806, &[0; 28]),
        mpls(&[100], &inner),
        ethernet(0x0800, &inner[..12]),
        ethernet(0x0800, &version_5),
        vec![],
    ] {
        let classified = classify(&nic, &frame);
        assert_eq!(
            (classified.hash, classified.hash_type, nic.queue_of(&classified)),
            (0, HashType::None, QueueId(0))
        );
    }
    let classified = classify(&nic, &ethernet(0x0800, &inner));
    assert_eq!(nic.queue_of(&classified), QueueId(3));
}

#[test]
fn the_inner_header_is_hashed_if_asked() {
    let (outer, _) = nic(|_| {});
    let (inner, _) = nic(|c| c.rss.inner = true);
    let (src, sport, dst, dport, hash2, hash4) = IPV4[1];
    let packet = ipv4(src.octets(), dst.octets(), TCP, 0, &tcp(sport, dport));
    let tunnelled = ip_in_ip(&packet);
    for frame in [mpls(&[16], &packet), mpls(&[16, 17, 18], &packet), tunnelled.clone()] {
        assert_eq!(classify(&inner, &frame).hash, hash4);
        assert_ne!(classify(&outer, &frame).hash, hash4);
    }
    assert_eq!(classify(&outer, &tunnelled).hash_type, HashType::L3);
    // The second fragment of a tunnelled packet has no inner header, so the first must not be hashed by its own.
    let first = ethernet(0x0800, &ipv4(src.octets(), dst.octets(), 4, 0x2000, &packet));
    assert_eq!(classify(&inner, &first).hash, hash2);
}

#[test]
fn a_symmetric_hash_brings_both_directions_together() {
    let (nic, _) = nic(|c| c.rss.symmetry = Symmetry::Xor);
    let there = classify(&nic, &ipv4_udp([10, 0, 0, 1], [10, 0, 0, 2], 1000, 53, b"?"));
    let back = classify(&nic, &ipv4_udp([10, 0, 0, 2], [10, 0, 0, 1], 53, 1000, b"!"));
    let other = classify(&nic, &ipv4_udp([10, 0, 0, 2], [10, 0, 0, 1], 53, 1001, b"!"));
    assert_eq!(there.hash, back.hash);
    assert_ne!(there.hash, other.hash);
}

#[test]
fn a_protocol_switched_off_is_not_hashed() {
    let (nic, _) = nic(|c| c.rss.fields.udp4 = Fields::Off);
    let udp = classify(&nic, &ipv4_udp([1; 4], [2; 4], 1, 2, b""));
    let tcp = classify(&nic, &ethernet(0x0800, &ipv4([1; 4], [2; 4], TCP, 0, &tcp(1, 2))));
    assert_eq!((udp.hash, udp.hash_type, tcp.hash_type), (0, HashType::None, HashType::L4));
}

#[test]
fn contexts_have_their_own_table_and_key() {
    let key = RssKey::from_bytes(&[0x55; 52]).unwrap();
    let table = |queue| Spread::Explicit(vec![QueueId(queue); 256]);
    let (nic, _) = nic(|c| {
        c.contexts = vec![
            ContextConfig { rule: Some(ContextRule::DestinationPort(443)), spread: table(2), key: Some(key) },
            ContextConfig { rule: Some(ContextRule::Vlan(7)), spread: table(3), key: None },
        ];
        c.rss.spread = Spread::First { size: 128, queues: 1 };
    });
    let frame = |port| ipv4_udp([1, 2, 3, 4], [5, 6, 7, 8], 1000, port, b"");
    let frames = [frame(80), frame(443), vlan(7, &frame(80)), vlan(8, &frame(80)), vlan(7, &frame(443))];
    let seen: Vec<_> = frames
        .iter()
        .map(|frame| classify(&nic, frame))
        .map(|classified| (classified.context, nic.queue_of(&classified)))
        .collect();
    let expected = [(0, 0), (1, 2), (2, 3), (0, 0), (1, 2)].map(|(c, q)| (ContextId(c), QueueId(q)));
    assert_eq!(seen, expected);
    assert_eq!(classify(&nic, &frames[0]).hash, classify(&nic, &frames[2]).hash);
    let input = HashInput::ipv4_ports(
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1000_u16.to_be_bytes(), 443_u16.to_be_bytes()].concat().try_into().unwrap(),
    );
    assert_eq!(classify(&nic, &frames[1]).hash, rss::ToeplitzHash::hash(&rss::Bitwise::new(&key), &input));
}

#[test]
fn explicit_rules_lead_to_contexts_and_know_vlans() {
    let key = RssKey::from_bytes(&[0x55; 52]).unwrap();
    let table = |queue| Spread::Explicit(vec![QueueId(queue); 128]);
    let any = FlowKey::from_parts([0; 32], [0; 4], 0, 0);
    let port = |port: u16| FlowKey::from_parts([0; 32], [0, 0, (port >> 8) as u8, port as u8], 0, 0);
    let rule = |location, value, mask, action| NtupleRule { location, value, mask, action };
    let (mut nic, _) = nic(|c| {
        c.contexts = vec![
            ContextConfig { rule: None, spread: table(2), key: Some(key) },
            ContextConfig { rule: Some(ContextRule::Vlan(7)), spread: table(3), key: None },
        ];
        c.rss.spread = Spread::First { size: 128, queues: 1 };
        let rules = vec![
            rule(0, any.in_vlan(9), any.in_vlan(0xfff), Action::Context(ContextId(2))),
            rule(1, port(53), port(0xffff), Action::Queue(QueueId(1))),
            rule(2, any.in_vlan(7), any.in_vlan(0xfff), Action::Context(ContextId(1))),
        ];
        c.steering = Some(SteeringConfig { rules, ..SteeringConfig::default() });
    });
    let frame = |port| ipv4_udp([1, 2, 3, 4], [5, 6, 7, 8], 1000, port, b"");
    let frames = [frame(80), vlan(9, &frame(53)), vlan(7, &frame(53)), vlan(7, &frame(80))];
    let mut seen = Vec::new();
    for frame in &frames {
        let classified = classify(&nic, frame);
        let to = nic.steer(0, frame, &classified, &FlowKey::NONE);
        seen.push((classified.context.0, to.queue.0, to.by_rule));
    }
    assert_eq!(seen, [(0, 0, false), (2, 3, true), (2, 1, true), (1, 2, true)]);
    let input = HashInput::ipv4_ports(
        [1, 2, 3, 4, 5, 6, 7, 8],
        [1000_u16.to_be_bytes(), 80_u16.to_be_bytes()].concat().try_into().unwrap(),
    );
    let by_its_key = rss::ToeplitzHash::hash(&rss::Bitwise::new(&key), &input);
    assert_eq!(classify(&nic, &frames[3]).hash, by_its_key);
    let hit = nic.steering().unwrap().counters().value(SteeringCounter::NtupleHit);
    assert_eq!(hit, 3);
}

#[test]
fn checksums_are_verified_and_wrong_ones_go_up() {
    let good = ipv4_udp([1; 4], [2; 4], 1, 2, b"payload");
    let mut bad = good.clone();
    *bad.last_mut().unwrap() ^= 1;
    let mut bad_ip = good.clone();
    bad_ip[22] ^= 1;
    let mut none = good.clone();
    none[40..42].fill(0);
    let (mut on, mut buffers) = nic(|_| {});
    let (off, _) = nic(|c| c.rx_checksum = false);
    let result = |nic: &Nic, frame: &[u8]| {
        let classified = classify(nic, frame);
        (classified.checksum_good, classified.headers.fault, classified.drop)
    };
    assert_eq!(result(&on, &good), (true, None, None));
    assert_eq!(result(&on, &bad), (false, Some(Fault::UdpChecksum), None));
    assert_eq!(result(&on, &bad_ip), (false, Some(Fault::Ipv4Checksum), None));
    assert_eq!(result(&on, &none), (false, None, None));
    assert_eq!(result(&off, &bad), (false, None, None));
    // A first fragment holds a transport header whose checksum covers more than is here.
    let first = ethernet(0x0800, &ipv4([1; 4], [2; 4], UDP, 0x2000, &good[34..]));
    assert_eq!(result(&on, &first), (false, None, None));
    for frame in [&good, &bad, &bad_ip, &none] {
        assert!(receive(&mut on, &mut buffers, frame, 0).is_ok());
    }
    assert_eq!((on.total(NicCounter::CsumGood), on.total(NicCounter::CsumErrors)), (1, 2));
    assert_eq!(on.pending(), 4);
}

#[test]
fn the_nic_drops_what_is_its_to_drop_and_counts_it() {
    let (mut nic, mut buffers) = nic(|_| {});
    let packet = ipv4([1; 4], [2; 4], TCP, 0, &tcp(1, 2));
    let cases = [
        (vec![0; 13], Err(DropReason::RxLengthError)),
        (vec![0; 1519], Err(DropReason::RxLengthError)),
        (ethernet(0x8100, &[0, 1, 8]), Err(DropReason::VlanTruncated)),
        (mpls(&[], &[1, 2, 3]), Err(DropReason::MplsTruncated)),
        (mpls(&[16; 17], &packet), Err(DropReason::MplsDepth)),
        (mpls(&[3], &packet), Err(DropReason::MplsReserved)),
        // These are the host's to drop.
        (ethernet(0x0800, &packet[..10]), Ok(())),
        (ethernet(0x86dd, &[0x60, 0, 0, 0]), Ok(())),
        (ethernet(0x0806, &[0]), Ok(())),
    ];
    for (frame, expected) in cases {
        assert_eq!(receive(&mut nic, &mut buffers, &frame, 0).map(|_| ()), expected, "{frame:02x?}");
    }
    let counters = [NicCounter::Packets, NicCounter::RxLengthErrors, NicCounter::RxHeaderErrors];
    assert_eq!(counters.map(|counter| nic.queues()[0].counters().value(counter)), [3, 2, 4]);
}

#[test]
fn a_frame_raises_an_interrupt_and_the_next_waits_for_the_driver() {
    let (mut nic, mut buffers) = nic(|c| {
        c.queues = 2;
        c.queue_coalesce = vec![(QueueId(0), CoalesceConfig { rx_usecs: 3, rx_max_coalesced_frames: 2 })];
    });
    let arp = ethernet(0x0806, &[0; 28]);
    let interrupt = |at_ns| Interrupt { queue: QueueId(0), at_ns };
    assert_eq!(receive(&mut nic, &mut buffers, &arp, 10), Ok(Signal::Timer(interrupt(3_010))));
    assert_eq!(receive(&mut nic, &mut buffers, &arp, 20), Ok(Signal::Raise(interrupt(20))));
    assert_eq!(receive(&mut nic, &mut buffers, &arp, 30), Ok(Signal::Quiet));
    assert_eq!(nic.timer(QueueId(0), 3_010), Signal::Quiet);
    let mut out = Vec::new();
    assert_eq!((nic.take(QueueId(0), 25, 64, &mut out), nic.ready(QueueId(0), 25)), (2, 0));
    assert_eq!(nic.arm(QueueId(0), 4_000), Signal::Timer(interrupt(7_000)));
    assert_eq!(nic.timer(QueueId(0), 7_000), Signal::Raise(interrupt(7_000)));
    assert_eq!(nic.total(NicCounter::Interrupts), 2);
    // A queue that is not there has nothing to say.
    let nowhere = QueueId(2);
    assert_eq!((nic.take(nowhere, 99, 64, &mut out), nic.refill(nowhere, &mut buffers)), (0, 0));
    assert_eq!((nic.arm(nowhere, 99), nic.timer(nowhere, 99)), (Signal::Quiet, Signal::Quiet));
}

#[test]
fn every_dma_write_is_reported() {
    let (mut nic, mut buffers) = nic(|c| (c.buffer_bytes, c.max_frame_bytes) = (1024, 9018));
    let frame = ethernet(0x88b5, &[7; 2000]);
    let classified = classify(&nic, &frame);
    let mut written = [0; 2];
    let mut dma = |touch: Touch| match touch.region {
        Region::Buffer => written[0] += touch.bytes,
        Region::Ring => written[1] += touch.bytes,
        other => panic!("{other:?}"),
    };
    let to = nic.steer(0, &frame, &classified, &FlowKey::NONE);
    nic.receive(0, &frame, &classified, to, FrameId(0), 0, &mut buffers, &mut dma).unwrap();
    assert_eq!(written, [2014, 32]);
}

#[test]
fn a_batch_of_more_places_than_frames_leaves_the_rest_alone() {
    let (nic, _) = nic(|_| {});
    let frame = ipv4_udp([1; 4], [2; 4], 1, 2, b"");
    let mark = Classified { hash: 0xdead_beef, hash_type: HashType::L4, ..Classified::default() };
    for frames in [0, 1, 31, 32, 33] {
        let mut out = [mark; 40];
        nic.classify(&vec![frame.as_slice(); frames], &mut out);
        assert!(out[..frames].iter().all(|classified| *classified == classify(&nic, &frame)));
        assert!(out[frames..].iter().all(|classified| *classified == mark), "{frames} frames");
    }
    let mut short = [mark; 1];
    nic.classify(&[frame.as_slice(), frame.as_slice()], &mut short);
    assert_eq!(short[0], classify(&nic, &frame));
}

proptest! {
    // The law for the NIC alone, the order within a queue, and the bytes: whatever arrives and however the host works.
    #[test]
    fn offered_is_taken_waiting_or_dropped(
        steps in prop::collection::vec((0u16..6, 0usize..3000, 0usize..20), 0..300), pool in 8u32..100, mtu in 100u32..2500,
    ) {
        let config = NicConfig {
            queues: 3, ring_size: 64, buffer_bytes: 256, max_frame_bytes: mtu, ..NicConfig::default()
        };
        let mut buffers = config.buffer_pool(pool);
        let mut nic = Nic::new(config, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
        let (mut offered, mut dropped, mut taken) = (0, 0, 0);
        let mut sent: Vec<Vec<u8>> = Vec::new();
        let mut last_of_queue = [None; 3];
        for (now, (action, bytes, count)) in steps.into_iter().enumerate() {
            let now = now as Nanos;
            let queue = QueueId((bytes % 3) as u16);
            if action < 4 {
                let mut frame = ipv4_udp([10, 0, 0, count as u8], [10, 0, 0, 9], action, 9, &vec![now as u8; bytes]);
                frame.truncate(if count == 0 { bytes / 100 } else { usize::MAX });
                let classified = classify(&nic, &frame);
                let id = FrameId(sent.len() as u64);
                let to = nic.steer(now, &frame, &classified, &FlowKey::NONE);
                dropped += u64::from(nic.receive(now, &frame, &classified, to, id, now, &mut buffers, &mut |_| {}).is_err());
                offered += 1;
                sent.push(frame);
            } else {
                let mut out = Vec::new();
                taken += nic.take(queue, now, count, &mut out) as u64;
                for packet in out {
                    prop_assert_eq!(packet.queue, queue);
                    prop_assert!(last_of_queue[queue.index()] < Some(packet.frame));
                    last_of_queue[queue.index()] = Some(packet.frame);
                    let gathered = buffers.frame(&packet).collect::<Vec<_>>().concat();
                    prop_assert_eq!(&gathered, &sent[packet.frame.0 as usize]);
                    buffers.release(packet.buffer);
                }
                nic.refill(queue, &mut buffers);
            }
            prop_assert_eq!(offered, taken + nic.pending() + dropped);
            let counted = [
                NicCounter::RxMissed, NicCounter::RxNoBuffer, NicCounter::RxLengthErrors, NicCounter::RxHeaderErrors,
            ];
            prop_assert_eq!(dropped, counted.map(|counter| nic.total(counter)).iter().sum::<u64>());
            prop_assert_eq!(nic.total(NicCounter::Packets), taken + nic.pending());
        }
    }

    // Nothing that arrives makes the NIC panic, and a batch gives what single frames give.
    #[test]
    fn any_bytes_can_be_classified(frames in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..120), 0..80), ethertype in 0usize..5) {
        let (nic, _) = nic(|c| c.rss.inner = true);
        let frames: Vec<Vec<u8>> = frames
            .into_iter()
            .map(|mut frame| {
                let ethertype = [0x0800_u16, 0x86dd, 0x8847, 0x8100, 0x0806][ethertype];
                if let Some(bytes) = frame.get_mut(12..14) { bytes.copy_from_slice(&ethertype.to_be_bytes()); }
                frame
            })
            .collect();
        let views: Vec<&[u8]> = frames.iter().map(Vec::as_slice).collect();
        let mut out = vec![Classified::default(); views.len()];
        nic.classify(&views, &mut out);
        for (frame, batched) in views.iter().zip(out) {
            prop_assert_eq!(classify(&nic, frame), batched);
            prop_assert!(nic.queue_of(&batched).0 < 4);
        }
    }
}
