use super::*;
use crate::NicConfig;
use crate::queue::CoalesceConfig;
use crate::steering::{Action, FlowKey, Moves, SteeringConfig, SteeringCounter};
use crate::test_frames::{ethernet, ipv4, ipv4_udp};
use crate::{Classified, NicCounter};
use proptest::prelude::*;
use stage::{BufferPool, DropReason, FrameId, RxPacket, RxQueues};
use std::collections::BTreeMap;

const QUEUES: u16 = 4;

fn nic(change: impl FnOnce(&mut SteeringConfig)) -> (Nic, BufferPool) {
    let mut steering = SteeringConfig { capacity_rules: 8, ..SteeringConfig::default() };
    change(&mut steering);
    let config = NicConfig {
        queues: QUEUES,
        ring_size: 64,
        coalesce: CoalesceConfig::OFF,
        steering: Some(steering),
        ..NicConfig::default()
    };
    let mut buffers = config.buffer_pool(512);
    let nic = Nic::new(config, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
    (nic, buffers)
}

fn frame(flow: u16) -> Vec<u8> {
    ipv4_udp([10, 0, 0, 1], [10, 0, 0, 2], 1000 + flow, 53, b"payload")
}

/// A NIC and a host that works on what it has taken until it comes back for more.
struct Ground {
    nic: Nic,
    buffers: BufferPool,
    now_ns: Nanos,
    sent: Vec<u16>,
    dropped: usize,
    in_hand: Vec<Vec<RxPacket>>,
    delivered: Vec<usize>,
}

impl Ground {
    fn new(change: impl FnOnce(&mut SteeringConfig)) -> Self {
        let (nic, buffers) = nic(change);
        let in_hand = vec![Vec::new(); usize::from(QUEUES)];
        Ground { nic, buffers, now_ns: 0, sent: Vec::new(), dropped: 0, in_hand, delivered: Vec::new() }
    }

    fn request(&self, flow: u16, queue: u16) -> SteerRequest {
        let (classified, key) = self.classify(&frame(flow));
        SteerRequest { key, hash: classified.hash, queue: QueueId(queue), priority: 0, rate_fps: 0 }
    }

    fn classify(&self, frame: &[u8]) -> (Classified, FlowKey) {
        let (mut classified, mut key) = ([Classified::default()], [FlowKey::NONE]);
        self.nic.classify_flows(&[frame], &mut classified, &mut key);
        (classified[0], key[0])
    }

    fn arrive(&mut self, flow: u16) -> u16 {
        let frame = frame(flow);
        let (classified, key) = self.classify(&frame);
        let to = self.nic.steer(self.now_ns, &frame, &classified, &key);
        let id = FrameId(self.sent.len() as u64);
        self.sent.push(flow);
        let (now, buffers) = (self.now_ns, &mut self.buffers);
        let taken = self.nic.receive(now, &frame, &classified, to, id, now, buffers, &mut |_| {});
        self.dropped += usize::from(taken.is_err());
        to.queue.0
    }

    fn finish(&mut self, queue: u16) {
        for packet in self.in_hand[usize::from(queue)].drain(..) {
            self.buffers.release(packet.buffer);
            self.delivered.push(packet.frame.0 as usize);
        }
    }

    fn poll(&mut self, queue: u16, limit: usize) {
        self.finish(queue);
        self.nic.take(QueueId(queue), self.now_ns, limit, &mut self.in_hand[usize::from(queue)]);
        self.nic.refill(QueueId(queue), &mut self.buffers);
    }

    fn arm(&mut self, queue: u16) {
        self.finish(queue);
        self.nic.arm(QueueId(queue), self.now_ns);
    }

    fn drain(&mut self) {
        for _ in 0..1_000 {
            self.now_ns += 1_000;
            (0..QUEUES).for_each(|queue| self.poll(queue, 64));
        }
        (0..QUEUES).for_each(|queue| self.arm(queue));
    }

    fn reordered(&self) -> usize {
        let mut newest: BTreeMap<u16, usize> = BTreeMap::new();
        let mut reordered = 0;
        for number in &self.delivered {
            let newest = newest.entry(self.sent[*number]).or_default();
            reordered += usize::from(number < newest);
            *newest = (*newest).max(*number);
        }
        reordered
    }
}

#[test]
fn without_a_table_all_is_refused() {
    let config = NicConfig::default();
    let mut buffers = config.buffer_pool(512);
    let mut nic = Nic::new(config, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
    let request =
        SteerRequest { key: FlowKey::signature(1), hash: 1, queue: QueueId(0), priority: 0, rate_fps: 0 };
    assert_eq!(nic.insert_rule(0, &request).unwrap_err().errno, Errno::EOPNOTSUPP);
    assert_eq!(nic.remove_ntuple(0).unwrap_err().errno, Errno::EOPNOTSUPP);
    assert!(!nic.steers());
}

#[test]
fn an_unsafe_move_overtakes_and_a_safe_one_waits() {
    for (moves, reordered, queues) in
        [(Moves::Unsafe, 3, [1, 1, 1, 2, 2, 2]), (Moves::Safe { drain_ns: 100 }, 0, [1, 1, 1, 1, 1, 2])]
    {
        let mut ground = Ground::new(|c| c.moves = moves);
        let rule = ground.nic.insert_rule(0, &ground.request(7, 1)).unwrap();
        let mut went: Vec<u16> = (0..3).map(|_| ground.arrive(7)).collect();
        ground.nic.move_rule(0, rule, QueueId(2)).unwrap();
        went.extend((0..2).map(|_| ground.arrive(7)));
        // The flow does not pause: behind a barrier.
        ground.now_ns = 100;
        went.push(ground.arrive(7));
        assert_eq!(went, queues);
        // The new CPU is faster than the old one.
        ground.poll(2, 64);
        ground.arm(2);
        ground.poll(1, 64);
        ground.arm(1);
        ground.drain();
        assert_eq!((ground.delivered.len(), ground.reordered()), (6, reordered), "{moves:?}");
    }
}

#[test]
fn a_pause_lets_a_flow_move_without_a_barrier() {
    let mut ground = Ground::new(|_| {});
    let rule = ground.nic.insert_rule(0, &ground.request(7, 1)).unwrap();
    ground.arrive(7);
    ground.nic.move_rule(0, rule, QueueId(2)).unwrap();
    ground.poll(1, 64);
    assert_eq!(ground.arrive(7), 1, "taken, but not done with");
    ground.poll(1, 64);
    ground.arm(1);
    assert_eq!(ground.arrive(7), 2);
    let counters = ground.nic.steering().unwrap().counters();
    use SteeringCounter::{Barrier, Moved, OooPrevented};
    assert_eq!([Moved, Barrier, OooPrevented].map(|c| counters.value(c)), [2, 0, 1]);
}

#[test]
fn explicit_rules_come_first_and_see_fragments_too() {
    let any = FlowKey::from_parts([0; 32], [0; 4], 0, 0);
    let from = |source: [u8; 4]| {
        let mut bytes = [0; 32];
        bytes[..4].copy_from_slice(&source);
        FlowKey::from_parts(bytes, [0; 4], 0, 4)
    };
    let rule = |location, value, mask, action| NtupleRule { location, value, mask, action };
    let mut ground = Ground::new(|c| {
        c.rules = vec![
            rule(5, from([10, 0, 0, 1]), from([255; 4]), Action::Queue(QueueId(3))),
            rule(9, from([10, 9, 0, 0]), from([255, 255, 0, 0]), Action::Drop),
        ];
    });
    ground.nic.insert_rule(0, &ground.request(7, 1)).unwrap();
    assert_eq!(ground.arrive(7), 3, "before the flow's own rule");
    let fragment = ethernet(0x0800, &ipv4([10, 0, 0, 1], [10, 0, 0, 2], 17, 2, b"12345678"));
    let (classified, key) = ground.classify(&fragment);
    assert_eq!(ground.nic.steer(0, &fragment, &classified, &key).queue, QueueId(3));
    let dropped = ipv4_udp([10, 9, 1, 1], [10, 0, 0, 2], 1, 2, b"");
    let (classified, key) = ground.classify(&dropped);
    let to = ground.nic.steer(0, &dropped, &classified, &key);
    let taken =
        ground.nic.receive(0, &dropped, &classified, to, FrameId(1), 0, &mut ground.buffers, &mut |_| {});
    assert_eq!((taken.map(|_| ()), ground.nic.total(NicCounter::RxFiltered)), (Err(DropReason::RxFilter), 1));
    let twice = rule(6, from([10, 0, 0, 1]), from([255; 4]), Action::Drop);
    assert_eq!(ground.nic.insert_ntuple(twice).unwrap_err().errno, Errno::EEXIST);
    let nowhere = rule(6, any, any, Action::Queue(QueueId(QUEUES)));
    assert_eq!(ground.nic.insert_ntuple(nowhere).unwrap_err().errno, Errno::EINVAL);
    ground.nic.remove_ntuple(5).unwrap();
    ground.drain();
    assert_eq!(ground.arrive(7), 1);
}

proptest! {
    // Whatever arrives, whatever is moved, refused, put out or expired, and however slow each CPU is: with safe moves no
    // frame overtakes another of its flow, and none is lost or seen twice.
    #[test]
    fn safe_moves_keep_every_flow_in_order(
        steps in prop::collection::vec((0u8..9, 0u16..12, 0u16..QUEUES, 0u64..3_000), 0..400),
        drain_ns in prop::sample::select(vec![0, 1_000, 1_000_000]), latency in prop::sample::select(vec![0, 5_000]),
        budget in prop::sample::select(vec![0, 100_000]),
    ) {
        let mut ground = Ground::new(|c| {
            c.moves = Moves::Safe { drain_ns };
            c.insert_latency_ns = latency;
            c.insertions_per_second = budget;
            c.idle_ns = 50_000;
        });
        for (action, flow, queue, wait_ns) in steps {
            ground.now_ns += wait_ns;
            match action {
                0..4 => { ground.arrive(flow); }
                4 => {
                    let request = SteerRequest { priority: (flow % 3) as u8, ..ground.request(flow, queue) };
                    let _ = ground.nic.insert_rule(ground.now_ns, &request);
                }
                5 => {
                    let request = ground.request(flow, queue);
                    let known = ground.nic.steering().unwrap().rule_of(&request.key, request.hash);
                    if let Some(rule) = known.map(|(rule, _, _)| rule) {
                        let _ = ground.nic.remove_rule(ground.now_ns, rule);
                    }
                }
                6 => ground.poll(queue, usize::from(flow)),
                7 => ground.arm(queue),
                _ => {
                    let now_ns = ground.now_ns;
                    ground.nic.expire_flows(now_ns, 4, &mut |old| old.idle_since_ns + 20_000 < now_ns);
                }
            }
        }
        ground.drain();
        prop_assert_eq!(ground.reordered(), 0);
        let mut seen = ground.delivered.clone();
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), ground.delivered.len());
        prop_assert_eq!(ground.sent.len(), ground.delivered.len() + ground.dropped);
        prop_assert_eq!((ground.nic.pending(), ground.buffers.capacity()), (0, ground.buffers.free() + ground.buffers.owned()));
    }
}
