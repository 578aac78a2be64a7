//! A NIC with LRO, driven by frames and by time.

use super::*;
use crate::queue::CoalesceConfig;
use crate::steering::FlowKey;
use crate::test_frames::{ethernet, ipv4, segment, vlan};
use crate::{Classified, Nic, NicConfig, NicCounter};
use proptest::prelude::*;
use stage::{BufferPool, FrameId, QueueId, RxQueues, Signal};
use std::collections::HashMap;
use wire::coalesce::Told;
use wire::protocol::TCP;
use wire::tcp::flag::{ACK, FIN, PSH, SYN};

const Q: QueueId = QueueId(0);
const TIMER_NS: u64 = 10_000;

struct Driven {
    nic: Nic,
    buffers: BufferPool,
    now_ns: Nanos,
    arrived: u64,
    merged: u64,
    dropped: u64,
    taken: Vec<RxPacket>,
}

impl Driven {
    fn new(change: impl FnOnce(&mut NicConfig, &mut LroConfig)) -> Self {
        let coalesce = CoalesceConfig::OFF;
        let mut config = NicConfig { ring_size: 64, refill_batch: 1, coalesce, ..NicConfig::default() };
        let mut lro = LroConfig { contexts: 4, timer_us: 10, ..LroConfig::default() };
        change(&mut config, &mut lro);
        config.lro = Some(lro);
        let mut buffers = config.buffer_pool(256);
        let nic = Nic::new(config, &mut buffers).unwrap_or_else(|e| panic!("{e}"));
        Driven { nic, buffers, now_ns: 0, arrived: 0, merged: 0, dropped: 0, taken: Vec::new() }
    }

    /// A frame arrives, once everything due before it has happened.
    fn arrive(&mut self, frame: &[u8]) -> Option<(Fate, Signal)> {
        self.due();
        let mut classified = [Classified::default()];
        self.nic.classify(&[frame], &mut classified);
        let id = FrameId(self.arrived);
        self.arrived += 1;
        let now_ns = self.now_ns;
        let to = self.nic.steer(now_ns, frame, &classified[0], &FlowKey::NONE);
        let received =
            self.nic.receive(now_ns, frame, &classified[0], to, id, now_ns, &mut self.buffers, &mut |_| {});
        self.due();
        match received {
            Ok(received) => {
                self.merged += u64::from(received.fate == Fate::Merged);
                Some((received.fate, received.signal))
            }
            Err(_) => {
                self.dropped += 1;
                None
            }
        }
    }

    fn due(&mut self) {
        if self.nic.lro_deadline_ns(Q).is_some_and(|deadline_ns| deadline_ns <= self.now_ns) {
            self.nic.lro_timer(Q, self.now_ns, &mut self.buffers, &mut |_| {});
            assert!(self.nic.lro_deadline_ns(Q).is_none_or(|next_ns| next_ns > self.now_ns));
        }
    }

    /// What the host gets now; its buffers stay taken.
    fn take(&mut self) -> Vec<(Vec<u8>, u16, u16)> {
        let mut taken = Vec::new();
        self.nic.take(Q, self.now_ns, usize::MAX, &mut taken);
        self.nic.refill(Q, &mut self.buffers);
        self.taken.extend(&taken);
        taken.iter().map(|p| (self.bytes(p), p.segments, p.gso_bytes)).collect()
    }

    fn bytes(&self, packet: &RxPacket) -> Vec<u8> {
        self.buffers.frame(packet).collect::<Vec<_>>().concat()
    }

    fn counter(&self, counter: LroCounter) -> u64 {
        self.nic.queues()[0].lro_counters().value(counter)
    }

    fn check(&self) {
        assert_eq!(
            self.arrived,
            self.merged + self.dropped + self.taken.len() as u64 + self.nic.pending(),
            "frames"
        );
        assert_eq!(self.buffers.capacity(), self.buffers.free() + self.buffers.owned(), "buffers");
        assert_eq!(self.nic.total(NicCounter::Packets), self.arrived - self.dropped);
    }
}

