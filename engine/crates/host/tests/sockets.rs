//! Who gets a frame, and what becomes of those nobody takes.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp, udp};
use host::{Accept, Gap};
use proptest::prelude::*;
use stage::{DropReason, Verdict};

fn receive(ground: &mut Ground) {
    ground.interrupt(0, 0);
    while ground.net_rx_action(0) == host::softirq::Progress::RaisedAgain {}
}

#[test]
fn only_listed_ports_are_delivered() {
    let mut settings = config(1);
    settings.sockets.accept = Accept::Ports(vec![5001]);
    let mut ground = Ground::new(settings, 1);
    ground.arrive(0, 1, &udp(1));
    receive(&mut ground);
    assert_eq!(ground.drops(DropReason::NoSocket), 1);
}

#[test]
fn a_full_receive_buffer_drops() {
    let mut settings = config(1);
    settings.sockets.rcvbuf_bytes = 10 * (2048 + 256);
    let mut ground = Ground::new(settings, 1);
    for _ in 0..15 {
        ground.arrive(0, 1, &udp(1));
    }
    receive(&mut ground);
    assert_eq!(ground.drops(DropReason::SocketRcvbuff), 5);
    ground.read_all();
    assert_eq!(ground.seen.read, (0..10).collect::<Vec<_>>());
    assert_eq!((ground.buffers.owned(), ground.host.live_skbs()), (0, 0));
}

#[test]
fn the_socket_table_has_an_end() {
    let mut settings = config(1);
    settings.sockets.max_sockets = 3;
    let mut ground = Ground::new(settings, 1);
    for port in 0..5 {
        ground.arrive(0, 1, &udp(port));
    }
    receive(&mut ground);
    assert_eq!(ground.drops(DropReason::SocketTableFull), 2);
}

#[test]
fn what_is_not_ip_goes_to_the_packet_socket() {
    let mut ground = Ground::new(config(1), 1);
    let mut frame = udp(1);
    frame[12..14].copy_from_slice(&[0x88, 0xcc]); // LLDP
    ground.arrive(0, 1, &frame);
    receive(&mut ground);
    assert_eq!(ground.seen.settled, [(0, Verdict::Delivered)]);
    assert_eq!(ground.host.sockets().iter().next().unwrap().key.version(), 0);
}

#[test]
fn a_hole_nobody_fills_is_given_up_only_when_asked() {
    for (gap, delivered, pending) in [(Gap::Wait, 1, 3), (Gap::SkipAfter(3), 4, 0), (Gap::Ignore, 4, 0)] {
        let mut settings = config(1);
        settings.tcp.gap = gap;
        let mut ground = Ground::new(settings, 1);
        for sequence in [1000, 1020, 1030, 1040] {
            ground.arrive(0, 1, &tcp(sequence, 0x10, b"0123456789"));
        }
        receive(&mut ground);
        assert_eq!(ground.seen.settled.len(), delivered, "{gap:?}");
        assert_eq!(ground.host.pending_frames(), pending, "{gap:?}");
    }
}

#[test]
fn a_syn_takes_a_sequence_number_and_a_repeat_is_old() {
    let mut ground = Ground::new(config(1), 1);
    ground.arrive(0, 1, &tcp(999, 0x02, b""));
    ground.arrive(0, 1, &tcp(1000, 0x10, b"abc"));
    ground.arrive(0, 1, &tcp(1000, 0x10, b"abc"));
    receive(&mut ground);
    assert_eq!(ground.drops(DropReason::TcpOldData), 1);
    assert_eq!(ground.host.sockets().iter().next().unwrap().delivered_bytes, 3);
}

#[test]
fn a_reader_that_does_not_read_closes_the_window() {
    let mut settings = config(1);
    settings.tcp.rcvbuf_bytes = 4 * (2048 + 256);
    let mut ground = Ground::new(settings, 1);
    for i in 0..6 {
        ground.arrive(0, 1, &tcp(1000 + 3 * i, 0x10, b"abc"));
    }
    receive(&mut ground);
    assert_eq!(ground.drops(DropReason::TcpZerowindow), 2);
    ground.read_all();
    ground.arrive(0, 1, &tcp(1012, 0x10, b"abc"));
    receive(&mut ground);
    assert_eq!(
        ground.host.sockets().iter().next().unwrap().delivered_bytes,
        15,
        "the sender's repeat is taken"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Segments in any order, repeated and cut at will, across the wrap of sequence space: the stream comes out whole,
    /// in order, once; and every frame has one verdict.
    #[test]
    fn the_byte_stream_is_whole_and_in_order(
        cuts in prop::collection::btree_set(1usize..400, 0..20), shuffle: u64, repeats in prop::collection::vec(0usize..20, 0..10),
    ) {
        let start = u32::MAX - 150;
        let bounds: Vec<usize> = [0].into_iter().chain(cuts).chain([400]).collect();
        let mut segments: Vec<(usize, usize)> = bounds.windows(2).map(|w| (w[0], w[1])).collect();
        let first = segments[0];
        for r in repeats { if let Some(s) = segments.get(r).copied() { segments.push(s); } }
        let mut random = stage::Random::for_component(shuffle, "shuffle");
        for i in (1..segments.len()).rev() { segments.swap(i, random.below(i as u64 + 1) as usize); }
        // The first segment opens the stream: a receiver cannot know of bytes before it.
        let opener = segments.iter().position(|s| *s == first).unwrap();
        segments.swap(0, opener);

        let mut ground = Ground::new(config(1), 1);
        for (from, to) in &segments {
            let payload: Vec<u8> = (*from..*to).map(|i| i as u8).collect();
            ground.arrive(0, 1, &tcp(start.wrapping_add(*from as u32), 0x10, &payload));
        }
        receive(&mut ground);
        let socket = ground.host.sockets().iter().next().unwrap();
        prop_assert_eq!(socket.delivered_bytes, 400);
        prop_assert_eq!(ground.host.pending_frames(), 0);
        prop_assert_eq!(ground.seen.settled.len(), segments.len());
        let delivered: Vec<u64> = ground.seen.settled.iter().filter(|(_, v)| *v == Verdict::Delivered).map(|(f, _)| *f).collect();
        let mut from: Vec<usize> = delivered.iter().map(|f| segments[*f as usize].0).collect();
        prop_assert!(from.is_sorted(), "{:?}", from);
        from.dedup();
        prop_assert_eq!(from.len(), bounds.len() - 1);
        ground.read_all();
        prop_assert_eq!(ground.seen.read.clone(), delivered);
        prop_assert_eq!(ground.buffers.owned(), 0);
        prop_assert_eq!(ground.host.live_skbs(), 0);
    }
}
