//! What the flow table is like.

use super::NtupleRule;
use super::ntuple::NtupleRules;
use crate::ConfigError;
use stage::{Nanos, SteeringError};

/// Who is let in when the table is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Who comes first stays: the next is refused with ENOSPC, as Linux' drivers do.
    FirstCome,
    /// The flow with the higher rate; of equal rates the one that had a frame of late.
    Rate,
    /// The flow of the higher priority; of equal priorities as [`Admission::Rate`].
    Priority,
}

impl Admission {
    /// By its name in a scenario: `first_come`, `rate`, `priority`.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "first_come" => Admission::FirstCome,
            "rate" => Admission::Rate,
            "priority" => Admission::Priority,
            _ => return None,
        })
    }
}

/// What happens to a flow's order when its queue changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moves {
    /// The next frame goes to the new queue, whatever waits in the old one: what Flow Director does (Wu et al., "Why
    /// Does Flow Director Cause Packet Reordering?", 2011).
    Unsafe,
    /// Frames stay on the old queue until the host has done with all that went there, as the kernel's RFS waits
    /// (`get_rps_cpu`). A flow that never pauses is moved after `drain_ns` all the same, behind a barrier: the new
    /// queue gives nothing out before the old one has given out what it had.
    Safe {
        /// How long to wait for a pause.
        drain_ns: Nanos,
    },
}

/// The flow table of a NIC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SteeringConfig {
    /// Rules it holds: 1 to 16,777,216.
    pub capacity_rules: u32,
    /// Places a flow's hash leaves it: a divisor of the capacity; 0: any place.
    pub ways: u32,
    /// Bits of the hash the table knows flows by: 8 to 32; 0: it knows their 5-tuples.
    pub signature_bits: u32,
    /// From the request to the first frame that obeys it.
    pub insert_latency_ns: Nanos,
    /// Rules written per second, at most; 0: any number.
    pub insertions_per_second: u64,
    /// Who is let in when the table is full.
    pub admission: Admission,
    /// What happens to a flow's order when its queue changes.
    pub moves: Moves,
    /// A rule that had no frame for so long may make room.
    pub idle_ns: Nanos,
    /// Explicit rules, by location.
    pub rules: Vec<NtupleRule>,
}

impl Default for SteeringConfig {
    /// As 82599's perfect filters: 8,192, the shares of `mask` aside (datasheet 7.1.2.7).
    fn default() -> Self {
        SteeringConfig {
            capacity_rules: 8192,
            ways: 0,
            signature_bits: 0,
            insert_latency_ns: 0,
            insertions_per_second: 0,
            admission: Admission::Priority,
            moves: Moves::Safe { drain_ns: 100_000 },
            idle_ns: 1_000_000_000,
            rules: Vec::new(),
        }
    }
}

impl SteeringConfig {
    /// # Errors
    /// The first key whose value cannot be.
    pub fn check(&self, queues: u16) -> Result<(), ConfigError> {
        let capacity = self.capacity_rules;
        if !(1..=1 << 24).contains(&capacity) {
            return Err(ConfigError::new("steering.capacity_rules", capacity, "1 to 16777216"));
        }
        if self.ways > 64 || self.ways != 0 && !capacity.is_multiple_of(self.ways) {
            let allowed = format!("0, or a divisor of {capacity} up to 64");
            return Err(ConfigError::new("steering.ways", self.ways, allowed));
        }
        if self.signature_bits != 0 && !(8..=32).contains(&self.signature_bits) {
            return Err(ConfigError::new("steering.signature_bits", self.signature_bits, "0, or 8 to 32"));
        }
        if self.insertions_per_second > 1_000_000_000 {
            let value = self.insertions_per_second;
            return Err(ConfigError::new("steering.insertions_per_second", value, "0 to 1000000000"));
        }
        self.explicit(queues).map(|_| ())
    }

    /// The explicit rules in their order.
    pub(crate) fn explicit(&self, queues: u16) -> Result<NtupleRules, ConfigError> {
        let mut rules = NtupleRules::default();
        for rule in &self.rules {
            rule.check(queues)?;
            let refused =
                |e: SteeringError| ConfigError::new("steering.rules.location", rule.location, e.to_string());
            rules.insert(*rule).map_err(refused)?;
        }
        Ok(rules)
    }
}
