//! Merging in real time: fewer frames, the same bytes for everyone.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use graph::Scenario;
use graph::scenario::Format;
use live::{Idle, Outcome, OwnHost, Pacing, Settings};
use nic::rss::{BoxedHash, RssKey, Table};
use stats::Column;
use std::collections::BTreeMap;
use std::sync::Arc;
use traffic::Captures;

const STREAM: &str = "[[traffic.streams]]\ncapture = { file = \"capture\" }\n";

fn by_table(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn run(nic: &str, cpus: u16, settings: Settings) -> Outcome {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../../../datasets/captures/first_light/first_light.pcap");
    let captures = Captures::from([("capture".to_owned(), Arc::from(std::fs::read(path).unwrap()))]);
    let document = format!(
        "version = 1\nduration_ns = 20_000_000_000\n[observe]\nverdicts = true\n\
         [host]\ncpus = {cpus}\ntcp = {{ gap = \"ignore\" }}\n[nic]\nqueues = 4\n{nic}{STREAM}"
    );
    let scenario = Scenario::parse(&document, Format::Toml).unwrap();
    let outcome = OwnHost::new(scenario, &captures, &by_table, settings).unwrap().run(|| true).unwrap();
    outcome.check_laws().unwrap();
    outcome
}

fn lossless(idle: Idle) -> Settings {
    Settings { pacing: Pacing::Lossless, idle, oversubscribe: true, ..Settings::default() }
}

/// Bytes by flow.
fn bytes(outcome: &Outcome) -> BTreeMap<Vec<String>, u64> {
    let table = outcome.table("flows").unwrap();
    let text = |name: &str| match table.column(name).unwrap() {
        Column::Text(values) => values.clone(),
        Column::I64(values) => values.iter().map(i64::to_string).collect(),
        _ => panic!("{name}"),
    };
    let names = ["protocol", "source", "destination", "source_port", "destination_port"].map(text);
    let Column::U64(bytes) = table.column("bytes").unwrap() else { panic!("bytes") };
    let mut sums = BTreeMap::new();
    for (i, bytes) in bytes.iter().enumerate() {
        *sums.entry(names.iter().map(|name| name[i].clone()).collect()).or_insert(0) += bytes;
    }
    sums
}

#[test]
fn every_flow_gets_the_same_bytes_in_fewer_frames() {
    let plain = run("", 1, lossless(Idle::BusyPoll));
    let on = "[nic.lro]\nenabled = true\ntimer_us = 200\n";
    let tight = "ring_size = 64\nbuffer_bytes = 256\nbuffers_per_queue = 4096\n\
                 [nic.lro]\nenabled = true\ncontexts = 64\ntimer_us = 1_000\n";
    let split = &format!("tcp_data_split = true\n{tight}");
    for (nic, idle, cpus) in [
        (on, Idle::BusyPoll, 1),
        (on, Idle::Sleep, 2),
        (tight, Idle::BusyPoll, 1),
        (tight, Idle::Sleep, 1),
        (split, Idle::BusyPoll, 1),
    ] {
        let merged = run(nic, cpus, lossless(idle));
        let (tally, before) = (merged.tally(), plain.tally());
        assert_eq!(merged.pending_frames(), 0);
        assert_eq!((tally.rx, tally.dropped_total()), (before.rx, before.dropped_total()), "{nic}");
        assert!(tally.consumed > tally.rx / 10, "{tally:?}");
        assert_eq!(tally.delivered + tally.consumed, before.delivered);
        assert_eq!(bytes(&merged), bytes(&plain), "{nic}");
    }
}

#[test]
fn what_is_held_goes_when_its_time_is_over() {
    let on = "ring_size = 4096\n[nic.lro]\nenabled = true\ntimer_us = 1\n";
    let outcome = run(on, 1, lossless(Idle::BusyPoll));
    assert_eq!(outcome.pending_frames(), 0);
    let table = outcome.table("counters").unwrap();
    let (Column::Name(names), Column::U64(values)) =
        (table.column("name").unwrap(), table.column("value").unwrap())
    else {
        panic!("columns")
    };
    let sum =
        |name: &str| -> u64 { names.iter().zip(values).filter(|(n, _)| **n == name).map(|(_, v)| v).sum() };
    assert!(sum("lro_flush_timer") > 0);
    assert_eq!(sum("rx_packets"), outcome.tally().rx);
}
