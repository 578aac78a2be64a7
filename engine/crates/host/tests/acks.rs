//! Acknowledgements as they leave the host: how many, of what, and whole.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp};
use host::tcp::TcpCounter;
use host::{AckConfig, AckPolicy};
use stage::{BufferPool, CpuId, DropReason};
use wire::checksum::{Sum, holds};
use wire::tcp::{Tcp, TcpOption};

const SEGMENT: [u8; 1_000] = [0x5a; 1_000];

/// A host that acknowledges to somebody.
fn ground(policy: AckPolicy) -> Ground {
    let mut config = config(1);
    config.tcp.ack = AckConfig { policy, awaited: true, ..AckConfig::default() };
    let mut ground = Ground::new(config, 1);
    ground.buffers = BufferPool::new(1, 64, 65_536);
    ground
}

/// Acknowledgement number, window in bytes and SACK blocks.
fn said(frame: &[u8]) -> (u32, u32, Vec<(u32, u32)>) {
    assert!(holds(&frame[14..34]), "IP checksum");
    let segment = &frame[34..];
    let pseudo = Sum::pseudo_v4([198, 51, 100, 1], [192, 0, 2, 1], 6, segment.len() as u16);
    assert_eq!(pseudo.add_bytes(segment).fold(), 0xffff, "TCP checksum");
    let view = Tcp::new(segment).unwrap();
    assert_eq!((view.src_port(), view.dst_port(), view.seq()), (0x1388, 0x9c41, 1));
    let word = |bytes: &[u8]| u32::from_be_bytes(bytes.try_into().unwrap());
    let blocks = view.options().flat_map(|option| match option.unwrap() {
        TcpOption::Sack(bytes) => {
            bytes.chunks_exact(8).map(|b| (word(&b[..4]), word(&b[4..]))).collect::<Vec<_>>()
        }
        _ => Vec::new(),
    });
    (view.ack(), u32::from(view.window()) << 7, blocks.collect())
}

impl Ground {
    fn data(&mut self, sequence: u32, segments: u16) {
        let payload = SEGMENT.repeat(segments.into());
        self.arrive_merged(0, 1, &tcp(sequence, 0x10, &payload), segments);
        self.interrupt(0, 0);
        self.net_rx_action(0);
    }

    fn acknowledged(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.seen.sent).iter().map(|frame| said(frame).0).collect()
    }

    fn run_timers(&mut self) {
        self.seen.cpu = CpuId(0);
        for (at_ns, socket) in std::mem::take(&mut self.seen.timers) {
            self.seen.now_ns = self.seen.now_ns.max(at_ns);
            self.host.ack_timer(socket, &mut self.seen);
        }
    }
}

#[test]
fn every_second_frame_and_the_odd_one_by_its_timer() {
    let mut ground = ground(AckPolicy::Delayed);
    for i in 0..5 {
        ground.data(1 + i * 1_000, 1);
    }
    assert_eq!(ground.acknowledged(), [2_001, 4_001]);
    let due_ns = ground.seen.timers.last().unwrap().0;
    assert!((39_000_000..=40_010_000).contains(&(due_ns - ground.seen.now_ns)), "{due_ns}");
    while !ground.seen.timers.is_empty() {
        ground.run_timers();
    }
    assert_eq!(ground.acknowledged(), [5_001]);
    assert_eq!(ground.host.tcp_counters().value(TcpCounter::DelayedAcks), 1);
}

#[test]
fn a_merged_frame_under_each_policy() {
    let acknowledged = |policy| {
        let mut ground = ground(policy);
        ground.data(1, 10);
        let first = ground.acknowledged();
        ground.data(10_001, 7);
        (first, ground.acknowledged())
    };
    assert_eq!(acknowledged(AckPolicy::Delayed), (vec![], vec![17_001]));
    assert_eq!(acknowledged(AckPolicy::OnePerFrame), (vec![10_001], vec![17_001]));
    assert_eq!(
        acknowledged(AckPolicy::Expand),
        (vec![2_001, 4_001, 6_001, 8_001, 10_001], vec![12_001, 14_001, 16_001])
    );
    assert_eq!(acknowledged(AckPolicy::Linux), (vec![10_001], vec![17_001]));
}

#[test]
fn what_is_beyond_a_hole_is_said_at_once_and_selectively() {
    let mut ground = ground(AckPolicy::Delayed);
    ground.data(1, 1);
    ground.data(1_001, 1);
    ground.seen.sent.clear();
    ground.data(3_001, 1);
    ground.data(5_001, 1);
    ground.data(2_001, 1);
    let said: Vec<_> = ground.seen.sent.iter().map(|frame| said(frame)).map(|s| (s.0, s.2)).collect();
    assert_eq!(
        said,
        [
            (2_001, vec![(3_001, 4_001)]),
            (2_001, vec![(5_001, 6_001), (3_001, 4_001)]),
            (4_001, vec![(5_001, 6_001)]),
        ]
    );
    assert_eq!(ground.host.tcp_counters().value(TcpCounter::DuplicateAcks), 2);
    assert_eq!(ground.host.tcp_counters().value(TcpCounter::SackAcks), 3);
}

#[test]
fn no_duplicate_while_everything_is_in_order() {
    for policy in [AckPolicy::Delayed, AckPolicy::OnePerFrame, AckPolicy::Expand, AckPolicy::Linux] {
        let mut ground = ground(policy);
        for i in 0..40 {
            ground.data(1 + i * 2_000, 2);
            if i % 3 == 0 {
                ground.read_all();
            }
        }
        let acknowledged = ground.acknowledged();
        assert!(acknowledged.is_sorted_by(|a, b| a < b), "{policy:?}: {acknowledged:?}");
        assert_eq!(ground.host.tcp_counters().value(TcpCounter::DuplicateAcks), 0, "{policy:?}");
    }
}

#[test]
fn the_window_closes_and_reading_opens_it_again() {
    let mut config = config(1);
    config.tcp.rcvbuf_bytes = 60_000;
    config.tcp.ack = AckConfig { policy: AckPolicy::OnePerFrame, awaited: true, ..AckConfig::default() };
    let mut ground = Ground::new(config, 1);
    let mut sequence = 1;
    let mut edge = 1 + 30_000;
    let mut windows = Vec::new();
    while sequence + 1_000 <= edge && windows.len() < 60 {
        ground.data(sequence, 1);
        sequence += 1_000;
        if let Some(frame) = ground.seen.sent.pop() {
            let (number, window_bytes, _) = said(&frame);
            assert!(number + window_bytes >= edge || windows.is_empty(), "the edge moved left");
            windows.push(window_bytes);
            edge = number + window_bytes;
        }
    }
    // The first promise did not know how much of the buffer frames of 1,000 bytes waste.
    let closed = *windows.last().unwrap();
    assert!(closed < 7_000 && ground.drops(DropReason::TcpZerowindow) > 0, "{windows:?}");
    ground.seen.sent.clear();
    ground.read_all();
    let opened = said(ground.seen.sent.last().expect("a window update")).1;
    assert!(opened >= 2 * closed, "{opened}");
}

#[test]
fn nobody_awaits_them_and_they_are_only_counted() {
    let mut ground = ground(AckPolicy::Delayed);
    let mut config = config(1);
    config.tcp.ack = AckConfig::default();
    ground.host = host::Host::new(config, 7);
    for i in 0..5 {
        ground.data(1 + i * 1_000, 1);
    }
    assert!(ground.seen.sent.is_empty() && ground.seen.timers.is_empty());
    assert_eq!(ground.host.tcp_counters().value(TcpCounter::Acks), 2);
}