#[test]
fn segments_become_one_frame_over_several_buffers() {
    let mut driven = Driven::new(|config, _| config.buffer_bytes = 256);
    let payload: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
    for (i, piece) in payload.chunks(300).enumerate() {
        let fate = driven.arrive(&segment(1, 300 * i as u32, ACK, piece)).unwrap().0;
        assert_eq!(fate, if i == 0 { Fate::Held } else { Fate::Merged });
    }
    // The last one was shorter.
    let [(frame, 4, 300)] = &driven.take()[..] else { panic!() };
    let expected = segment(1, 0, ACK, &payload);
    assert_eq!(*frame, expected);
    let packet = driven.taken[0];
    assert_eq!(packet.headers, wire::walk::headers(&expected));
    assert_eq!(driven.buffers.chain(packet.buffer).count(), expected.len().div_ceil(256));
    assert_eq!(driven.nic.total(NicCounter::Descriptors), expected.len().div_ceil(256) as u64);
    let counters = [LroCounter::HwGroPackets, LroCounter::HwGroWirePackets, LroCounter::HwGroBytes];
    assert_eq!(counters.map(|c| driven.counter(c)), [1, 4, expected.len() as u64]);
    assert_eq!(driven.counter(LroCounter::HwGroWireBytes), 1000 + 4 * 54);
    assert_eq!(driven.counter(LroCounter::Short), 1);
    driven.check();
}

/// Payload of one flow in pages of its own, whatever its segments (SHAMPO).
#[test]
fn split_headers_leave_the_payload_of_segments_in_one_piece() {
    let mut driven = Driven::new(|config, _| (config.buffer_bytes, config.tcp_data_split) = (256, true));
    let payload: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
    for (i, piece) in payload.chunks(300).enumerate() {
        driven.arrive(&segment(1, 300 * i as u32, ACK, piece)).unwrap();
    }
    driven.arrive(&segment(2, 0, ACK | PSH, b"alone")).unwrap();
    let [(frame, 4, 300), (alone, 1, 0)] = &driven.take()[..] else { panic!() };
    assert_eq!((frame, alone), (&segment(1, 0, ACK, &payload), &segment(2, 0, ACK | PSH, b"alone")));
    let [packet, other] = driven.taken[..] else { panic!() };
    assert_eq!((packet.split_bytes, other.split_bytes), (54, 54));
    let pages: Vec<&[u8]> = driven.buffers.chain(packet.buffer).map(|b| driven.buffers.bytes(b)).collect();
    assert_eq!(pages[1..4].concat(), payload[..768]);
    assert_eq!((pages.len(), driven.buffers.chain(other.buffer).count()), (5, 2));
    let counters = [NicCounter::Split, NicCounter::Descriptors].map(|counter| driven.nic.total(counter));
    assert_eq!(counters, [2, 7], "what joins another frame needs no headers");
    driven.check();
}

#[test]
fn nothing_is_held_beyond_its_time() {
    let mut driven = Driven::new(|_, _| {});
    assert_eq!(driven.arrive(&segment(1, 0, ACK, b"ab")), Some((Fate::Held, Signal::Quiet)));
    assert_eq!(driven.nic.lro_deadline_ns(Q), Some(TIMER_NS));
    driven.now_ns = 4_000;
    driven.arrive(&segment(2, 0, ACK, b"ab"));
    driven.arrive(&segment(1, 2, ACK, b"cd"));
    assert_eq!(driven.nic.pending(), 2);
    driven.now_ns = TIMER_NS;
    let signal = driven.nic.lro_timer(Q, TIMER_NS, &mut driven.buffers, &mut |_| {});
    assert!(matches!(signal, Signal::Raise(_)), "{signal:?}");
    assert_eq!(driven.take()[0], (segment(1, 0, ACK, b"abcd"), 2, 2));
    assert_eq!(driven.nic.lro_deadline_ns(Q), Some(14_000));
    assert_eq!(driven.counter(LroCounter::Timer), 1);
    driven.now_ns = 14_000;
    driven.due();
    assert_eq!(driven.take(), [(segment(2, 0, ACK, b"ab"), 1, 0)]);
    driven.check();
}

#[test]
fn the_oldest_makes_room() {
    let mut driven = Driven::new(|_, _| {});
    for port in 0..5 {
        driven.arrive(&segment(port, 0, ACK, b"ab"));
    }
    assert_eq!(driven.take(), [(segment(0, 0, ACK, b"ab"), 1, 0)]);
    assert_eq!((driven.counter(LroCounter::NoDesc), driven.nic.pending()), (1, 4));
}

