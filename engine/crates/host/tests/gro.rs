//! What GRO merges, holds and hands on, and when.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod ground;

use ground::{Ground, config, tcp, udp};
use host::GroConfig;
use host::gro::GroCounter;
use host::softirq::Progress;
use proptest::prelude::*;
use stage::{CpuId, QueueId, Verdict};
use std::collections::BTreeMap;

const ACK: u8 = 0x10;
const PSH: u8 = 0x08;
const MS: u64 = 1_000_000;

fn ground(change: impl FnOnce(&mut GroConfig)) -> Ground {
    deferring(0, 0, change)
}

/// With a flush timeout, and so many empty polls before the interrupt comes back.
fn deferring(flush_timeout_ns: u64, defer_hard_irqs: u32, change: impl FnOnce(&mut GroConfig)) -> Ground {
    let mut settings = config(1);
    settings.napi.gro_flush_timeout_ns = flush_timeout_ns;
    settings.napi.defer_hard_irqs = defer_hard_irqs;
    settings.gro.enabled = true;
    change(&mut settings.gro);
    Ground::new(settings, 1)
}

/// The segment of another connection.
fn from(port: u16, mut frame: Vec<u8>) -> Vec<u8> {
    frame[34..36].copy_from_slice(&port.to_be_bytes());
    frame
}

fn poll(ground: &mut Ground) {
    ground.interrupt(0, 0);
    while ground.net_rx_action(0) == Progress::RaisedAgain {}
}

fn count(ground: &Ground, counter: GroCounter) -> u64 {
    ground.host.gro_counters(QueueId(0)).value(counter)
}

fn verdicts(ground: &Ground) -> Vec<(u64, Verdict)> {
    let mut seen = ground.seen.settled.clone();
    seen.sort_by_key(|(frame, _)| *frame);
    seen
}

#[test]
fn segments_of_one_poll_go_through_the_stack_as_one() {
    use Verdict::{Consumed, Delivered};
    let mut ground = ground(|_| ());
    for (sequence, payload) in [(0, "0123"), (4, "4567"), (8, "89")] {
        ground.arrive(0, 1, &tcp(sequence, ACK, payload.as_bytes()));
    }
    ground.arrive(0, 2, &udp(7));
    poll(&mut ground);
    assert_eq!(verdicts(&ground), [(0, Delivered), (1, Consumed), (2, Consumed), (3, Delivered)]);
    let socket = ground.host.sockets().iter().find(|socket| socket.key.protocol() == 6).unwrap();
    assert_eq!((socket.delivered_frames, socket.delivered_bytes), (1, 10));
    assert_eq!((count(&ground, GroCounter::Packets), count(&ground, GroCounter::WirePackets)), (1, 3));
    assert!(ground.queues.armed[0]);
    ground.read_all();
    assert_eq!((ground.buffers.owned(), ground.host.live_skbs()), (0, 0));
}

#[test]
fn nothing_is_held_beyond_the_poll_without_a_timeout() {
    let mut ground = ground(|_| ());
    for port in 0..5 {
        ground.arrive(0, 1, &from(port, tcp(0, ACK, b"ab")));
    }
    poll(&mut ground);
    assert_eq!((ground.host.pending_frames(), ground.seen.settled.len()), (0, 5));
    assert_eq!(count(&ground, GroCounter::Held), 5);
    assert!(ground.seen.napi_timers.is_empty());
}

#[test]
fn a_full_bucket_gives_up_its_oldest_and_hashes_keep_flows_apart() {
    let mut ground = ground(|_| ());
    for round in 0..2 {
        for port in 0..9 {
            ground.arrive(0, 8, &from(port, tcp(2 * round, ACK, b"ab")));
        }
    }
    poll(&mut ground);
    assert_eq!(count(&ground, GroCounter::Merged), 0, "nine flows take turns in a bucket of eight");
    assert_eq!(count(&ground, GroCounter::BucketFull), 10);
    for round in 0..2 {
        for port in 0..9 {
            ground.arrive(0, port.into(), &from(100 + port, tcp(2 * round, ACK, b"ab")));
        }
    }
    poll(&mut ground);
    assert_eq!(count(&ground, GroCounter::Merged), 9);
    // The same connection under another hash is another flow.
    ground.arrive(0, 1, &from(300, tcp(0, ACK, b"ab")));
    ground.arrive(0, 2, &from(300, tcp(2, ACK, b"cd")));
    poll(&mut ground);
    assert_eq!(count(&ground, GroCounter::Merged), 9);
}

