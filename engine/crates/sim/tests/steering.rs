//! Steering in virtual time: readers that move, and what becomes of their flows.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use proptest::prelude::*;
use running::ran;
use sim::Simulation;
use stats::Column;

fn numbers(simulation: &Simulation, table: &str, column: &str) -> Vec<i64> {
    match simulation.table(table).unwrap().column(column).unwrap() {
        Column::I64(values) => values.clone(),
        Column::U64(values) => values.iter().map(|value| *value as i64).collect(),
        _ => Vec::new(),
    }
}

fn sum(simulation: &Simulation, table: &str, column: &str) -> i64 {
    numbers(simulation, table, column).iter().sum()
}

fn counter(simulation: &Simulation, name: &str) -> i64 {
    let table = simulation.table("counters").unwrap();
    let Some(Column::Name(names)) = table.column("name") else { return -1 };
    let values = numbers(simulation, "counters", "value");
    names.iter().zip(values).filter(|(other, _)| **other == name).map(|(_, value)| value).sum()
}

/// 64 UDP flows on 4 queues and CPUs, read by 4 tasks, at 1 Mpps: about what they can.
fn busy(steering: &str, apps: &str, more: &str) -> Simulation {
    at_rate(1_000_000, steering, apps, more)
}

fn at_rate(frames_per_second: u64, steering: &str, apps: &str, more: &str) -> Simulation {
    ran(&format!(
        "version = 1\nduration_ns = 20_000_000\ndrain_ns = 50_000_000\n[nic]\nqueues = 4\n\
         [host]\ncpus = 4\napps = {{ count = 4, {apps} }}\n{more}\n[steering]\n{steering}\n\
         [[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = {frames_per_second} }}, flows = {{ count = 64 }} }}\n"
    ))
}

#[test]
fn the_callback_brings_every_flow_to_its_reader() {
    let run = busy("mode = \"callback\"", "pinned = true", "");
    let steered = numbers(&run, "flows", "steered_queue");
    assert_eq!(steered, numbers(&run, "flows", "app"), "queue i is CPU i's, and so is app i");
    assert_eq!(steered, numbers(&run, "flows", "queue"));
    assert!(sum(&run, "flows", "hits") > 15_000);
    assert_eq!(counter(&run, "steer_occupancy"), 64);
}

#[test]
fn arfs_brings_most_flows_there() {
    let run = busy("mode = \"arfs\"", "pinned = true", "");
    let (queue, app) = (numbers(&run, "flows", "queue"), numbers(&run, "flows", "app"));
    let there = queue.iter().zip(app).filter(|(queue, app)| **queue == *app).count();
    assert!(there >= 60, "{there} of 64");
}

#[test]
fn ten_thousand_moves_a_second_reorder_nothing_when_safe_and_something_when_not() {
    let moved = |moves: &str| {
        let steering = format!("mode = \"callback\"\ntable = {{ moves = \"{moves}\" }}");
        let run = busy(&steering, "pinned = true, migrations_per_second = 10_000", "");
        (counter(&run, "steer_moved"), sum(&run, "flows", "reordered"))
    };
    let (safe_moves, reordered) = moved("safe");
    assert!(safe_moves > 500, "{safe_moves}");
    assert_eq!(reordered, 0);
    let (unsafe_moves, reordered) = moved("unsafe");
    assert!(unsafe_moves > 500 && reordered > 0, "{unsafe_moves} moves, {reordered} reordered");
}

#[test]
fn what_is_merged_on_the_way_moves_in_order_too() {
    let lro = "lro = { enabled = true, timer_us = 20 }";
    let gro = "enabled = true";
    let held = "enabled = true }\nnapi = { gro_flush_timeout_ns = 50_000, defer_hard_irqs = 2";
    for (lro, gro) in [("", gro), ("", held), (lro, "enabled = false"), (lro, gro), (lro, held)] {
        for mode in ["arfs", "callback"] {
            let run = ran(&format!(
                "version = 1\nduration_ns = 20_000_000\ndrain_ns = 100_000_000\n[nic]\nqueues = 4\n{lro}\n\
                 [host]\ncpus = 4\ngro = {{ {gro} }}\n\
                 apps = {{ count = 4, pinned = true, migrations_per_second = 10_000 }}\n\
                 [steering]\nmode = \"{mode}\"\n[[traffic.streams]]\n\
                 generated = {{ offered = {{ frames_per_second = 1_000_000 }}, flows = {{ count = 16, tcp_share = 1.0 }} }}\n"
            ));
            let (tally, moved) = (run.tally(), counter(&run, "steer_moved"));
            assert!(moved > 50, "{mode} {lro} {gro}: {moved} moves");
            assert!(tally.consumed > 1_000, "{mode} {lro} {gro}: {} merged", tally.consumed);
            assert_eq!((tally.rx, tally.delivered + tally.consumed), (20_000, 20_000), "{mode} {lro} {gro}");
            assert_eq!(sum(&run, "flows", "reordered"), 0, "{mode} {lro} {gro}");
        }
    }
}

