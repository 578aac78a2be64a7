//! A TCP stream's whole way in real time, to an application that copies it: segments of 1,460 bytes, merged by the card
//! or not.

use super::own_host::run;
use graph::Scenario;
use graph::scenario::Format;

use crate::job::{Job, Sample};
use crate::machine::Machine;

/// Segments of one pass.
const SEGMENTS: u32 = 4096;
/// Payload of each.
const SEGMENT_BYTES: f64 = 1460.0;

/// One TCP stream of full segments, one queue, one host CPU, as fast as the path takes them.
pub(crate) struct OwnHostTcp {
    scenario: Scenario,
    cores: [usize; 2],
    name: &'static str,
}

impl OwnHostTcp {
    /// Errors: the scenario is refused, or there is no second core.
    pub(crate) fn new(machine: &Machine, lro: bool) -> Result<Self, String> {
        let document = format!(
            "version = 1\nduration_ns = 60_000_000_000\n[nic]\nqueues = 1\nlro = {{ enabled = {lro} }}\n[host]\ncpus = 1\n\
             tcp = {{ gap = \"wait\" }}\n[[traffic.streams]]\n\
             generated = {{ flows = {{ count = 1, tcp_share = 1.0 }}, sizes = {{ fixed = {{ bytes = 1518 }} }} }}\n"
        );
        let scenario = Scenario::parse(&document, Format::Toml).map_err(|error| error.to_string())?;
        let other = machine.other.ok_or("the own host in real time needs two cores")?;
        let name = if lro {
            "own host/NIC thread to application/TCP 1,460 B, one stream, LRO, two cores"
        } else {
            "own host/NIC thread to application/TCP 1,460 B, one stream, no LRO, two cores"
        };
        Ok(OwnHostTcp { scenario, cores: [machine.core, other], name })
    }
}

impl Job for OwnHostTcp {
    fn name(&self) -> &'static str {
        self.name
    }

    fn item(&self) -> &'static str {
        "segment"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn pace(&self) -> Option<(f64, &'static str)> {
        Some((SEGMENT_BYTES * 8.0 / 10.0, "10 Gb/s of payload"))
    }

    fn unequal(&self) -> &'static str {
        "no peer does the same; wall time of both threads, frames made by the NIC's, read in order and copied"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let segments = u64::from(passes) * u64::from(SEGMENTS);
        let mut scenario = self.scenario.clone();
        scenario.traffic.frames = Some(segments);
        match run(scenario, self.cores, None) {
            // With LRO a frame delivered is many segments; either way all of them arrive.
            Ok(ended) if ended.delivered + ended.consumed == segments => Sample {
                ns_per_item: ended.elapsed_ns as f64 / segments as f64,
                check: segments,
                lost: Some(ended.lost_ns as f64 / ended.elapsed_ns as f64),
            },
            _ => Sample::new(f64::NAN, 0),
        }
    }
}
