//! A frame's whole way in real time: the NIC's thread parses, hashes and copies it, a host thread takes it through
//! NAPI, IP and UDP to its socket, and an application reads it there.

use graph::Scenario;
use graph::scenario::Format;
use live::{OwnHost, Pacing, Settings};
use nic::rss::{BoxedHash, RssKey, Table};
use traffic::Captures;

use crate::job::{Job, Sample};
use crate::machine::Machine;

/// Frames of one pass.
const FRAMES: u32 = 4096;

/// 64 B frames of 64 UDP flows, one queue, one host CPU, as fast as the path takes them.
pub(crate) struct OwnHostPath {
    scenario: Scenario,
    cores: [usize; 2],
}

impl OwnHostPath {
    /// Errors: the scenario is refused, or there is no second core.
    pub(crate) fn new(machine: &Machine) -> Result<Self, String> {
        let document = "version = 1\nduration_ns = 60_000_000_000\n[nic]\nqueues = 1\n[host]\ncpus = 1\n\
             [[traffic.streams]]\ngenerated = { flows = { count = 64 } }\n";
        let scenario = Scenario::parse(document, Format::Toml).map_err(|error| error.to_string())?;
        let other = machine.other.ok_or("the own host in real time needs two cores")?;
        Ok(OwnHostPath { scenario, cores: [machine.core, other] })
    }
}

/// How a run ended.
pub(super) struct Ended {
    pub(super) elapsed_ns: u64,
    /// Of these, lost to others.
    pub(super) lost_ns: u64,
    pub(super) delivered: u64,
    pub(super) consumed: u64,
}

/// Run without loss, `prepared_frames` made before.
pub(super) fn run(
    scenario: Scenario,
    cores: [usize; 2],
    prepared_frames: Option<u32>,
) -> Result<Ended, String> {
    let settings = Settings { pacing: Pacing::Lossless, prepared_frames, ..Settings::default() };
    // On a thread of its own: this one is kept on one core, and the run looks at what its caller may use.
    let run = move || {
        crate::clock::pin_to(&cores);
        let host = OwnHost::new(scenario, &Captures::default(), &hasher, settings)
            .map_err(|error| error.to_string())?;
        let outcome = host.run(|| true).map_err(|error| error.to_string())?;
        outcome.check_laws().map_err(|error| error.to_string())?;
        let tally = outcome.tally();
        Ok(Ended {
            elapsed_ns: outcome.elapsed_ns(),
            lost_ns: outcome.lost_ns(),
            delivered: tally.delivered,
            consumed: tally.consumed,
        })
    };
    std::thread::spawn(run).join().map_err(|_| "the run failed")?
}

fn hasher(key: &RssKey) -> BoxedHash {
    match live::Gfni::new(key) {
        Some(gfni) => Box::new(gfni),
        None => Box::new(Table::new(key)),
    }
}

impl Job for OwnHostPath {
    fn name(&self) -> &'static str {
        "own host/NIC thread to application/64 B UDP, 64 flows, one queue, two cores"
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn unequal(&self) -> &'static str {
        "no peer does the same; wall time of both threads, frames made before, nothing lost at the NIC"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let frames = f64::from(passes) * f64::from(FRAMES);
        let mut scenario = self.scenario.clone();
        scenario.traffic.frames = Some(u64::from(passes) * u64::from(FRAMES));
        match run(scenario, self.cores, Some(FRAMES)) {
            Ok(ended) => Sample {
                ns_per_item: ended.elapsed_ns as f64 / frames,
                check: ended.delivered,
                lost: Some(ended.lost_ns as f64 / ended.elapsed_ns as f64),
            },
            Err(_) => Sample::new(f64::NAN, 0),
        }
    }
}