#[test]
fn a_flush_timeout_holds_flows_over_polls() {
    let mut ground = deferring(MS, 2, |_| ());
    ground.arrive(0, 1, &tcp(0, ACK, b"ab"));
    poll(&mut ground);
    let due_ns = ground.seen.napi_timers.last().unwrap().1;
    assert_eq!((ground.host.pending_frames(), ground.queues.armed[0]), (1, false));
    assert_eq!(ground.host.pending_frames_of(QueueId(0)), 1);
    ground.arrive(0, 1, &tcp(2, ACK, b"cd"));
    // No interrupt: the timer polls.
    ground.seen.now_ns = due_ns;
    ground.host.napi_timer(QueueId(0), due_ns, &mut ground.seen);
    assert_eq!(ground.net_rx_action(0), Progress::Done);
    assert_eq!((count(&ground, GroCounter::Merged), ground.host.pending_frames()), (1, 1));
    // An overtaken timer does nothing.
    ground.host.napi_timer(QueueId(0), due_ns, &mut ground.seen);
    assert_eq!(ground.net_rx_action(0), Progress::Done);
    // Two polls without a frame, of which the second is a jiffy later; then the interrupt is enabled.
    for (late_ns, pending, armed) in [(0, 1, false), (4 * MS, 0, true)] {
        let due_ns = ground.seen.napi_timers.last().unwrap().1;
        ground.seen.now_ns = due_ns + late_ns;
        ground.host.napi_timer(QueueId(0), due_ns, &mut ground.seen);
        ground.net_rx_action(0);
        assert_eq!((ground.host.pending_frames(), ground.queues.armed[0]), (pending, armed));
    }
    assert_eq!(ground.host.sockets().iter().next().unwrap().delivered_bytes, 4);
}

#[test]
fn an_interrupt_during_a_poll_polls_again() {
    let mut ground = deferring(MS, 0, |_| ());
    ground.arrive(0, 1, &tcp(0, ACK, b"ab"));
    ground.interrupt(0, 0);
    ground.interrupt(0, 0);
    assert_eq!(ground.net_rx_action(0), Progress::RaisedAgain);
    assert!(!ground.queues.armed[0]);
    assert_eq!(ground.net_rx_action(0), Progress::Done);
    assert!(ground.queues.armed[0]);
}

#[test]
fn what_is_held_at_the_end_of_a_run_is_given_back() {
    let mut ground = deferring(MS, 0, |_| ());
    for sequence in [0, 2, 4] {
        ground.arrive(0, 1, &tcp(sequence, ACK, b"ab"));
    }
    poll(&mut ground);
    assert_eq!((ground.host.pending_frames(), ground.host.live_skbs()), (1, 3));
    ground.host.release_all(&mut ground.buffers);
    assert_eq!((ground.buffers.owned(), ground.host.live_skbs()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Segments of several connections, in any order and of any length: every byte is delivered once with GRO as without
    /// it, and every frame has one end.
    #[test]
    fn gro_changes_no_stream(
        arrivals in prop::collection::vec((0u16..4, 0usize..40, prop::bool::weighted(0.1), prop::bool::weighted(0.1)), 1..80),
        polls in 1usize..40,
    ) {
        let run = |enabled: bool| {
            let mut ground = ground(|gro| gro.enabled = enabled);
            let mut next = [0u32; 4];
            for (i, (port, bytes, push, skip)) in arrivals.iter().enumerate() {
                let at = &mut next[usize::from(*port)];
                *at += u32::from(*skip);
                let flags = if *push { ACK | PSH } else { ACK };
                ground.arrive(0, 5, &from(*port, tcp(*at, flags, &vec![7; *bytes])));
                *at += *bytes as u32;
                if i % polls == 0 {
                    poll(&mut ground);
                }
            }
            poll(&mut ground);
            let sums: BTreeMap<String, u64> = ground.host.sockets().iter()
                .map(|socket| (format!("{:?}", socket.key), socket.delivered_bytes)).collect();
            let ends = ground.seen.settled.len() as u64 + ground.host.pending_frames();
            ground.read_all();
            (sums, ends)
        };
        let (merged, plain) = (run(true), run(false));
        prop_assert_eq!(&merged.0, &plain.0);
        prop_assert_eq!(merged.1, arrivals.len() as u64);
    }
}

#[test]
fn a_frame_the_card_has_not_verified_is_verified_first() {
    let mut ground = ground(|_| ());
    for sequence in [0, 2] {
        ground.arrive(0, 1, &tcp(sequence, ACK, b"ab"));
    }
    ground.queues.waiting[0].iter_mut().for_each(|packet| packet.checksum_good = false);
    ground.seen.cpu = CpuId(0);
    poll(&mut ground);
    assert_eq!(count(&ground, GroCounter::Merged), 0, "their checksums are wrong");
    assert!(ground.seen.settled.iter().all(|(_, verdict)| matches!(verdict, Verdict::Dropped(_))));
}
