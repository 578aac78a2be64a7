//! Frames, buffers and time are conserved, and a run repeats exactly, whatever the scenario.

#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]
#![allow(unreachable_pub, dead_code, reason = "the ground serves several tests")]

mod running;

use proptest::prelude::*;
use running::{ran, simulation};
use sim::Simulation;

const NAMES: [&str; 12] = [
    "cpu",
    "timeline",
    "queues",
    "drops",
    "cache",
    "latency",
    "ledger",
    "flows",
    "events",
    "counters",
    "verdicts",
    "delivered",
];

fn everything(simulation: &Simulation) -> String {
    NAMES.iter().map(|name| format!("{:?}", simulation.table(name).unwrap())).collect()
}

#[test]
fn line_rate_on_one_queue_overloads_one_cpu_and_loses_nothing_uncounted() {
    let run = ran("version = 1\nduration_ns = 2_000_000\n[nic]\nqueues = 1");
    let tally = run.tally();
    assert!((29_700..29_800).contains(&tally.rx), "{}", tally.rx);
    assert!(tally.dropped_total() > tally.rx / 2, "one CPU cannot take 14.88 Mpps: {tally:?}");
}

#[test]
fn eight_queues_deliver_more_than_one() {
    let delivered = |queues: u16| {
        ran(&format!("version = 1\nduration_ns = 3_000_000\n[nic]\nqueues = {queues}")).tally().delivered
    };
    let (one, eight) = (delivered(1), delivered(8));
    assert!(eight > 3 * one, "1 queue {one}, 8 queues {eight}");
}

#[test]
fn the_same_seed_gives_the_same_tables_and_another_does_not() {
    let document = |seed| {
        format!(
            "version = 1\nseed = {seed}\nduration_ns = 500_000\n[nic]\nqueues = 4\n[observe]\nverdicts = true\n\
             [[traffic.streams]]\ngenerated = {{ arrivals = \"poisson\" }}"
        )
    };
    let first = everything(&ran(&document(1)));
    assert_eq!(first, everything(&ran(&document(1))));
    assert_ne!(first, everything(&ran(&document(2))));
}

#[test]
fn steps_of_any_length_lead_to_the_same_run() {
    let document = "version = 1\nduration_ns = 400_000\n[nic]\nqueues = 3\n[observe]\nverdicts = true";
    let mut stepped = simulation(document);
    let mut until_ns = 0;
    while !stepped.finished() {
        until_ns += 7_919;
        stepped.advance(until_ns);
        stepped.check_laws().unwrap();
    }
    assert_eq!(everything(&stepped), everything(&ran(document)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_laws_hold_for_any_scenario(
        seed: u64, queues in 1u16..20, cpus in 1u16..12, ring in 8u32..64, rps: bool, pinned: bool, usecs in 0u32..60,
        rcvbuf in 2_304u32..20_000, apps in 0u32..20, work in 0u32..10, limit: bool, backlog in 1u32..200,
        weight in 1u32..80, budget in 1u32..400, polling: bool,
    ) {
        let rps_cpus: Vec<u16> = if rps { (0..cpus).collect() } else { Vec::new() };
        ran(&format!(
            "version = 1\nseed = {}\nduration_ns = 300_000\n\
             [nic]\nqueues = {queues}\nring_size = {}\ncoalesce = {{ rx_usecs = {usecs}, rx_max_coalesced_frames = 16 }}\n\
             [host]\ncpus = {cpus}\npolling = {polling}\n\
             rps = {{ cpus = {rps_cpus:?}, flow_limit = {limit}, max_backlog_frames = {backlog} }}\n\
             sockets = {{ rcvbuf_bytes = {rcvbuf} }}\n\
             napi = {{ weight_frames = {weight}, budget_frames = {budget} }}\n\
             apps = {{ count = {apps}, pinned = {pinned}, work_per_message = {work} }}\n",
            seed >> 1, ring * 8,
        ));
    }
}