#[test]
fn a_moved_reader_is_followed_by_its_flows() {
    let by_hand = "pinned = true, migrations = [{ at_ns = 5_000_000, task = 0, cpu = 3 }]";
    let run = at_rate(800_000, "mode = \"callback\"", by_hand, "");
    let (app, queue) = (numbers(&run, "flows", "app"), numbers(&run, "flows", "steered_queue"));
    assert!(app.iter().zip(queue).all(|(app, queue)| queue == if *app == 0 { 3 } else { *app }));
    assert_eq!(counter(&run, "announced_migration"), 16);
}

#[test]
fn a_cpu_taken_offline_loses_nothing_but_itself() {
    for mode in ["rss", "rps", "rfs", "arfs", "callback"] {
        let unplug = "unplug = [{ at_ns = 7_000_000, cpu = 2 }, { at_ns = 12_000_000, cpu = 3 }]";
        let run = at_rate(300_000, &format!("mode = \"{mode}\""), "pinned = true", unplug);
        let tally = run.tally();
        assert_eq!((tally.rx, tally.delivered), (6_000, 6_000), "{mode}");
        let cpus = numbers(&run, "flows", "cpu");
        assert!(cpus.iter().all(|cpu| *cpu < 2), "{mode}: {cpus:?}");
    }
}

#[test]
fn important_flows_keep_their_rules_as_long_as_they_fit() {
    let important = |capacity: u32, admission: &str| {
        let run = ran(&format!(
            "version = 1\nduration_ns = 20_000_000\n[nic]\nqueues = 4\n\
             [host]\ncpus = 4\nsockets = {{ priorities = [{{ destination_port = 10, priority = 6 }}] }}\n\
             [steering]\nmode = \"callback\"\ntable = {{ capacity_rules = {capacity}, admission = \"{admission}\" }}\n\
             [[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = 900_000 }}, flows = {{ count = 256 }} }}\n\
             [[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = 100_000 }}, flows = {{ count = 32, destination = {{ port = 10 }} }} }}\n"
        ));
        let rules =
            numbers(&run, "flows", "priority").into_iter().zip(numbers(&run, "flows", "steered_queue"));
        rules.filter(|(priority, queue)| *priority == 6 && *queue >= 0).count()
    };
    assert_eq!([32, 64].map(|capacity| important(capacity, "priority")), [32, 32]);
    assert_eq!(important(16, "priority"), 16);
    assert!(important(32, "first_come") < 16);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_laws_hold_however_flows_are_steered(
        seed: u64, mode in prop::sample::select(vec!["none", "rss", "rps", "rfs", "arfs", "callback", "ntuple"]),
        queues in 1u16..9, cpus in 2u16..7, apps in 3u32..9, flows in 1u32..200, capacity in 1u32..100,
        safe: bool, pinned: bool, rate in 0u64..200_000, acceptors in 0u32..2, readers in 1u32..3,
        latency in 0u64..50_000, budget in prop::sample::select(vec![0u64, 1_000, 100_000]),
        signature in prop::sample::select(vec![0u32, 8, 16]), window in 0u64..100_000, hysteresis in 0u64..100_000,
        unplug in 0u16..2, load in prop::sample::select(vec![200_000u64, 2_000_000, 10_000_000]),
    ) {
        let moves = if safe { "safe" } else { "unsafe" };
        let run = ran(&format!(
            "version = 1\nseed = {}\nduration_ns = 600_000\ndrain_ns = 100_000_000\n[nic]\nqueues = {queues}\nring_size = 128\n\
             [host]\ncpus = {cpus}\nunplug = [{}]\nsockets = {{ priorities = [{{ destination_port = 9, priority = 3 }}] }}\n\
             apps = {{ count = {apps}, pinned = {pinned}, migrations_per_second = {rate}, acceptors = {acceptors}, readers_per_socket = {readers} }}\n\
             [steering]\nmode = \"{mode}\"\n\
             table = {{ capacity_rules = {capacity}, moves = \"{moves}\", insert_latency_ns = {latency}, insertions_per_second = {budget}, signature_bits = {signature} }}\n\
             callback = {{ window_ns = {window}, hysteresis_ns = {hysteresis} }}\n\
             scan = {{ interval_ns = 50_000 }}\n\
             [[traffic.streams]]\ngenerated = {{ offered = {{ frames_per_second = {load} }}, flows = {{ count = {flows}, destination = {{ ports = 3 }} }} }}\n",
            seed >> 1,
            if unplug == 0 { String::new() } else { format!("{{ at_ns = 300_000, cpu = {} }}", cpus - 1) },
        ));
        // With a hundred milliseconds to drain nothing is left inside.
        prop_assert_eq!(run.pending_frames(), 0);
        // One table, flows known by their names, safe moves, and nobody else who steers: in order. A CPU that goes offline
        // hands its polls over, and they go on where they were.
        if (safe || mode == "rss") && matches!(mode, "none" | "rss" | "callback" | "ntuple") && signature == 0 {
            prop_assert_eq!(sum(&run, "flows", "reordered"), 0);
        }
    }
}
