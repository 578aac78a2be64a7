//! A host thread that fails. What it takes is out of reach from outside, so the fault is planted in its books.

use super::*;
use graph::scenario::Format;
use nic::rss::Table;

#[test]
fn a_host_thread_that_fails_ends_the_run() {
    for (pacing, idle) in
        [(Pacing::Paced, Idle::BusyPoll), (Pacing::Lossless, Idle::BusyPoll), (Pacing::Lossless, Idle::Sleep)]
    {
        let document =
            "version = 1\n[nic]\nqueues = 2\n[host]\ncpus = 2\n[[traffic.streams]]\ngenerated = {}\n";
        let scenario = Scenario::parse(document, Format::Toml).unwrap();
        let settings = Settings { pacing, idle, oversubscribe: true, ..Settings::default() };
        let hasher = |key: &nic::rss::RssKey| -> nic::rss::BoxedHash { Box::new(Table::new(key)) };
        let mut own_host = OwnHost::new(scenario, &Captures::default(), &hasher, settings).unwrap();
        // The next frame taken overflows it.
        own_host.hosts[1].driver.taken_frames = u64::MAX;
        assert_eq!(own_host.run(|| true).err(), Some(RunError::ThreadFailed));
    }
}
