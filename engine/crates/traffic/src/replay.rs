//! A captured stream: recorded frames at their own times, or at an offered load, once or over and over.

use crate::arrivals::{Arrivals, ArrivalsConfig, Offered, OfferedConfig};
use crate::capture::{Capture, LinkType, Record};
use crate::error::ConfigError;
use crate::line::{FCS_BYTES, MIN_FRAME_BYTES};
use crate::vary::vary_source;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::{Nanos, Random};

/// A stream of recorded frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaptureConfig {
    /// Name of the capture file, as the caller hands it to [`Source::with_captures`](crate::Source::with_captures).
    pub file: String,
    /// When its frames are sent.
    #[serde(default)]
    pub timing: TimingConfig,
    /// Begin again after the last frame.
    #[serde(default)]
    pub repeat: bool,
    /// When repeating, give each pass other source addresses, so that it is a new set of flows.
    #[serde(default = "yes")]
    pub vary_addresses: bool,
}

fn yes() -> bool {
    true
}

/// When captured frames are sent. The first is sent at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TimingConfig {
    /// As recorded. A frame stamped before its predecessor is sent with it.
    #[default]
    Recorded,
    /// As recorded, all gaps made longer or shorter alike, so that the mean load is the one given.
    Scaled {
        /// Offered load.
        offered: OfferedConfig,
    },
    /// Evenly at the load given.
    Paced {
        /// Offered load.
        offered: OfferedConfig,
    },
}

/// A frame that is decided but not written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Planned {
    pub(crate) sent_ns: Nanos,
    pub(crate) wire_bytes: u32,
    record: Record,
    pass: u32,
}

#[derive(Clone, Debug)]
enum Timing {
    /// Times since the first frame, times `to_ns / from_ns`; a pass takes `to_ns`.
    Recorded {
        from_ns: Nanos,
        to_ns: Nanos,
    },
    Paced(Arrivals),
}

/// Sends a capture's frames, one after the other.
#[derive(Clone, Debug)]
pub(crate) struct Replay {
    capture: Capture,
    timing: Timing,
    repeat: bool,
    vary_addresses: bool,
    /// Record and pass that come next.
    next: usize,
    pass: u32,
    /// Intended time of the frame before.
    sent_ns: Nanos,
}

impl Replay {
    pub(crate) fn new(config: &CaptureConfig, capture: Capture, rate_bps: u64) -> Result<Self, ConfigError> {
        if capture.records.is_empty() {
            return Err(ConfigError::new(
                "file",
                format!("{}: no frames", config.file),
                "at least one frame",
            ));
        }
        let offered = |offered| Offered::new(offered, rate_bps).map_err(|e| e.within("timing"));
        let duration_ns = |offered: &Offered| {
            offered.duration_ns(capture.records.iter().map(|r| offered.units(wire_bytes(r))).sum())
        };
        let line = Offered::new(OfferedConfig::LineShare(1.0), rate_bps)?;
        let from_ns = recorded_period_ns(&capture.records).unwrap_or(duration_ns(&line)).max(1);
        let timing = match config.timing {
            TimingConfig::Recorded => Timing::Recorded { from_ns, to_ns: from_ns },
            TimingConfig::Scaled { offered: load } => {
                let to_ns = duration_ns(&offered(load)?);
                Timing::Recorded { from_ns, to_ns }
            }
            TimingConfig::Paced { offered: load } => {
                // A constant process draws nothing.
                let random = Random::for_component(0, "traffic.paced");
                let offered = offered(load)?;
                Timing::Paced(Arrivals::new(ArrivalsConfig::Constant, offered, rate_bps, 0, None, random)?)
            }
        };
        Ok(Replay {
            timing,
            repeat: config.repeat,
            vary_addresses: config.vary_addresses,
            capture,
            next: 0,
            pass: 0,
            sent_ns: 0,
        })
    }

    /// Bytes of the longest record.
    pub(crate) fn largest_bytes(&self) -> u32 {
        self.capture.records.iter().map(|r| r.captured_bytes).max().unwrap_or(0)
    }

    /// Decide the next frame; `None` after the last.
    #[inline]
    pub(crate) fn plan(&mut self) -> Option<Planned> {
        if self.next == self.capture.records.len() {
            if !self.repeat {
                return None;
            }
            self.next = 0;
            self.pass = self.pass.wrapping_add(1);
        }
        let record = *self.capture.records.get(self.next)?;
        self.next += 1;
        let wire_bytes = wire_bytes(&record);
        let sent_ns = match &mut self.timing {
            Timing::Paced(arrivals) => arrivals.next(wire_bytes),
            Timing::Recorded { from_ns, to_ns } => {
                let first_ns = self.capture.records.first().map_or(0, |r| r.at_ns);
                let since_ns = u128::from(record.at_ns.saturating_sub(first_ns));
                let scaled_ns = if from_ns == to_ns {
                    since_ns
                } else {
                    since_ns * u128::from(*to_ns) / u128::from(*from_ns)
                };
                let at_ns = u128::from(self.pass) * u128::from(*to_ns) + scaled_ns;
                Nanos::try_from(at_ns).unwrap_or(Nanos::MAX)
            }
        };
        self.sent_ns = self.sent_ns.max(sent_ns);
        Some(Planned { sent_ns: self.sent_ns, wire_bytes, record, pass: self.pass })
    }

    /// Write a frame; returns its bytes and what its first header is.
    #[inline]
    pub(crate) fn write(&self, planned: &Planned, slot: &mut [u8]) -> (u32, LinkType) {
        let frame = self.capture.frame(&planned.record);
        let bytes = frame.len().min(slot.len());
        if let (Some(place), Some(frame)) = (slot.get_mut(..bytes), frame.get(..bytes)) {
            place.copy_from_slice(frame);
            if self.vary_addresses {
                vary_source(place, planned.record.link, planned.pass);
            }
        }
        (bytes as u32, planned.record.link)
    }
}

/// Bytes a record had on the wire, with FCS and padding.
fn wire_bytes(record: &Record) -> u32 {
    // The longest captured frame passes what a line carries by far; beyond 16 MiB a length is damage.
    record.original_bytes.min(1 << 24).saturating_add(FCS_BYTES).max(MIN_FRAME_BYTES)
}

/// How long a pass takes: from the first frame to the last, and a mean gap behind it. `None` if no time passes.
fn recorded_period_ns(records: &[Record]) -> Option<Nanos> {
    let first_ns = records.first()?.at_ns;
    let span_ns = records.iter().map(|r| r.at_ns).max()?.saturating_sub(first_ns);
    let gaps = records.len() as u64 - 1;
    let mean_gap_ns = span_ns.checked_div(gaps)?;
    (span_ns > 0).then(|| span_ns.saturating_add(mean_gap_ns))
}
