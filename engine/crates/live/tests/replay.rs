//! A capture on the wire at the times it was recorded.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use graph::Scenario;
use graph::scenario::Format;
use live::{Idle, OwnHost, Pacing, Settings};
use nic::rss::{BoxedHash, RssKey, Table};
use stats::Column;
use std::sync::Arc;
use traffic::capture::{write_header, write_record};
use traffic::{Captures, LinkType};

const FRAMES: u64 = 5;
const GAP_NS: u64 = 3_000_000;

/// UDP from port 7 to port 9, recorded three milliseconds apart.
fn capture() -> Captures {
    let mut frame = [0u8; 60];
    frame[12..14].copy_from_slice(&[8, 0]);
    frame[14..34]
        .copy_from_slice(&[0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0x66, 0xbd, 10, 0, 0, 1, 10, 0, 0, 2]);
    frame[34..42].copy_from_slice(&[0, 7, 0, 9, 0, 26, 0, 0]);
    let mut bytes = Vec::new();
    write_header(&mut bytes, LinkType::Ethernet);
    for i in 0..FRAMES {
        write_record(&mut bytes, i * GAP_NS, &frame, frame.len() as u32);
    }
    Captures::from([("capture".to_owned(), Arc::from(bytes))])
}

fn by_table(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

/// When each frame was delivered, in order.
fn delivered_ns(pacing: Pacing, idle: Idle) -> Vec<u64> {
    let document = "version = 1\nduration_ns = 60_000_000\n[observe]\nverdicts = true\n[nic]\nqueues = 1\n[host]\ncpus = 1\n\
         [[traffic.streams]]\ncapture = { file = \"capture\" }\n";
    let scenario = Scenario::parse(document, Format::Toml).unwrap();
    let settings = Settings { pacing, idle, oversubscribe: true, ..Settings::default() };
    let outcome = OwnHost::new(scenario, &capture(), &by_table, settings).unwrap().run(|| true).unwrap();
    outcome.check_laws().unwrap();
    let table = outcome.table("delivered").unwrap();
    match table.column("time_ns").unwrap() {
        Column::U64(times) => times.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn paced_no_frame_comes_before_its_time() {
    for idle in [Idle::BusyPoll, Idle::Sleep] {
        let times = delivered_ns(Pacing::Paced, idle);
        assert_eq!(times.len() as u64, FRAMES);
        assert!(times.iter().zip(0..).all(|(time, i)| *time >= i * GAP_NS), "{times:?}");
    }
}

#[test]
fn lossless_all_frames_come() {
    assert_eq!(delivered_ns(Pacing::Lossless, Idle::BusyPoll).len() as u64, FRAMES);
}
