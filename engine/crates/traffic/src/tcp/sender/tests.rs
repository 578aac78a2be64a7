//! Senders against a receiver made here: rounds, recovery, and what must hold under any loss and reordering.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const MSS: u32 = 1_000;
const RTT_NS: Nanos = 100_000_000;

fn config() -> SenderConfig {
    SenderConfig {
        mss: MSS,
        size_bytes: u64::MAX,
        congestion: CongestionControl::Newreno,
        byte_counting: 0,
        initial_window: 10,
        initial_ssthresh: None,
        sack: true,
        pacing: false,
        min_rto_ns: 200_000_000,
    }
}

fn released(sender: &mut Sender, now_ns: Nanos) -> Vec<Transmission> {
    let mut sent = Vec::new();
    while let Next::Send(transmission) = sender.next(now_ns) {
        sent.push(transmission);
    }
    sent
}

/// An acknowledgement of everything before `offset`, with these blocks.
fn ack(offset: u64, sack: &[(u64, u64)]) -> AckSeen {
    let mut seen = AckSeen { offset, window_bytes: 1 << 40, ..AckSeen::default() };
    seen.sack.iter_mut().zip(sack).for_each(|(place, block)| *place = *block);
    seen.sack_len = sack.len().min(4) as u8;
    seen
}

/// Rounds of slow start from ten segments to a thousand, `merged` segments to an acknowledgement.
fn slow_start_rounds(merged: u64, byte_counting: u32) -> u64 {
    let initial_ssthresh = Some(1_000);
    let mut sender = Sender::new(SenderConfig { byte_counting, initial_ssthresh, ..config() });
    let mut flight = released(&mut sender, 0);
    // The first window field has no shift: the rounds begin with an open one.
    let mut now_ns = 0;
    while sender.tally.slow_start_rounds == 0 {
        now_ns += RTT_NS;
        let mut next = Vec::new();
        for frame in flight.chunks(merged as usize) {
            let last = frame.last().unwrap();
            sender.acknowledge(now_ns, &ack(last.offset + u64::from(last.bytes), &[]));
            next.extend(released(&mut sender, now_ns));
        }
        flight = next;
    }
    sender.tally.slow_start_rounds
}

/// Slow start from an initial window of 10 to 1,000 segments, by segments to an acknowledgement (down) and by what an
/// acknowledgement may be worth: 1, 2, any.
#[test]
fn stretched_acknowledgements_slow_slow_start_as_computed() {
    let table = [1, 2, 8, 16, 45].map(|merged| [1, 2, 0].map(|limit| slow_start_rounds(merged, limit)));
    assert_eq!(table, [[7, 7, 7], [12, 7, 7], [37, 20, 7], [68, 35, 7], [159, 81, 7]]);
}

/// RFC 6928 section 2: ten segments leave at once.
#[test]
fn the_initial_window_leaves_at_once() {
    let mut sender = Sender::new(config());
    assert_eq!(released(&mut sender, 0).len(), 10);
    assert_eq!(sender.outstanding_bytes(), 10_000);
}

/// RFC 6675: the third SACKed segment above a hole makes it a loss; the window is halved; one segment per
/// acknowledgement once the pipe has drained to it; out at the recovery point.
#[test]
fn selective_recovery_of_one_loss() {
    let mut sender = Sender::new(config());
    released(&mut sender, 0);
    let mut now_ns = RTT_NS;
    let mut again = Vec::new();
    for high in 2..=10 {
        now_ns += 1_000;
        sender.acknowledge(now_ns, &ack(0, &[(1_000, high * 1_000)]));
        again.extend(released(&mut sender, now_ns));
    }
    let lost: Vec<_> = again.iter().filter(|t| t.again).map(|t| t.offset).collect();
    assert_eq!(lost, [0]);
    assert_eq!(sender.tally.recoveries, 1);
    // Two more went by limited transmit before it was known, and do not count.
    assert_eq!(sender.window_bytes(), 5_000);
    let point = sender.sent();
    sender.acknowledge(now_ns + RTT_NS, &ack(10_000, &[(11_000, point)]));
    assert!(matches!(sender.phase, Phase::Fast { .. }));
    sender.acknowledge(now_ns + RTT_NS, &ack(point, &[]));
    assert_eq!(sender.phase, Phase::Open);
    assert_eq!(sender.window_bytes(), 5_000);
}

