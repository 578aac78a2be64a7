use super::*;
use crate::steering::Moves;
use proptest::prelude::*;
use stage::NANOS_PER_SECOND;
use std::collections::BTreeMap;

/// Queues on which nothing is ever under way.
struct Idle;

impl QueueProgress for Idle {
    fn written(&self, _queue: QueueId) -> u64 {
        0
    }
    fn done(&self, _queue: QueueId, _now_ns: Nanos) -> u64 {
        0
    }
    fn hold(&mut self, _queue: QueueId, _other: QueueId, _mark: u64) -> bool {
        true
    }
}

fn table(change: impl FnOnce(&mut SteeringConfig)) -> SteeringTable {
    let mut config = SteeringConfig { capacity_rules: 16, ..SteeringConfig::default() };
    change(&mut config);
    SteeringTable::new(config, 4).unwrap()
}

fn key(n: u32) -> FlowKey {
    FlowKey::ipv4([10, 0, 0, 1, 10, 0, 0, 2], n.to_be_bytes(), 6)
}

fn hash(n: u32) -> u32 {
    n.wrapping_mul(0x9e37_79b9) ^ n >> 7
}

fn request(n: u32, queue: u16, priority: u8) -> SteerRequest {
    SteerRequest { key: key(n), hash: hash(n), queue: QueueId(queue), priority, rate_fps: 0 }
}

/// Where flow `n`'s next frame goes; 3 is where its hash would send it.
fn ask(table: &mut SteeringTable, now_ns: Nanos, n: u32) -> Option<u16> {
    table.choose(now_ns, &key(n), hash(n), 60, QueueId(3), &mut Idle).map(|queue| queue.0)
}

fn count(table: &SteeringTable, counter: SteeringCounter) -> u64 {
    table.counters().value(counter)
}

#[test]
fn a_rule_sends_its_flow_and_no_other() {
    let mut table = table(|_| {});
    let rule = table.insert(0, &request(1, 2, 0), &Idle).unwrap();
    assert_eq!((ask(&mut table, 0, 1), ask(&mut table, 0, 2)), (Some(2), None));
    table.move_to(1, rule, QueueId(0), &Idle).unwrap();
    assert_eq!(ask(&mut table, 1, 1), Some(0));
    assert_eq!(
        table.rule_of(&key(1), hash(1)).map(|(id, rule, frames)| (id, rule.moves, frames)),
        Some((rule, 1, 2))
    );
    table.remove(2, rule, &Idle).unwrap();
    assert_eq!((ask(&mut table, 2, 1), table.len()), (None, 0));
    let counters =
        [SteeringCounter::Lookup, SteeringCounter::Hit, SteeringCounter::Move, SteeringCounter::Delete];
    assert_eq!(counters.map(|counter| count(&table, counter)), [4, 2, 1, 1]);
}

#[test]
fn a_rule_takes_effect_after_its_latency() {
    let mut table = table(|c| c.insert_latency_ns = 1_000);
    let rule = table.insert(500, &request(1, 2, 0), &Idle).unwrap();
    assert_eq!([500, 1_499, 1_500].map(|now| ask(&mut table, now, 1)), [None, None, Some(2)]);
    table.move_to(2_000, rule, QueueId(1), &Idle).unwrap();
    assert_eq!([2_999, 3_000].map(|now| ask(&mut table, now, 1)), [Some(2), Some(1)]);
}

#[test]
fn refusals_have_linux_names_and_change_nothing() {
    let mut table = table(|c| (c.capacity_rules, c.admission) = (2, Admission::FirstCome));
    let none = SteerRequest { key: FlowKey::NONE, ..request(0, 0, 0) };
    let gone = table.insert(0, &request(9, 0, 0), &Idle).unwrap();
    table.remove(0, gone, &Idle).unwrap();
    table.insert(0, &request(0, 0, 0), &Idle).unwrap();
    table.insert(0, &request(1, 0, 0), &Idle).unwrap();
    let errno = |done: Result<RuleId, SteeringError>| done.unwrap_err().errno;
    assert_eq!(errno(table.insert(0, &none, &Idle)), Errno::EOPNOTSUPP);
    assert_eq!(errno(table.insert(0, &request(2, 4, 0), &Idle)), Errno::EINVAL);
    assert_eq!(errno(table.insert(0, &request(2, 0, 16), &Idle)), Errno::EINVAL);
    assert_eq!(errno(table.insert(0, &request(2, 0, 15), &Idle)), Errno::ENOSPC);
    assert_eq!(table.remove(0, gone, &Idle).unwrap_err().errno, Errno::ENOENT);
    assert_eq!(table.move_to(0, gone, QueueId(0), &Idle).unwrap_err().errno, Errno::ENOENT);
    let text = table.insert(0, &request(2, 4, 0), &Idle).unwrap_err().to_string();
    assert_eq!(text, "EINVAL: queue = 4: allowed is a queue the NIC has");
    use SteeringCounter::{Add, Busy, Invalid, NoSpace, NotSupported, Ok};
    assert_eq!([Add, Ok, NoSpace, Busy, NotSupported, Invalid].map(|c| count(&table, c)), [8, 3, 1, 0, 1, 3]);
    assert_eq!(table.len(), 2);
}

