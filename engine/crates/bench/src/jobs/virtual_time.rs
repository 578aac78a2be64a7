//! Virtual time's own speed: the whole receive path with costs and cache model, 10GbE at line rate into 8 queues and
//! 8 CPUs. Building the simulation is not in the figure.

use graph::Scenario;
use graph::scenario::Format;
use sim::Simulation;
use traffic::Captures;

use super::nic_path::fastest_hash;
use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};

/// 10 Gb/s; preamble, start delimiter and gap take the time of 20 bytes (IEEE 802.3 clause 4.4.2).
const BITS_PER_NS: f64 = 10.0;
const BETWEEN_FRAMES_BYTES: u32 = 20;

/// The frame sizes measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameSize {
    /// 64 bytes, 14,880,952 frames a second.
    Smallest,
    /// 1518 bytes, 812,743 frames a second.
    Largest,
}

impl FrameSize {
    fn bytes(self) -> u32 {
        match self {
            FrameSize::Smallest => 64,
            FrameSize::Largest => 1518,
        }
    }

    /// About 100,000 frames: enough that the first touch of the memory, page by page, does not count for much.
    fn duration_ns(self) -> u64 {
        match self {
            FrameSize::Smallest => 7_000_000,
            FrameSize::Largest => 123_000_000,
        }
    }
}

/// A scenario, run from its beginning in every pass.
pub(crate) struct VirtualTime {
    size: FrameSize,
    scenario: Scenario,
}

impl VirtualTime {
    /// At one frame size.
    pub(crate) fn new(size: FrameSize) -> Result<Self, String> {
        let document = format!(
            "version = 1\nduration_ns = {}\n[nic]\nqueues = 8\n[host]\ncpus = 8\n\
             [[traffic.streams]]\ngenerated = {{ sizes = {{ fixed = {{ bytes = {} }} }} }}\n",
            size.duration_ns(),
            size.bytes()
        );
        let scenario = Scenario::parse(&document, Format::Toml).map_err(|error| error.to_string())?;
        let job = VirtualTime { size, scenario };
        job.simulation()?;
        Ok(job)
    }

    fn simulation(&self) -> Result<Simulation, String> {
        Simulation::new(self.scenario.clone(), &Captures::default(), &fastest_hash)
            .map_err(|error| error.to_string())
    }
}

impl Job for VirtualTime {
    fn name(&self) -> &'static str {
        match self.size {
            FrameSize::Smallest => "virtual time/8 CPUs, cache model/64 B",
            FrameSize::Largest => "virtual time/8 CPUs, cache model/1518 B",
        }
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn pace(&self) -> Option<(f64, &'static str)> {
        let ns = f64::from((self.size.bytes() + BETWEEN_FRAMES_BYTES) * 8) / BITS_PER_NS;
        Some((ns, "none: real time itself, a frame on a 10GbE line"))
    }

    fn unequal(&self) -> &'static str {
        "ratio below 1: faster than what it simulates"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let (mut ns, mut frames, mut check) = (0.0, 0, 0u64);
        for _ in 0..passes {
            // `new` has built the same one.
            let Ok(mut simulation) = self.simulation() else { continue };
            let start = thread_cpu_ns();
            simulation.advance(u64::MAX);
            ns += thread_cpu_ns() - start;
            frames += simulation.offered_frames();
            check = check.wrapping_add(simulation.tally().delivered);
        }
        Sample::new(ns / frames as f64, check)
    }
}