/// RFC 6582 section 3.2: inflated by three, by one for each further duplicate; a partial acknowledgement repeats the
/// next hole and deflates; a full one leaves at the threshold at most.
#[test]
fn newreno_recovery_of_two_losses() {
    let mut sender = Sender::new(SenderConfig { sack: false, ..config() });
    released(&mut sender, 0);
    let mut sent = Vec::new();
    for duplicate in 0..7 {
        sender.acknowledge(RTT_NS + duplicate, &ack(1_000, &[]));
        sent.extend(released(&mut sender, RTT_NS + duplicate));
    }
    // Eleven after the first acknowledgement, two by limited transmit.
    assert_eq!(sent.iter().filter(|t| t.again).map(|t| t.offset).collect::<Vec<_>>(), [1_000]);
    assert_eq!(sender.threshold_bytes(), 11_000 / 2);
    assert_eq!(sender.window_bytes(), sender.threshold_bytes() + 3_000 + 3_000);
    let inflated = sender.window_bytes();
    sender.acknowledge(2 * RTT_NS, &ack(5_000, &[]));
    assert_eq!(sender.window_bytes(), inflated - 4_000 + 1_000);
    let again: Vec<_> = released(&mut sender, 2 * RTT_NS).into_iter().filter(|t| t.again).collect();
    assert_eq!(again.iter().map(|t| t.offset).collect::<Vec<_>>(), [5_000]);
    let all = sender.sent();
    sender.acknowledge(3 * RTT_NS, &ack(all, &[]));
    assert_eq!(sender.phase, Phase::Open);
    assert_eq!(sender.window_bytes(), 2_000);
}

/// RFC 5681 section 3.1: one segment after a timeout, the threshold at half of the flight, moved once; RFC 6298: the
/// timeout doubles.
#[test]
fn a_timeout_starts_from_one_segment() {
    let mut sender = Sender::new(config());
    released(&mut sender, 0);
    sender.time(999_999_999);
    assert_eq!(sender.tally.timeouts, 0);
    sender.time(1_000_000_000);
    assert_eq!((sender.window_bytes(), sender.threshold_bytes()), (1_000, 5_000));
    let sent = released(&mut sender, 1_000_000_000);
    assert_eq!(sent.iter().map(|t| (t.offset, t.again)).collect::<Vec<_>>(), [(0, true)]);
    assert_eq!(sender.deadline_ns(), Some(3_000_000_000));
    sender.time(3_000_000_000);
    assert_eq!(sender.threshold_bytes(), 5_000);
    assert_eq!(released(&mut sender, 3_000_000_000).len(), 1);
    sender.acknowledge(3_100_000_000, &ack(1_000, &[]));
    assert_eq!(sender.window_bytes(), 2_000);
    assert_eq!(
        released(&mut sender, 3_100_000_000).iter().map(|t| t.offset).collect::<Vec<_>>(),
        [1_000, 2_000]
    );
}

/// RFC 3465 section 2.3: whatever L is, a stretched acknowledgement is worth one segment after a timeout.
#[test]
fn byte_counting_is_careful_after_a_timeout() {
    let mut sender = Sender::new(SenderConfig { byte_counting: 2, ..config() });
    released(&mut sender, 0);
    sender.time(1_000_000_000);
    released(&mut sender, 1_000_000_000);
    sender.acknowledge(1_100_000_000, &ack(3_000, &[]));
    assert_eq!(sender.window_bytes(), 2_000);
}

#[test]
fn a_closed_window_is_probed_until_it_opens() {
    let mut sender = Sender::new(config());
    released(&mut sender, 0);
    sender.acknowledge(RTT_NS, &AckSeen { offset: 10_000, window_bytes: 55_535, ..AckSeen::default() });
    while let Some(last) = released(&mut sender, RTT_NS).last() {
        let offset = last.offset + u64::from(last.bytes);
        let window_bytes = 65_535_u64.saturating_sub(offset);
        sender.acknowledge(RTT_NS, &AckSeen { offset, window_bytes, ..AckSeen::default() });
    }
    assert_eq!(sender.sent(), 65_000);
    let deadline_ns = sender.deadline_ns().expect("the persist timer");
    sender.time(deadline_ns);
    assert_eq!(
        released(&mut sender, deadline_ns),
        [Transmission { offset: 64_999, bytes: 1, again: true, last: false }]
    );
    sender.acknowledge(
        deadline_ns + RTT_NS,
        &AckSeen { offset: 65_000, window_bytes: 5_000, ..AckSeen::default() },
    );
    assert_eq!(released(&mut sender, deadline_ns + RTT_NS).len(), 5);
}

/// A receiver as plain as can be: a set of bytes' ranges, every segment answered.
#[derive(Default)]
struct Plain {
    next: u64,
    beyond: BTreeMap<u64, u64>,
    latest: Vec<(u64, u64)>,
}

