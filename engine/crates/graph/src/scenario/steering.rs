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
    /// The NIC's hash; then RPS over `host.rps.cpus`, or all CPUs where that is empty.
    Rps,
    /// As `rps`, and where a flow is read decides before its hash (RFS).
    Rfs,
    /// RFS that tells the NIC where flows are read; RPS only where `host.rps.cpus` lists CPUs.
    Arfs,
    /// The scheduler tells the driver each time the reads of a socket move to another CPU.
    Callback,
    /// Explicit rules in the NIC, then its hash; there may be none yet.
    Ntuple,
}

impl Mode {
    /// As the document writes it.
    pub fn name(self) -> &'static str {
        match self {
            Mode::None => "none",
            Mode::Rss => "rss",
            Mode::Rps => "rps",
            Mode::Rfs => "rfs",
            Mode::Arfs => "arfs",
            Mode::Callback => "callback",
            Mode::Ntuple => "ntuple",
        }
    }
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
        /// Identifier of the outermost VLAN tag.
        vlan: Option<u16> = None,
        /// Queue it goes to; -1: it is dropped.
        queue: i32 = 0,
        /// Number of the RSS context it is spread by, instead of a queue.
        context: Option<u32> = None,
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
    /// RFS: the tables of where flows are read and went.
    RfsSection {
        /// Entries of the global table (`rps_sock_flow_entries`), a power of two.
        sock_flow_entries: u32 = 32_768,
        /// Entries of each queue's table (`rps_flow_cnt`), a power of two.
        flow_entries: u32 = 4096,
    }
}

section! {
    /// The scheduler's callback.
    CallbackSection {
        /// Nanoseconds for which announcements are collected before the NIC is told.
        window_ns: u64 = 0,
        /// Nanoseconds a flow stays at least before it is moved again.
        hysteresis_ns: u64 = 0,
        /// Nanoseconds for which a flow that was refused is left alone.
        retry_ns: u64 = 1_000_000,
    }
}

section! {
    /// The driver's scan for rules of the NIC that have had their day.
    ScanSection {
        /// Nanoseconds between two looks; 0: it never looks.
        interval_ns: u64 = 1_000_000,
        /// Rules looked at then.
        rules: u32 = 64,
    }
}

section! {
    /// Who decides which queue and CPU a flow goes to.
    SteeringSection {
        /// Who.
        mode: Mode = Mode::Rss,
        /// The NIC's table of single flows.
        table: TableSection = TableSection::default(),
        /// RFS and aRFS.
        rfs: RfsSection = RfsSection::default(),
        /// The scheduler's callback.
        callback: CallbackSection = CallbackSection::default(),
        /// Rules that have had their day, with `arfs` and `callback`.
        scan: ScanSection = ScanSection::default(),
        /// Explicit rules of the NIC.
        rules: Vec<NtupleSection> = Vec::new(),
    }
}

impl Scenario {
    /// What of the keys about steering the parts they are for do not check themselves.
    pub(super) fn check_steering(&self) -> Result<(), ScenarioError> {
        let steering = &self.steering;
        let entries = [
            ("sock_flow_entries", steering.rfs.sock_flow_entries, 1 << 24),
            ("flow_entries", steering.rfs.flow_entries, 1 << 20),
        ];
        for (name, value, most) in entries {
            if !value.is_power_of_two() || value > most {
                let allowed = format!("a power of two up to {most}");
                return Err(ScenarioError::new(format!("steering.rfs.{name}"), value, allowed));
            }
        }
        if steering.scan.rules > 65_536 {
            return Err(ScenarioError::new("steering.scan.rules", steering.scan.rules, "0 to 65536"));
        }
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
