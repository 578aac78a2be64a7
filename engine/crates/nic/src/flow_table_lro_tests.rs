//! A flow table in front of queues with LRO: what is held counts as under way, and no segment overtakes another.

use super::*;
use crate::lro::LroConfig;
use crate::queue::CoalesceConfig;
use crate::steering::{FlowKey, Moves, SteeringConfig, SteeringCounter};
use crate::test_frames::segment;
use crate::{Classified, NicConfig, NicCounter};
use proptest::prelude::*;
use stage::{BufferPool, FrameId, RxPacket, RxQueues};
use std::collections::BTreeMap;
use wire::tcp::flag::{ACK, PSH};

const QUEUES: u16 = 4;
const PAYLOAD_BYTES: usize = 10;
const TIMER_NS: Nanos = 10_000;

/// A NIC, senders that count, and a host that works on what it has taken until it comes back for more, perhaps without
/// the last of it.
struct Ground {
    nic: Nic,
    buffers: BufferPool,
    now_ns: Nanos,
    arrived: u64,
    /// By flow.
    sent_segments: BTreeMap<u16, u32>,
    in_hand: Vec<Vec<RxPacket>>,
    /// Flow and first segment of what the host has done with, and how many.
    delivered: Vec<(u16, u32, u32)>,
}

impl Ground {
    fn new(drain_ns: Nanos, contexts: u32) -> Self {
        let moves = Moves::Safe { drain_ns };
        let config = NicConfig {
            queues: QUEUES,
            ring_size: 64,
            refill_batch: 1,
            coalesce: CoalesceConfig::OFF,
            steering: Some(SteeringConfig { capacity_rules: 8, moves, ..SteeringConfig::default() }),
            lro: Some(LroConfig { contexts, timer_us: 10, ..LroConfig::default() }),
            ..NicConfig::default()
        };
        let mut buffers = config.buffer_pool(512);
        let nic = Nic::new(config, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
        let in_hand = vec![Vec::new(); usize::from(QUEUES)];
        let (sent_segments, delivered) = (BTreeMap::new(), Vec::new());
        Ground { nic, buffers, now_ns: 0, arrived: 0, sent_segments, in_hand, delivered }
    }

    fn classify(&self, frame: &[u8]) -> (Classified, FlowKey) {
        let (mut classified, mut key) = ([Classified::default()], [FlowKey::NONE]);
        self.nic.classify_flows(&[frame], &mut classified, &mut key);
        (classified[0], key[0])
    }

    fn send_to(&mut self, flow: u16, queue: u16) {
        let (classified, key) = self.classify(&segment(flow, 0, ACK, &[0; PAYLOAD_BYTES]));
        let queue = QueueId(queue);
        let request = SteerRequest { key, hash: classified.hash, queue, priority: 0, rate_fps: 0 };
        let _ = self.nic.insert_rule(self.now_ns, &request);
    }

    /// The flow's next segment; answers its queue.
    fn arrive(&mut self, flow: u16, flags: u16) -> u16 {
        self.pass_time(0);
        let number = self.sent_segments.entry(flow).or_default();
        let frame = segment(flow, *number * PAYLOAD_BYTES as u32, flags, &[7; PAYLOAD_BYTES]);
        *number += 1;
        let (classified, key) = self.classify(&frame);
        let now_ns = self.now_ns;
        let to = self.nic.steer(now_ns, &frame, &classified, &key);
        let id = FrameId(self.arrived);
        self.arrived += 1;
        let taken =
            self.nic.receive(now_ns, &frame, &classified, to, id, now_ns, &mut self.buffers, &mut |_| {});
        assert!(taken.is_ok(), "there is room for all of it");
        to.queue.0
    }

    fn pass_time(&mut self, ns: Nanos) {
        self.now_ns += ns;
        for queue in (0..QUEUES).map(QueueId) {
            if self.nic.lro_deadline_ns(queue).is_some_and(|due_ns| due_ns <= self.now_ns) {
                self.nic.lro_timer(queue, self.now_ns, &mut self.buffers, &mut |_| {});
            }
        }
    }

    /// The host has done with what it has in hand but the last `kept` frames.
    fn finish(&mut self, queue: u16, kept: usize) {
        let hand = &mut self.in_hand[usize::from(queue)];
        let done = hand.len().saturating_sub(kept);
        for packet in hand.drain(..done) {
            let head = self.buffers.bytes(packet.buffer);
            let flow = u16::from_be_bytes([head[34], head[35]]);
            let first = u32::from_be_bytes([head[38], head[39], head[40], head[41]]) / PAYLOAD_BYTES as u32;
            self.delivered.push((flow, first, packet.segments.into()));
            self.buffers.release(packet.buffer);
        }
        self.nic.keeps(QueueId(queue), hand.len() as u64);
    }

    fn poll(&mut self, queue: u16, limit: usize, kept: usize) {
        self.finish(queue, kept);
        self.nic.take(QueueId(queue), self.now_ns, limit, &mut self.in_hand[usize::from(queue)]);
        self.nic.refill(QueueId(queue), &mut self.buffers);
    }

    fn drain(&mut self) {
        for _ in 0..200 {
            self.pass_time(TIMER_NS);
            (0..QUEUES).for_each(|queue| self.poll(queue, 64, 0));
        }
        (0..QUEUES).for_each(|queue| self.finish(queue, 0));
    }

    /// Every segment there is, each flow's in its order.
    fn check(&self) {
        let mut next: BTreeMap<u16, u32> = BTreeMap::new();
        for (flow, first, segments) in &self.delivered {
            let next = next.entry(*flow).or_default();
            assert_eq!((*flow, *first), (*flow, *next), "out of order");
            *next += segments;
        }
        assert_eq!(next, self.sent_segments, "lost");
        assert_eq!((self.nic.pending(), self.nic.total(NicCounter::Packets)), (0, self.arrived));
    }

    fn counted(&self, counter: SteeringCounter) -> u64 {
        self.nic.steering().unwrap().counters().value(counter)
    }
}

#[test]
fn a_flow_moves_when_its_aggregate_is_done_with() {
    let mut ground = Ground::new(1_000_000, 4);
    ground.send_to(7, 1);
    assert_eq!([(); 2].map(|()| ground.arrive(7, ACK)), [1, 1]);
    ground.send_to(7, 2);
    assert_eq!(ground.arrive(7, ACK), 1, "held");
    ground.pass_time(TIMER_NS);
    assert_eq!(ground.arrive(7, ACK), 1, "in the ring");
    ground.pass_time(TIMER_NS);
    ground.poll(1, 64, 0);
    assert_eq!(ground.arrive(7, ACK), 1, "in the host's hands");
    ground.pass_time(TIMER_NS);
    ground.poll(1, 64, 0);
    ground.poll(1, 64, 1);
    assert_eq!(ground.arrive(7, ACK), 1, "held by the host");
    ground.pass_time(TIMER_NS);
    ground.poll(1, 64, 0);
    ground.poll(1, 64, 0);
    assert_eq!(ground.arrive(7, ACK), 2);
    assert_eq!(ground.counted(SteeringCounter::Barrier), 0);
    ground.drain();
    ground.check();
}

#[test]
fn a_barrier_waits_for_an_aggregate_and_not_for_ever() {
    let mut ground = Ground::new(0, 4);
    ground.send_to(7, 1);
    ground.send_to(8, 2);
    assert_eq!((ground.arrive(7, ACK), ground.arrive(8, ACK)), (1, 2));
    ground.send_to(7, 2);
    ground.send_to(8, 1);
    // Each waits for what the other's queue holds: that came before the barriers, and is not behind them.
    assert_eq!((ground.arrive(7, ACK | PSH), ground.arrive(8, ACK | PSH)), (2, 1));
    assert_eq!(ground.counted(SteeringCounter::Barrier), 2);
    ground.drain();
    ground.check();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// Whatever merges, moves and waits, however slow each CPU is and whatever it keeps: no segment overtakes another of
    /// its flow, and none is lost.
    #[test]
    fn safe_moves_keep_segments_in_order(
        steps in prop::collection::vec((0u8..10, 0u16..10, 0u16..QUEUES, 0u64..3_000), 0..250),
        drain_ns in prop::sample::select(vec![0, 1_000, 1_000_000]), contexts in 1u32..5,
    ) {
        let mut ground = Ground::new(drain_ns, contexts);
        for (action, flow, queue, wait_ns) in steps {
            ground.pass_time(wait_ns);
            match action {
                0..5 => {
                    // The ring is never full, so that a segment that is missing was lost.
                    if ground.nic.pending() < 40 { ground.arrive(flow, ACK); }
                }
                5 => if ground.nic.pending() < 40 { ground.arrive(flow, ACK | PSH); },
                6 => ground.send_to(flow, queue),
                7 => ground.poll(queue, usize::from(flow), 0),
                8 => ground.poll(queue, usize::from(flow), usize::from(flow % 3)),
                _ => {
                    ground.finish(queue, 0);
                    ground.nic.arm(QueueId(queue), ground.now_ns);
                }
            }
        }
        ground.drain();
        ground.check();
        prop_assert_eq!(ground.buffers.capacity(), ground.buffers.free() + ground.buffers.owned());
    }
}
