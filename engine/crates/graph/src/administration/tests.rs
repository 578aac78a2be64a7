use super::*;
use crate::scenario::{ControlStep, Format};
use nic::rss::{BoxedHash, RssKey, Table};

fn hasher(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn scenario(script: &[(Nanos, &str)]) -> Scenario {
    let control =
        script.iter().map(|(at_ns, set)| ControlStep { at_ns: *at_ns, settings: vec![(*set).into()] });
    Scenario { control: control.collect(), ..Scenario::default() }
}

fn administration(script: &[(Nanos, &str)]) -> Administration {
    Administration::new(&scenario(script), &hasher).unwrap_or_else(|e| panic!("{e}"))
}

fn change(json: &str) -> Change {
    Change::from_json(json).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn steps_are_taken_in_order_of_time_and_build_on_each_other() {
    let mut script = administration(&[(900, "nic.queues = 2"), (100, "nic.coalesce.rx_usecs = 1")]);
    assert!(script.step(99).is_none());
    assert_eq!(script.next_ns(), Some(100));
    assert!(script.step(100).is_some() && script.step(100).is_none());
    assert_eq!((script.document().nic.coalesce.rx_usecs, script.document().nic.queues), (1, 8));
    assert!(script.step(5_000).is_some());
    assert_eq!((script.document().nic.coalesce.rx_usecs, script.document().nic.queues), (1, 2));
    assert_eq!(script.next_ns(), None);
}

#[test]
fn a_refused_change_changes_nothing() {
    let mut now = administration(&[]);
    let before = now.document().clone();
    for (json, key) in [
        (r#"{"nic": {"coalesce": {"rx_usecs": 9}, "queues": 9}}"#, "nic.queues"),
        (r#"{"nic": {"coalesce": {"rx_usecs": 9, "rx_usec": 9}}}"#, "nic.coalesce.rx_usec"),
        (r#"{"nic": {"coalesce": {"rx_usecs": 9}, "buffer_bytes": 4096}}"#, "nic.buffer_bytes"),
        (
            r#"{"nic": {"coalesce": {"rx_usecs": 0, "rx_max_coalesced_frames": 0}}}"#,
            "nic.coalesce.rx_max_coalesced_frames",
        ),
        (r#"{"nic": {"rss": {"table_entries": 256}}}"#, "nic.rss.table_entries"),
        (r#"{"host": {"cpus": 2}}"#, "host.cpus"),
        (r#"{"seed": 2}"#, "seed"),
        (r#"{"version": 2}"#, "version"),
        (r#"{"control": [{"at_ns": 5}]}"#, "control"),
        (r#"{"nothing": 5}"#, "nothing"),
    ] {
        let refused = now.change(&change(json), &hasher).err().unwrap();
        assert_eq!(refused.key, key, "{refused}");
        assert_eq!(now.document(), &before);
    }
}

#[test]
fn what_a_change_would_make_impossible_later_refuses_it() {
    let entries = vec!["3"; 128].join(", ");
    let step = format!("nic.rss.table = [{entries}]");
    let mut script = administration(&[(100, &step)]);
    let refused = script.change(&change(r#"{"nic": {"queues": 2}}"#), &hasher).err().unwrap();
    assert_eq!(refused.key, "control[at 100 ns].nic.rss.table");
    assert_eq!(script.document().nic.queues, 8);
    assert!(script.change(&change(r#"{"nic": {"queues": 4, "rx_checksum": false}}"#), &hasher).is_ok());
    assert!(script.step(100).is_some());
    let nic = &script.document().nic;
    assert_eq!((nic.queues, nic.rx_checksum, nic.rss.table.len()), (4, false, 128));
}

#[test]
fn a_script_that_cannot_be_is_refused_with_the_document() {
    for (at_ns, set, key) in [
        (1, "nic.queues = 9", "control[0].nic.queues"),
        (1, "nic.queues = 0", "control[0].nic.queues"),
        (1, "nic.queues", "control[0].settings[0]"),
        (1, "nic.buffer_bytes = 4096", "control[0].nic.buffer_bytes"),
        (u64::MAX, "nic.queues = 2", "control[0].at_ns"),
    ] {
        let scenario = scenario(&[(at_ns, set)]);
        let parsed = scenario.to_json().and_then(|json| Scenario::parse(&json, Format::Json));
        let refused = parsed.and_then(|scenario| Administration::new(&scenario, &hasher)).err().unwrap();
        assert_eq!(refused.key, key, "{refused}");
    }
}

#[test]
fn null_brings_a_default_back() {
    let mut now = administration(&[]);
    assert!(now.change(&change(r#"{"nic": {"rss": {"weights": [1, 2]}}}"#), &hasher).is_ok());
    assert!(now.change(&change(r#"{"nic": {"rss": {"weights": null}}}"#), &hasher).is_ok());
    assert_eq!(now.document(), &Scenario::default());
    assert!(Change::from_json("[1]").is_err() && Change::from_json("{").is_err());
}

#[test]
fn rules_change_where_there_is_a_flow_table() {
    let rule = r#"{"steering": {"rules": [{"destination_port": 53, "queue": 3}]}}"#;
    let refused = administration(&[]).change(&change(rule), &hasher).err().unwrap();
    assert_eq!(refused.key, "steering.rules", "{refused}");
    let document = "version = 1\n[steering]\nmode = \"ntuple\"";
    let scenario = Scenario::parse(document, Format::Toml).unwrap();
    let mut now = Administration::new(&scenario, &hasher).unwrap();
    assert!(now.change(&change(rule), &hasher).is_ok());
    let refused = now.change(&change(r#"{"nic": {"queues": 3}}"#), &hasher).err().unwrap();
    assert_eq!(refused.key, "steering.rules[0].queue", "{refused}");
    assert!(now.change(&change(r#"{"nic": {"queues": 3}, "steering": {"rules": []}}"#), &hasher).is_ok());
}

#[test]
fn a_document_is_checked_without_building_its_memory() {
    let parse = |text: &str| Scenario::parse(text, Format::Toml).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(Administration::check(&Scenario::default(), &hasher), Ok(()));
    let odd = parse("version = 1\n[nic]\nring_size = 513");
    assert_eq!(Administration::check(&odd, &hasher).unwrap_err().key, "nic.ring_size");
    let script = scenario(&[(1, "nic.queues = 9")]);
    assert_eq!(Administration::check(&script, &hasher).unwrap_err().key, "control[0].nic.queues");
}