#[test]
fn insertions_have_a_budget() {
    let mut table = table(|c| c.insertions_per_second = 1_000);
    let refused = (0..8).filter(|n| table.insert(0, &request(*n, 0, 0), &Idle).is_err()).count();
    assert_eq!((refused, count(&table, SteeringCounter::Busy)), (7, 7));
    assert!(table.insert(NANOS_PER_SECOND, &request(1, 0, 0), &Idle).is_ok());
    assert!(table.insert(NANOS_PER_SECOND, &request(1, 0, 0), &Idle).is_ok(), "nothing is to be written");
}

#[test]
fn few_ways_refuse_before_the_table_is_full() {
    let mut table = table(|c| (c.capacity_rules, c.ways, c.admission) = (64, 2, Admission::FirstCome));
    let refused: Vec<_> = (0..64).filter_map(|n| table.insert(0, &request(n, 0, 0), &Idle).err()).collect();
    assert!(!refused.is_empty() && refused.iter().all(|error| error.errno == Errno::EBUSY), "{refused:?}");
    assert_eq!(table.len() as usize, 64 - refused.len());
}

#[test]
fn a_higher_priority_is_let_in_while_it_fits() {
    for ways in [0, 16] {
        let mut table = table(|c| c.ways = ways);
        for n in 0..100 {
            // Every tenth is important; at first the others fill the table.
            let _ = table.insert(u64::from(n), &request(n, 0, if n % 10 == 9 { 6 } else { 0 }), &Idle);
        }
        let important =
            (0..100).filter(|n| n % 10 == 9 && table.rule_of(&key(*n), hash(*n)).is_some()).count();
        assert_eq!((important, table.len()), (10, 16), "{ways} ways");
        for n in 100..120 {
            let _ = table.insert(u64::from(n), &request(n, 0, 6), &Idle);
        }
        assert_eq!(table.iter().filter(|(_, rule, _)| rule.priority == 6).count(), 16);
        assert_eq!(
            table.insert(200, &request(200, 0, 5), &Idle).unwrap_err().errno,
            if ways == 0 { Errno::ENOSPC } else { Errno::EBUSY }
        );
    }
}

#[test]
fn of_one_priority_the_busier_stays_and_the_idle_goes() {
    let mut table = table(|c| (c.capacity_rules, c.idle_ns) = (2, 10_000_000));
    table.insert(0, &request(1, 0, 0), &Idle).unwrap();
    table.insert(0, &request(2, 0, 0), &Idle).unwrap();
    for frame in 0..100 {
        ask(&mut table, frame * 10_000, 1);
        if frame % 10 == 0 {
            ask(&mut table, frame * 10_000, 2);
        }
    }
    let slow = SteerRequest { rate_fps: 4_000, ..request(3, 0, 0) };
    assert_eq!(table.insert(1_000_000, &slow, &Idle).unwrap_err().errno, Errno::ENOSPC);
    let fast = SteerRequest { rate_fps: 40_000, ..slow };
    table.insert(1_000_000, &fast, &Idle).unwrap();
    assert_eq!([1, 2, 3].map(|n| table.rule_of(&key(n), hash(n)).is_some()), [true, false, true]);
    // Nobody sends any more: whoever comes is let in.
    table.insert(20_000_000, &request(4, 0, 0), &Idle).unwrap();
    assert_eq!(count(&table, SteeringCounter::Evict), 2);
}

