//! A run in real time changed: by its script, before it starts, and from another thread while it goes on.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use graph::scenario::Format;
use graph::{Change, Scenario, ScenarioError};
use live::{Idle, Outcome, OwnHost, Pacing, Settings};
use nic::NicCounter;
use nic::rss::{BoxedHash, RssKey, Table};
use stats::Column;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};
use traffic::Captures;

const BASE: &str = "version = 1\nduration_ns = 2_000_000\n[nic]\nqueues = 4\n[host]\ncpus = 2\n";

fn hasher(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn host(document: &str, prepared_frames: Option<u32>) -> Result<OwnHost, ScenarioError> {
    let scenario = Scenario::parse(document, Format::Toml)?;
    let settings = Settings {
        pacing: Pacing::Lossless,
        idle: Idle::BusyPoll,
        oversubscribe: true,
        prepared_frames,
        ..Settings::default()
    };
    OwnHost::new(scenario, &Captures::default(), &hasher, settings)
}

fn frames_by_queue(outcome: &Outcome) -> Vec<u64> {
    let table = outcome.table("queues").unwrap();
    let (Some(Column::I64(queues)), Some(Column::U64(frames))) =
        (table.column("queue"), table.column("rx_frames"))
    else {
        panic!("columns of queues")
    };
    let chosen = |wanted: i64| {
        let rows = queues.iter().zip(frames).filter(|(queue, _)| **queue == wanted);
        rows.map(|(_, frames)| *frames).sum()
    };
    (0..4).map(chosen).collect()
}

fn change(json: &str) -> Change {
    Change::from_json(json).unwrap()
}

#[test]
fn a_step_at_the_start_holds_for_every_frame() {
    let script = "[[control]]\nsettings = [\"nic.queues = 2\"]\n";
    let outcome = host(&format!("{BASE}{script}"), None).unwrap().run(|| true).unwrap();
    outcome.check_laws().unwrap();
    let frames = frames_by_queue(&outcome);
    assert!(frames[0] > 1_000 && frames[1] > 1_000, "{frames:?}");
    assert_eq!(frames[2..], [0, 0]);
}

#[test]
fn what_is_changed_before_the_run_holds_for_every_frame() {
    let host = host(BASE, None).unwrap();
    let control = host.control();
    control.apply(&change(r#"{"nic": {"rss": {"weights": [0, 0, 0, 1]}}}"#), &hasher).unwrap();
    let outcome = host.run(|| true).unwrap();
    outcome.check_laws().unwrap();
    let frames = frames_by_queue(&outcome);
    assert_eq!(frames[..3], [0; 3]);
    assert_eq!((control.changes(), control.document().nic.rss.weights), (1, vec![0, 0, 0, 1]));
}

#[test]
fn a_run_that_goes_on_is_changed_from_another_thread() {
    let document =
        format!("{BASE}[traffic]\nframes = 1_000_000_000\n").replace("2_000_000\n", "10_000_000_000\n");
    let host = host(&document, Some(1_024)).unwrap();
    let control = host.control();
    let ended = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let asked = std::sync::Arc::clone(&ended);
    let run = spawn(move || host.run(|| !asked.load(std::sync::atomic::Ordering::Relaxed)));
    let patience = Instant::now() + Duration::from_secs(20);
    for (number, json) in [
        r#"{"nic": {"queues": 1}}"#,
        r#"{"nic": {"queues": 4, "rx_checksum": false, "coalesce": {"rx_usecs": 3}}}"#,
    ]
    .into_iter()
    .cycle()
    .take(20)
    .enumerate()
    {
        control.apply(&change(json), &hasher).unwrap();
        while control.changes() <= number as u64 && Instant::now() < patience {
            sleep(Duration::from_millis(1));
        }
    }
    assert!(control.apply(&change(r#"{"nic": {"queues": 5}}"#), &hasher).is_err());
    // Asked while it runs, the NIC's thread says what it counted so far.
    let patient = Duration::from_secs(10);
    let (first, second) = (control.counters(patient), control.counters(patient));
    assert!(first.value(NicCounter::Packets) > 0);
    assert!(first.value(NicCounter::Packets) <= second.value(NicCounter::Packets));
    ended.store(true, std::sync::atomic::Ordering::Relaxed);
    let outcome = run.join().unwrap().unwrap();
    outcome.check_laws().unwrap();
    assert_eq!(control.changes(), 20);
    let frames = frames_by_queue(&outcome);
    let counted = control.counters(patient);
    let ended = [NicCounter::Packets, NicCounter::RxMissed, NicCounter::RxNoBuffer];
    assert_eq!(ended.map(|counter| counted.value(counter)).iter().sum::<u64>(), frames.iter().sum::<u64>());
    assert!(frames[0] > frames[1] && frames[1] > 0, "{frames:?}");
}

#[test]
fn what_this_ground_has_not_is_refused_by_its_key() {
    let control = host(BASE, None).unwrap().control();
    for (set, json, key) in [
        ("nic.ring_size = 512", r#"{"nic": {"ring_size": 512}}"#, "nic.ring_size"),
        ("nic.queues = 9", r#"{"nic": {"queues": 9}}"#, "nic.queues"),
    ] {
        let script = format!("{BASE}[[control]]\nsettings = [\"{set}\"]\n");
        let refused = host(&script, None).err().unwrap();
        assert!(refused.key.ends_with(key), "{refused}");
        assert_eq!(control.apply(&change(json), &hasher).unwrap_err().key, key);
    }
}
