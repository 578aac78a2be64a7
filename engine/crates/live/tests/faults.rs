//! What goes wrong in real time: too much traffic, an impatient caller, a thread that fails.
// Clippy sees tests in #[test] functions only, not in what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

use graph::Scenario;
use graph::scenario::Format;
use live::{Idle, OwnHost, Pacing, RunError, Settings};
use nic::rss::{BoxedHash, HashInput, RssKey, Table, ToeplitzHash};
use stage::DropReason;
use stats::Column;
use traffic::Captures;

fn own_host(document: &str, hasher: &graph::Hasher, settings: Settings) -> OwnHost {
    let scenario = Scenario::parse(&format!("version = 1\n{document}"), Format::Toml).unwrap();
    OwnHost::new(scenario, &Captures::default(), hasher, Settings { oversubscribe: true, ..settings })
        .unwrap()
}

fn by_table(key: &RssKey) -> BoxedHash {
    Box::new(Table::new(key))
}

fn counted(outcome: &live::Outcome, name: &str) -> u64 {
    let table = outcome.table("counters").unwrap();
    let (Column::Name(names), Column::U64(values)) =
        (table.column("name").unwrap(), table.column("value").unwrap())
    else {
        panic!("names and values")
    };
    names.iter().zip(values).filter(|(own, _)| **own == name).map(|(_, value)| value).sum()
}

/// A thousand frames in five milliseconds for a ring of 64 whose host thread sleeps for a hundred.
const TOO_MUCH: &str = "duration_ns = 5_000_000\ndrain_ns = 1_000_000_000\n\
     [nic]\nqueues = 1\nring_size = 64\ncoalesce = { rx_usecs = 100_000, rx_max_coalesced_frames = 0 }\n\
     [host]\ncpus = 1\n\
     [[traffic.streams]]\ngenerated = { offered = { frames_per_second = 200_000 } }\n";

#[test]
fn frames_that_find_no_room_in_time_are_missed_and_counted() {
    let settings = Settings { pacing: Pacing::Paced, idle: Idle::Sleep, ..Settings::default() };
    let outcome = own_host(TOO_MUCH, &by_table, settings).run(|| true).unwrap();
    outcome.check_laws().unwrap();
    let (tally, missed) = (outcome.tally(), outcome.tally().dropped(DropReason::RxMissed));
    assert!(missed > 0);
    assert_eq!((tally.rx, tally.delivered + missed), (1000, 1000));
    assert_eq!(counted(&outcome, "rx_missed_errors"), missed);
}

#[test]
fn without_loss_a_full_ring_rouses_whoever_sleeps() {
    let settings = Settings { pacing: Pacing::Lossless, idle: Idle::Sleep, ..Settings::default() };
    // No time limit, and a frame limit that is all the ring holds.
    let document = TOO_MUCH.replace(
        "rx_usecs = 100_000, rx_max_coalesced_frames = 0",
        "rx_usecs = 0, rx_max_coalesced_frames = 64",
    );
    let outcome = own_host(&document, &by_table, settings).run(|| true).unwrap();
    outcome.check_laws().unwrap();
    assert_eq!(outcome.tally().delivered, 1000);
}

#[test]
fn who_asks_for_the_end_gets_it_with_everything_accounted_for() {
    let minute = "duration_ns = 60_000_000_000\n[nic]\nqueues = 2\n[host]\ncpus = 2\n\
         [[traffic.streams]]\ngenerated = { offered = { frames_per_second = 1_000 } }\n";
    for idle in [Idle::BusyPoll, Idle::Sleep] {
        let outcome =
            own_host(minute, &by_table, Settings { idle, ..Settings::default() }).run(|| false).unwrap();
        outcome.check_laws().unwrap();
        assert!(outcome.offered_frames() < 60_000);
    }
}

/// A hash with a fault.
struct Faulty;

impl ToeplitzHash for Faulty {
    fn hash(&self, _input: &HashInput) -> u32 {
        panic!("planted")
    }
}

#[test]
fn a_nic_thread_that_fails_ends_the_run() {
    for idle in [Idle::BusyPoll, Idle::Sleep] {
        let host = own_host(TOO_MUCH, &|_| Box::new(Faulty), Settings { idle, ..Settings::default() });
        assert_eq!(host.run(|| true).err(), Some(RunError::ThreadFailed));
    }
}