#[test]
fn a_segment_that_goes_alone_overtakes_none_of_its_connection() {
    let mut malformed = segment(1, 4, ACK, b"ef");
    malformed[14 + 20 + 12] = 0x20;
    let fragment = {
        let whole = segment(1, 4, ACK, b"ef");
        ethernet(0x0800, &ipv4([192, 0, 2, 1], [198, 51, 100, 1], TCP, 0x2000, &whole[34..]))
    };
    let mut padded = segment(1, 4, ACK, b"ef");
    padded.extend([0; 4]);
    for (alone, reason) in [
        (segment(1, 4, ACK | PSH, b""), LroCounter::Empty),
        (segment(1, 8, ACK | PSH, b"gh"), LroCounter::Sequence),
        (segment(1, 4, SYN, b""), LroCounter::Control),
        (malformed, LroCounter::Unread),
        (fragment, LroCounter::Unread),
        (padded, LroCounter::Length),
    ] {
        let mut driven = Driven::new(|_, _| {});
        driven.arrive(&segment(1, 0, ACK, b"ab"));
        driven.arrive(&segment(1, 2, ACK, b"cd"));
        let passed = driven.arrive(&alone).unwrap().0;
        assert_eq!(passed, Fate::Passed, "{reason:?}");
        assert_eq!(driven.take(), [(segment(1, 0, ACK, b"abcd"), 2, 2), (alone, 1, 0)], "{reason:?}");
        assert_eq!(driven.counter(reason), 1, "{reason:?}");
        driven.check();
    }
}

#[test]
fn a_wrong_checksum_closes_nothing() {
    let mut driven = Driven::new(|_, _| {});
    let mut wrong = segment(1, 2, ACK, b"cd");
    wrong[55] ^= 1;
    driven.arrive(&segment(1, 0, ACK, b"ab"));
    assert_eq!(driven.arrive(&wrong).unwrap().0, Fate::Passed);
    assert_eq!(driven.arrive(&segment(1, 2, ACK | FIN, b"cd")).unwrap().0, Fate::Merged);
    assert_eq!(driven.take(), [(wrong, 1, 0), (segment(1, 0, ACK | FIN, b"abcd"), 2, 2)]);
}

#[test]
fn tags_and_limits_are_kept() {
    let mut driven = Driven::new(|_, lro| lro.max_segments = 2);
    for (tag, sequence) in [(7, 0), (8, 0), (7, 2), (7, 4), (8, 2)] {
        driven.arrive(&vlan(tag, &segment(1, sequence, ACK, b"ab")));
    }
    assert_eq!(driven.take(), [(vlan(7, &segment(1, 0, ACK, b"abab")), 2, 2)]);
    driven.now_ns = TIMER_NS;
    driven.due();
    let late = [(vlan(8, &segment(1, 0, ACK, b"abab")), 2, 2), (vlan(7, &segment(1, 4, ACK, b"ab")), 1, 0)];
    assert_eq!(driven.take(), late);
    assert_eq!(driven.counter(LroCounter::Segments), 1);
}

#[test]
fn a_ring_without_room_gets_back_what_is_held() {
    let mut driven = Driven::new(|config, lro| (config.buffer_bytes, lro.contexts) = (256, 64));
    for port in 0..64 {
        driven.arrive(&segment(port, 0, ACK, b"ab"));
    }
    assert_eq!((driven.take().len(), driven.nic.pending()), (0, 64));
    assert_eq!(driven.arrive(&segment(99, 0, ACK, b"ab")), None, "every descriptor is held");
    assert_eq!(driven.take().len(), 64);
    assert_eq!(driven.counter(LroCounter::NoBuffer), 64);
    driven.check();
    assert_eq!(driven.arrive(&segment(99, 0, ACK, b"ab")).unwrap().0, Fate::Held);
}

#[test]
fn four_thousand_flows_are_held_where_there_are_contexts_for_them() {
    let mut driven = Driven::new(|config, lro| {
        (config.ring_size, config.buffer_bytes, lro.contexts) = (8192, 256, 4096);
    });
    driven.buffers = BufferPool::new(1, 8192, 256);
    let config = NicConfig {
        ring_size: 8192,
        buffer_bytes: 256,
        lro: Some(LroConfig { contexts: 4096, ..LroConfig::default() }),
        ..NicConfig::default()
    };
    driven.nic = Nic::new(config, &mut driven.buffers).unwrap_or_else(|e| panic!("{e}"));
    for sequence in [0, 2] {
        for port in 0..4096 {
            driven.arrive(&segment(port, sequence, ACK, b"ab"));
        }
    }
    assert_eq!((driven.merged, driven.nic.pending()), (4096, 4096));
}

#[test]
fn what_cannot_be_is_refused_by_key() {
    let refused = |change: &dyn Fn(&mut NicConfig, &mut LroConfig)| {
        let (mut config, mut lro) = (NicConfig::default(), LroConfig::default());
        change(&mut config, &mut lro);
        NicConfig { lro: Some(lro), ..config }.check().err().map(|error| error.key)
    };
    assert_eq!(refused(&|_, _| {}), None);
    assert_eq!(refused(&|_, lro| lro.contexts = 0), Some("lro.contexts"));
    assert_eq!(refused(&|config, lro| (config.queues, lro.contexts) = (128, 513)), Some("lro.contexts"));
    assert_eq!(refused(&|_, lro| lro.timer_us = 0), Some("lro.timer_us"));
    assert_eq!(refused(&|_, lro| lro.max_segments = 1), Some("lro.max_segments"));
    assert_eq!(refused(&|_, lro| lro.max_bytes = 65_536), Some("lro.max_bytes"));
    assert_eq!(refused(&|config, _| config.rx_checksum = false), Some("lro.enabled"));
}

