//! A running simulation changed: at its time, between two frames, all of it or none.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use graph::Change;
use nic::rss::{BoxedHash, RssKey, Table};
use proptest::prelude::*;
use running::{ran, simulation};
use sim::Simulation;
use stats::Column;

fn hasher(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn numbers(simulation: &Simulation, table: &str, column: &str) -> Vec<i64> {
    match simulation.table(table).unwrap().column(column).unwrap() {
        Column::I64(values) => values.clone(),
        Column::U64(values) => values.iter().map(|v| *v as i64).collect(),
        _ => Vec::new(),
    }
}

fn everything(simulation: &Simulation) -> String {
    ["cpu", "queues", "drops", "latency", "ledger", "flows", "events", "counters", "verdicts"]
        .iter()
        .map(|name| format!("{:?}", simulation.table(name).unwrap()))
        .collect()
}

const QUIET: &str = "version = 1\nduration_ns = 400_000\ndrain_ns = 1_000_000\n[nic]\nqueues = 4\n[observe]\nverdicts = true\n\
                     [[traffic.streams]]\ngenerated = { offered = { frames_per_second = 1_000_000 } }\n";

/// Frames by queue before and after a frame number.
fn by_queue(simulation: &Simulation, frame: i64) -> ([usize; 4], [usize; 4]) {
    let (mut before, mut after) = ([0; 4], [0; 4]);
    for (id, queue) in
        numbers(simulation, "delivered", "frame").iter().zip(numbers(simulation, "delivered", "queue"))
    {
        if let Ok(queue) = usize::try_from(queue) {
            (if *id < frame { &mut before } else { &mut after })[queue] += 1;
        }
    }
    (before, after)
}

#[test]
fn a_table_changes_for_the_next_frame_though_frames_were_classified_ahead() {
    // Frames arrive each microsecond, and are classified 32 at a time.
    let document =
        format!("{QUIET}[[control]]\nat_ns = 50_500\nsettings = [\"nic.rss.weights = [0, 0, 0, 1]\"]\n");
    let run = ran(&document);
    let arrived = (0..).take_while(|frame| frame * 1_000 <= 50_500).count() as i64;
    // The first frame is whole after its own time on the wire.
    let first_after = [arrived - 1, arrived].into_iter().find(|frame| {
        let (before, after) = by_queue(&run, *frame);
        after[..3] == [0; 3] && before[..3].iter().all(|frames| *frames > 0)
    });
    assert!(first_after.is_some(), "{:?}", by_queue(&run, arrived));
}

#[test]
fn a_key_changes_for_frames_that_were_hashed_already() {
    let key = "ab".repeat(40);
    let document = format!("{QUIET}[[control]]\nat_ns = 200_000\nsettings = [\"nic.rss.key = '{key}'\"]\n");
    let (run, all) = (ran(&document), QUIET.replace("[nic]", &format!("[nic]\nrss.key = '{key}'")));
    let (whole, queues) = (ran(&all), |run: &Simulation| numbers(run, "delivered", "queue"));
    let (changed, under_new, under_old) = (queues(&run), queues(&whole), queues(&ran(QUIET)));
    let frames = numbers(&run, "delivered", "frame");
    let queue_of = |table: &[i64], frames: &[i64], frame: i64| {
        table[frames.iter().position(|other| *other == frame).unwrap()]
    };
    let (new_frames, old_frames) =
        (numbers(&whole, "delivered", "frame"), numbers(&ran(QUIET), "delivered", "frame"));
    for frame in (0..199).chain(201..399) {
        let now = queue_of(&changed, &frames, frame);
        let old = queue_of(&under_old, &old_frames, frame);
        let new = queue_of(&under_new, &new_frames, frame);
        assert_eq!(now, if frame < 199 { old } else { new }, "frame {frame}");
    }
}

#[test]
fn a_script_and_the_same_changes_by_hand_are_one_run() {
    let script = "[[control]]\nat_ns = 100_000\nsettings = [\"nic.coalesce.rx_usecs = 50\", \"nic.queues = 2\"]\n\
                  [[control]]\nat_ns = 250_000\nsettings = [\"nic.queues = 3\", \"nic.ring_size = 64\"]\n";
    let scripted = ran(&format!("{QUIET}{script}"));
    let mut by_hand = simulation(QUIET);
    for (at_ns, json) in [
        (100_000, r#"{"nic": {"coalesce": {"rx_usecs": 50}, "queues": 2}}"#),
        (250_000, r#"{"nic": {"queues": 3, "ring_size": 64}}"#),
    ] {
        by_hand.advance(at_ns);
        by_hand.apply(&Change::from_json(json).unwrap(), &hasher).unwrap();
    }
    by_hand.advance(u64::MAX);
    by_hand.check_laws().unwrap();
    assert_eq!(everything(&by_hand), everything(&scripted));
    assert_ne!(everything(&by_hand), everything(&ran(QUIET)));
    assert_eq!(by_hand.document().nic, scripted.document().nic);
}

#[test]
fn a_refused_change_leaves_the_run_as_it_was() {
    let mut run = simulation(QUIET);
    run.advance(100_000);
    let refused = Change::from_json(r#"{"nic": {"coalesce": {"rx_usecs": 1}, "queues": 5}}"#).unwrap();
    assert_eq!(run.apply(&refused, &hasher).unwrap_err().key, "nic.queues");
    run.advance(u64::MAX);
    assert_eq!(everything(&run), everything(&ran(QUIET)));
}

#[test]
fn a_run_says_what_its_nic_counted_so_far_and_drops_what_comes_while_it_is_down() {
    let mut run = simulation(QUIET);
    run.advance(100_000);
    let before = run.nic_counters();
    run.apply(&Change::from_json(r#"{"nic": {"up": false}}"#).unwrap(), &hasher).unwrap();
    run.advance(u64::MAX);
    run.check_laws().unwrap();
    let after = run.nic_counters();
    assert!(before.value(nic::NicCounter::Packets) > 0);
    assert_eq!(after.value(nic::NicCounter::Packets), before.value(nic::NicCounter::Packets));
    assert_eq!(after.value(nic::NicCounter::RxDown), run.tally().rx - after.value(nic::NicCounter::Packets));
}

#[test]
fn rules_come_and_go() {
    let table = QUIET.replace("[nic]", "[steering]\nmode = \"ntuple\"\n[nic]");
    let rule = "steering.rules = [{ queue = 3 }]";
    let script = format!(
        "[[control]]\nat_ns = 100_000\nsettings = [\"{rule}\"]\n\
         [[control]]\nat_ns = 300_000\nsettings = [\"steering.rules = []\"]\n"
    );
    let run = ran(&format!("{table}{script}"));
    let queues = numbers(&run, "delivered", "queue");
    let frames = numbers(&run, "delivered", "frame");
    let within = |range: std::ops::Range<i64>| {
        let rows = frames.iter().zip(&queues).filter(move |(frame, _)| range.contains(frame));
        rows.filter(|(_, queue)| **queue == 3).count()
    };
    assert_eq!(within(100..299), 199);
    assert!(within(0..99) < 60 && within(301..400) < 60);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_laws_hold_whatever_is_changed_when(
        seed: u64,
        overload: bool,
        steps in prop::collection::vec(
            (0u64..400_000, 1u16..=4, 8u32..=32, 0u32..40, 0u32..70, any::<bool>(), 0u8..=255), 0..6),
    ) {
        let rate = if overload { 14_000_000 } else { 1_000_000 };
        let mut document = format!(
            "version = 1\nseed = {seed}\nduration_ns = 400_000\ndrain_ns = 100_000\n\
             [nic]\nqueues = 4\nring_size = 256\nrefill_batch = 8\n[host]\ncpus = 2\n\
             [[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = {rate} }} }}\n",
            seed = seed >> 1,
        );
        for (at_ns, queues, ring, usecs, frames, checksum, key) in steps {
            let ring = ring * 8;
            let frames = if usecs == 0 { frames.clamp(1, ring) } else { frames };
            let key = format!("{key:02x}").repeat(40);
            document += &format!(
                "[[control]]\nat_ns = {at_ns}\nsettings = [\"nic.queues = {queues}\", \"nic.ring_size = {ring}\", \
                 \"nic.coalesce = {{ rx_usecs = {usecs}, rx_max_coalesced_frames = {frames} }}\", \
                 \"nic.rx_checksum = {checksum}\", \"nic.rss.key = '{key}'\"]\n"
            );
        }
        let run = ran(&document);
        prop_assert!(run.tally().rx > 0);
        let mut stepped = simulation(&document);
        let mut until_ns = 0;
        while !stepped.finished() {
            until_ns += 7_919;
            stepped.advance(until_ns);
            stepped.check_laws().unwrap();
        }
        prop_assert_eq!(everything(&stepped), everything(&run));
    }
}