#[test]
fn equal_signatures_steer_each_other_and_are_counted() {
    let mut table = table(|c| c.signature_bits = 8);
    table.insert(0, &request(1, 2, 0), &Idle).unwrap();
    let alike = |n: &u32| hash(*n) & 0xff == hash(1) & 0xff;
    let other = (2..).find(alike).unwrap();
    let different = (2..).find(|n| !alike(n)).unwrap();
    assert_eq!([1, other, different].map(|n| ask(&mut table, 0, n)), [Some(2), Some(2), None]);
    assert_eq!([SteeringCounter::Hit, SteeringCounter::Collision].map(|c| count(&table, c)), [1, 1]);
    // The latest to be written owns the entry.
    table.insert(0, &request(other, 1, 0), &Idle).unwrap();
    assert_eq!(
        (ask(&mut table, 0, 1), table.len(), table.rule_of(&key(1), hash(1)).is_some()),
        (Some(1), 1, false)
    );
}

#[test]
fn a_scan_removes_what_may_go() {
    let mut table = table(|_| {});
    for n in 0..10 {
        table.insert(0, &request(n, 0, 0), &Idle).unwrap();
    }
    for n in 0..5 {
        ask(&mut table, 500_000, n);
    }
    table.scan(600_000, 16, &Idle, |_, _, _| false);
    let looked = table.scan(1_000_000, 16, &Idle, |_, _, idle_since_ns| idle_since_ns < 600_000);
    assert_eq!((looked, table.len(), count(&table, SteeringCounter::Expire)), (10, 5, 5));
    assert!((0..5).all(|n| table.rule_of(&key(n), hash(n)).is_some()));
}

#[test]
fn configurations_that_cannot_be_are_refused() {
    type Case = (&'static str, fn(&mut SteeringConfig));
    let cases: [Case; 5] = [
        ("steering.capacity_rules", |c| c.capacity_rules = 0),
        ("steering.ways", |c| c.ways = 3),
        ("steering.ways", |c| (c.capacity_rules, c.ways) = (128, 128)),
        ("steering.signature_bits", |c| c.signature_bits = 33),
        ("steering.insertions_per_second", |c| c.insertions_per_second = u64::MAX),
    ];
    for (key, change) in cases {
        let mut config = SteeringConfig { capacity_rules: 16, ..SteeringConfig::default() };
        change(&mut config);
        assert_eq!(SteeringTable::new(config, 4).unwrap_err().key, key);
    }
}

proptest! {
    // Whatever is inserted, moved, removed, evicted and expired: the table holds what it said it would, no more than it
    // may, its lists stay whole, and every frame goes where the rule in force says.
    #[test]
    fn the_table_does_as_it_says(
        steps in prop::collection::vec((0u32..40, 0u8..6, 0u16..4, 0u8..4), 0..300),
        ways in prop::sample::select(vec![0u32, 2, 4, 16]), safe: bool, first_come: bool,
    ) {
        let mut table = table(|c| {
            c.ways = ways;
            c.moves = if safe { c.moves } else { Moves::Unsafe };
            c.admission = if first_come { Admission::FirstCome } else { Admission::Priority };
        });
        let mut model: BTreeMap<u32, (RuleId, u16)> = BTreeMap::new();
        for (now_ns, (n, action, queue, priority)) in (0..).map(|i| i * 1_000).zip(steps) {
            let evicted = count(&table, SteeringCounter::Evict);
            match action {
                0 => {
                    if let Some((rule, _)) = model.remove(&n) {
                        prop_assert_eq!(table.remove(now_ns, rule, &Idle), Ok(()));
                    }
                }
                1 => {
                    if let Some((rule, to)) = model.get_mut(&n) {
                        prop_assert_eq!(table.move_to(now_ns, *rule, QueueId(queue), &Idle), Ok(()));
                        *to = queue;
                    }
                }
                2 => {
                    table.scan(now_ns, 3, &Idle, |rule, _, _| {
                        let goes = rule.place % 7 == 0;
                        if goes {
                            model.retain(|_, (other, _)| *other != rule);
                        }
                        goes
                    });
                }
                _ => {
                    if let Ok(rule) = table.insert(now_ns, &request(n, queue, priority), &Idle) {
                        if count(&table, SteeringCounter::Evict) > evicted {
                            model.retain(|n, _| table.rule_of(&key(*n), hash(*n)).is_some());
                        }
                        model.insert(n, (rule, queue));
                    }
                }
            }
            prop_assert!(table.len() <= 16);
            prop_assert_eq!(table.len() as usize, model.len());
            prop_assert_eq!(table.iter().count(), model.len());
            for n in 0..40 {
                prop_assert_eq!(ask(&mut table, now_ns, n), model.get(&n).map(|(_, queue)| *queue), "flow {}", n);
                prop_assert_eq!(table.rule_of(&key(n), hash(n)).map(|(id, _, _)| id), model.get(&n).map(|(id, _)| *id));
            }
        }
    }
}
