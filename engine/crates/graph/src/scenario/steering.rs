//! The document's keys about steering.

use super::{Scenario, ScenarioError};
use crate::steering_settings::flow_table;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Who decides which queue and CPU a flow goes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Nobody: every frame goes to queue 0.
    None,
    /// The NIC's hash; and RPS where `host.rps.cpus` lists CPUs.
    #[default]
    Rss,
    /// Explicit rules in the NIC, then its hash; there may be none yet.
    Ntuple,
}

section! {
    /// An explicit rule of the NIC (`ethtool -N`). What is not said fits anything.
    NtupleSection {
        /// Rules of lower locations come first; by default, the rule's place in the list.
        location: Option<u32> = None,
        /// `tcp` or `udp`; empty: any.
        protocol: String = String::new(),
        /// Source address, or network as in 10.0.0.0/8; empty: any.
        source: String = String::new(),
        /// Destination address, or network; empty: any.
        destination: String = String::new(),
        /// Source port of TCP or UDP; a fragment shows none.
        source_port: Option<u16> = None,
        /// Bits of it that count.
        source_port_mask: u16 = 0xffff,
        /// Destination port.
        destination_port: Option<u16> = None,
        /// Bits of it that count.
        destination_port_mask: u16 = 0xffff,
        /// Queue it goes to; -1: it is dropped.
        queue: i32 = 0,
    }
}

section! {
    /// The NIC's table of single flows.
    TableSection {
        /// Rules it holds, 1 to 16,777,216.
        capacity_rules: u32 = 8192,
        /// Places a flow's hash leaves it, a divisor of the capacity up to 64; 0: any place.
        ways: u32 = 0,
        /// Bits of the hash it knows flows by, 8 to 32; 0: it knows their addresses and ports.
        signature_bits: u32 = 0,
        /// Nanoseconds from the request to the first frame that obeys it.
        insert_latency_ns: u64 = 0,
        /// Rules written per second, at most; 0: any number.
        insertions_per_second: u64 = 0,
        /// Who is let in when it is full: `first_come`, `rate`, or `priority` (then rate, then age).
        admission: String = "priority".into(),
        /// `safe`: a flow's order survives a change of queue; `unsafe`: its next frame goes to the new queue at once.
        moves: String = "safe".into(),
        /// How long a safe move waits for a pause of the flow before it puts up a barrier, in nanoseconds.
        drain_ns: u64 = 100_000,
        /// A rule that had no frame for so many nanoseconds may go.
        idle_ns: u64 = 100_000_000,
    }
}

section! {
    /// Who decides which queue and CPU a flow goes to.
    SteeringSection {
        /// Who.
        mode: Mode = Mode::Rss,
        /// The NIC's table of single flows.
        table: TableSection = TableSection::default(),
        /// Explicit rules of the NIC.
        rules: Vec<NtupleSection> = Vec::new(),
    }
}

impl Scenario {
    /// What of the keys about steering the parts they are for do not check themselves.
    pub(super) fn check_steering(&self) -> Result<(), ScenarioError> {
        let steering = &self.steering;
        let refused = |key: &str, value: &str, allowed: &str| Err(ScenarioError::new(key, value, allowed));
        match steering.mode {
            Mode::None if !steering.rules.is_empty() => refused(
                "steering.mode",
                "none, beside steering.rules",
                "a mode in which the NIC chooses queues",
            ),
            _ => {
                let Some(table) = flow_table(self)? else { return Ok(()) };
                table.check(self.nic.queues).map_err(|error| {
                    let key = error.key.trim_start_matches("steering.");
                    let section = if key.starts_with("rules") { "steering" } else { "steering.table" };
                    ScenarioError::new(format!("{section}.{key}"), error.value, error.allowed)
                })
            }
        }
    }
}