#[derive(Clone, Debug)]
enum Step {
    Arrive { port: u16, skip: u32, bytes: usize, flags: u16, damage: Option<(usize, u8)> },
    Take(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let flags =
        prop_oneof![8 => Just(ACK), 1 => Just(ACK | PSH), 1 => Just(ACK | FIN), 1 => Just(SYN), 1 => Just(0)];
    let skip = prop_oneof![8 => Just(0u32), 1 => 1u32..50];
    let bytes = prop_oneof![4 => Just(40usize), 1 => 0usize..60];
    let damage = prop_oneof![6 => Just(None), 1 => (0usize..60, any::<u8>()).prop_map(Some)];
    prop_oneof![
        9 => (0u16..6, skip, bytes, flags, damage).prop_map(|(port, skip, bytes, flags, damage)| Step::Arrive { port, skip, bytes, flags, damage }),
        1 => any::<bool>().prop_map(Step::Take),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// Any segments at any time: frames and buffers are conserved, nothing is held beyond its time, no byte of a
    /// connection is lost, and none comes before an earlier one.
    #[test]
    fn streams_are_what_they_were(steps in prop::collection::vec((step(), 0u64..3_000), 1..200), linux: bool) {
        let mut driven = Driven::new(|config, lro| {
            config.buffer_bytes = 256;
            lro.told = if linux { Told::AsLinux } else { Told::ByConnection };
        });
        let mut next: HashMap<u16, u32> = HashMap::new();
        let mut sent: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        let mut received: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        // A stream per connection: every byte of payload in order of arrival. What has no sound checksum is left out.
        let note = |streams: &mut HashMap<Vec<u8>, Vec<u8>>, frame: &[u8]| {
            let headers = wire::walk::headers(frame);
            if headers.fault.is_none() && headers.protocol() == TCP
                && wire::walk::verify_ip_checksum(frame, &headers).is_ok()
                && wire::walk::verify_l4_checksum(frame, &headers).is_ok()
                && let (Some(l4), Some(payload)) = (headers.l4_at(), frame.get(headers.payload_at()..headers.payload_at() + headers.payload_len_bytes()))
            {
                streams.entry(frame[l4..l4 + 4].to_vec()).or_default().extend(payload);
            }
        };
        for (step, gap) in steps {
            driven.now_ns += gap;
            driven.due();
            match step {
                Step::Arrive { port, skip, bytes, flags, damage } => {
                    let at = next.entry(port).or_insert(0);
                    *at = at.wrapping_add(skip);
                    let payload: Vec<u8> = (0..bytes).map(|i| (*at as usize + i) as u8).collect();
                    let mut frame = segment(port, *at, flags, &payload);
                    *at = at.wrapping_add(bytes as u32);
                    if let Some((place, byte)) = damage && let Some(place) = frame.get_mut(place) {
                        *place = byte;
                    }
                    if driven.arrive(&frame).is_some() {
                        note(&mut sent, &frame);
                    }
                }
                Step::Take(release) => {
                    for (frame, _, _) in driven.take() {
                        note(&mut received, &frame);
                    }
                    if release {
                        for packet in std::mem::take(&mut driven.taken) {
                            driven.buffers.release(packet.buffer);
                            driven.arrived -= u64::from(packet.segments);
                            driven.merged -= u64::from(packet.segments) - 1;
                        }
                    }
                }
            }
            let held_since = driven.nic.lro_deadline_ns(Q);
            prop_assert!(held_since.is_none_or(|deadline_ns| deadline_ns > driven.now_ns));
            let pending = driven.nic.pending();
            prop_assert_eq!(driven.arrived, driven.merged + driven.dropped + driven.taken.len() as u64 + pending);
            prop_assert_eq!(driven.buffers.capacity(), driven.buffers.free() + driven.buffers.owned());
        }
        driven.now_ns += TIMER_NS;
        driven.due();
        for (frame, _, _) in driven.take() {
            note(&mut received, &frame);
        }
        if linux {
            // What Linux takes for several flows may change places.
            sent.values_mut().chain(received.values_mut()).for_each(|stream| stream.sort_unstable());
        }
        prop_assert_eq!(sent, received);
    }
}
