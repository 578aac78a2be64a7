//! The traffic of a run, as the scenario says it.

use crate::generator::GeneratorConfig;
use crate::replay::CaptureConfig;
use crate::tcp::TcpStreamConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Everything that arrives on a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TrafficConfig {
    /// Line rate, bits per second.
    pub rate_bps: u64,
    /// What shares the line, 1 to 64 streams, merged in order of intended time.
    pub streams: Vec<StreamConfig>,
    /// Stop after this many frames.
    pub frames: Option<u64>,
}

impl Default for TrafficConfig {
    fn default() -> Self {
        TrafficConfig { rate_bps: 10_000_000_000, streams: vec![StreamConfig::default()], frames: None }
    }
}

/// A stream of frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StreamConfig {
    /// Made from templates.
    Generated(GeneratorConfig),
    /// Recorded.
    Capture(CaptureConfig),
    /// TCP senders that react to acknowledgements; in virtual time.
    Tcp(TcpStreamConfig),
}

impl Default for StreamConfig {
    fn default() -> Self {
        StreamConfig::Generated(GeneratorConfig::default())
    }
}