impl Plain {
    fn take(&mut self, segment: &Transmission, sack: bool) -> AckSeen {
        let (start, end) = (segment.offset, segment.offset + u64::from(segment.bytes));
        if end > self.next {
            self.beyond.insert(start, end);
        }
        while let Some((start, end)) = self.beyond.first_key_value().map(|(s, e)| (*s, *e))
            && start <= self.next
        {
            self.next = self.next.max(end);
            self.beyond.remove(&start);
        }
        self.latest.retain(|block| block.0 != start && block.1 > self.next);
        if start > self.next {
            self.latest.insert(0, (start, end));
        }
        ack(self.next, if sack { &self.latest } else { &[] })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Travelling {
    Data(u64),
    Ack(u64),
}

/// Send `segments` over a path that loses and delays by chance; everything is checked on the way.
fn converse(
    config: SenderConfig,
    segments: u64,
    loss: u64,
    jitter_ns: u64,
    window_bytes: u64,
    seed: u64,
) -> Sender {
    let mut sender = Sender::new(config);
    let mut receiver = Plain::default();
    let mut random = stage::Random::for_component(seed, "path");
    let mut travelling = BTreeSet::new();
    let (mut data, mut acks): (Vec<Transmission>, Vec<AckSeen>) = (Vec::new(), Vec::new());
    let (mut now_ns, mut steps) = (0, 0);
    let mut wake_ns = Some(0);
    while !sender.is_done() {
        steps += 1;
        assert!(steps < 200_000, "it never ends: {sender:?}");
        let travel_ns = travelling.first().map(|(at_ns, _): &(u64, Travelling)| *at_ns);
        let timer_ns = sender.deadline_ns();
        now_ns =
            [travel_ns, timer_ns, wake_ns].into_iter().flatten().min().expect("a timer runs").max(now_ns);
        wake_ns = wake_ns.filter(|at_ns| *at_ns > now_ns);
        sender.time(now_ns);
        let mut delay_ns = || RTT_NS / 2 + random.below(jitter_ns + 1);
        while let Some((at_ns, what)) = travelling.first().copied().filter(|(at_ns, _)| *at_ns <= now_ns) {
            travelling.remove(&(at_ns, what));
            match what {
                Travelling::Data(number) => {
                    let seen = receiver.take(&data[number as usize], config.sack);
                    acks.push(AckSeen { window_bytes, ..seen });
                    travelling.insert((now_ns + delay_ns(), Travelling::Ack(acks.len() as u64 - 1)));
                }
                Travelling::Ack(number) => sender.acknowledge(now_ns, &acks[number as usize]),
            }
        }
        loop {
            let forced = sender.forced.is_some() || sender.probe_due;
            match sender.next(now_ns) {
                Next::Send(segment) => {
                    let mss = u64::from(MSS);
                    let extra = if config.sack { 0 } else { 2 * mss };
                    assert!(
                        forced || sender.outstanding_bytes() <= sender.window_bytes() + extra,
                        "{sender:?}"
                    );
                    assert!(sender.sent() <= sender.edge().max(FIRST_PEER_WINDOW_BYTES), "{sender:?}");
                    data.push(segment);
                    if random.below(1_000) >= loss {
                        let at_ns = now_ns + RTT_NS / 2 + random.below(jitter_ns + 1);
                        travelling.insert((at_ns, Travelling::Data(data.len() as u64 - 1)));
                    }
                }
                Next::At(at_ns) => {
                    wake_ns = Some(at_ns);
                    break;
                }
                Next::Wait => break,
            }
        }
        assert_eq!(sender.board.pipe_bytes(), sender.board.pipe_by_definition());
        assert!(sender.board.pipe_bytes() <= 2 * sender.flight_bytes());
    }
    assert_eq!(receiver.next, segments * u64::from(MSS) - 500);
    assert_eq!(sender.flight_bytes(), 0);
    sender
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
    /// Whatever is lost and however it is reordered, everything arrives, the windows are kept, the pipe is what the
    /// RFC defines.
    #[test]
    fn everything_arrives(
        segments in 1u64..300, loss in 0u64..250, jitter_ns in prop_oneof![Just(0), 0u64..80_000_000],
        window_segments in 2u64..400, sack: bool, pacing: bool, cubic: bool, byte_counting in 0u32..3, seed: u64,
    ) {
        let config = SenderConfig {
            size_bytes: segments * u64::from(MSS) - 500,
            congestion: if cubic { CongestionControl::Cubic } else { CongestionControl::Newreno },
            sack, pacing, byte_counting,
            ..config()
        };
        converse(config, segments, loss, jitter_ns, window_segments * u64::from(MSS), seed);
    }
}

#[test]
fn without_loss_nothing_is_sent_twice() {
    let sender = converse(SenderConfig { size_bytes: 299_500, ..config() }, 300, 0, 0, 1 << 30, 1);
    assert_eq!((sender.tally.segments, sender.tally.retransmissions, sender.tally.timeouts), (300, 0, 0));
}
