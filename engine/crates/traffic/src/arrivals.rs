//! When frames are meant to be sent. The loop is open: no receiver slows it down, and a frame that waits for the line
//! keeps its intended time, so that latency counts from there.

use crate::elementary::exponential_variate;
use crate::error::{ConfigError, check_range};
use crate::line::{Pace, slot_bits};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::{NANOS_PER_SECOND, Nanos, Random};

/// The offered load (RFC 2544's word).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OfferedConfig {
    /// Share of the line rate, above 0, at most 1; preamble, gap and FCS counted.
    LineShare(f64),
    /// Frames per second, of whatever size.
    FramesPerSecond(u64),
}

impl Default for OfferedConfig {
    fn default() -> Self {
        OfferedConfig::LineShare(1.0)
    }
}

/// How frames are spread over time at the offered load.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ArrivalsConfig {
    /// Evenly: each frame takes its share of time.
    #[default]
    Constant,
    /// A Poisson process. Frames meant for a busy line queue up behind it.
    Poisson,
    /// Back to back in bursts, then a pause, so that the mean holds.
    Bursts {
        /// Frames in one burst.
        frames: u32,
    },
}

/// The offered load as a rate: units per second, and what one frame counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offered {
    per_second: u64,
    frame_is_one: bool,
}

impl Offered {
    /// # Errors
    /// A share or a rate outside what the line allows.
    pub(crate) fn new(config: OfferedConfig, rate_bps: u64) -> Result<Self, ConfigError> {
        match config {
            OfferedConfig::LineShare(share) if share > 0.0 && share <= 1.0 => {
                let per_second = ((rate_bps as f64 * share).round() as u64).max(1);
                Ok(Offered { per_second, frame_is_one: false })
            }
            OfferedConfig::LineShare(share) => {
                Err(ConfigError::new("offered.line_share", share, "above 0, at most 1"))
            }
            OfferedConfig::FramesPerSecond(rate_pps) => {
                let most = (rate_bps / slot_bits(0)).max(1);
                check_range("offered.frames_per_second", rate_pps, 1..=most)?;
                Ok(Offered { per_second: rate_pps, frame_is_one: true })
            }
        }
    }

    /// What a frame counts: bit times of its slot, or one.
    #[inline]
    pub(crate) fn units(&self, wire_bytes: u32) -> u64 {
        if self.frame_is_one { 1 } else { slot_bits(wire_bytes) }
    }

    /// Time that `units` take, rounded up.
    pub(crate) fn duration_ns(&self, units: u64) -> Nanos {
        let mut pace = Pace::new(self.per_second);
        pace.advance(units);
        pace.ceil_ns()
    }

    fn unit_ns(&self) -> f64 {
        NANOS_PER_SECOND as f64 / self.per_second as f64
    }
}

/// A sequence of intended times.
#[derive(Clone, Debug)]
pub(crate) struct Arrivals {
    offered: Offered,
    process: Process,
}

#[derive(Clone, Debug)]
enum Process {
    Constant(Pace),
    Poisson { at_ns: Nanos, fraction_ns: f64, unit_ns: f64, mean_units: Option<f64>, random: Random },
    Bursts { frames: u32, left: u32, start: Pace, within: Pace },
}

impl Arrivals {
    /// `mean_units` is the mean of [`Offered::units`] over the frames, so that Poisson gaps do not depend on the
    /// frame before them; where it is not known, the mean of each gap is in proportion to that frame.
    pub(crate) fn new(
        config: ArrivalsConfig,
        offered: Offered,
        rate_bps: u64,
        start_ns: Nanos,
        mean_units: Option<f64>,
        random: Random,
    ) -> Result<Self, ConfigError> {
        let mut pace = Pace::new(offered.per_second);
        pace.wait_until(start_ns);
        let process = match config {
            ArrivalsConfig::Constant => Process::Constant(pace),
            ArrivalsConfig::Poisson => {
                let unit_ns = offered.unit_ns();
                let mut process =
                    Process::Poisson { at_ns: start_ns, fraction_ns: 0.0, unit_ns, mean_units, random };
                // The first frame is as far from the start as any other from its predecessor.
                let units = mean_units.unwrap_or(offered.units(0) as f64);
                process.pass(units as u64);
                process
            }
            ArrivalsConfig::Bursts { frames } => {
                let frames = check_range("arrivals.bursts.frames", frames, 1..=u32::MAX)?;
                Process::Bursts { frames, left: 0, start: pace, within: Pace::new(rate_bps) }
            }
        };
        Ok(Arrivals { offered, process })
    }

    /// The intended time of the next frame, which is of `wire_bytes`. Never before an earlier one.
    #[inline]
    pub(crate) fn next(&mut self, wire_bytes: u32) -> Nanos {
        let units = self.offered.units(wire_bytes);
        match &mut self.process {
            Process::Constant(pace) => {
                let sent_ns = pace.floor_ns();
                pace.advance(units);
                sent_ns
            }
            Process::Poisson { at_ns, .. } => {
                let sent_ns = *at_ns;
                self.process.pass(units);
                sent_ns
            }
            Process::Bursts { frames, left, start, within } => {
                if *left == 0 {
                    *left = *frames;
                    within.wait_until(start.floor_ns());
                }
                let sent_ns = within.floor_ns();
                within.advance(slot_bits(wire_bytes));
                start.advance(units);
                *left -= 1;
                sent_ns
            }
        }
    }
}

impl Process {
    /// Let a Poisson process pass one gap.
    #[inline]
    fn pass(&mut self, units: u64) {
        if let Process::Poisson { at_ns, fraction_ns, unit_ns, mean_units, random } = self {
            let units = mean_units.unwrap_or(units as f64);
            *fraction_ns += units * *unit_ns * exponential_variate(random);
            let whole = *fraction_ns as u64;
            *at_ns = at_ns.saturating_add(whole);
            *fraction_ns -= whole as f64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_BPS: u64 = 10_000_000_000;

    fn times(config: ArrivalsConfig, offered: OfferedConfig, wire_bytes: u32, count: usize) -> Vec<Nanos> {
        let offered = Offered::new(offered, RATE_BPS).unwrap();
        let random = Random::for_component(3, "test");
        let mean = Some(offered.units(wire_bytes) as f64);
        let mut arrivals = Arrivals::new(config, offered, RATE_BPS, 0, mean, random).unwrap();
        (0..count).map(|_| arrivals.next(wire_bytes)).collect()
    }

    #[test]
    fn constant_frames_share_time_evenly_without_drift() {
        let times = times(ArrivalsConfig::Constant, OfferedConfig::LineShare(0.3), 64, 1_000_001);
        assert_eq!(times[1_000_000], 224_000_000); // 67.2 ns / 0.3 each
        assert!(times.windows(2).all(|w| [224].contains(&(w[1] - w[0]))));
    }

    #[test]
    fn a_rate_in_frames_is_exact() {
        let times =
            times(ArrivalsConfig::Constant, OfferedConfig::FramesPerSecond(3_000_000), 1518, 3_000_001);
        assert_eq!((times[1], times[2], times[3], times[3_000_000]), (333, 666, 1000, NANOS_PER_SECOND));
    }

    #[test]
    fn poisson_gaps_have_the_mean_and_are_memoryless() {
        let count = 200_000;
        let times = times(ArrivalsConfig::Poisson, OfferedConfig::LineShare(0.5), 64, count);
        let mean_ns = times[count - 1] as f64 / count as f64;
        assert!((mean_ns / 134.4 - 1.0).abs() < 0.01, "{mean_ns}");
        // Counts in windows of 10 µs: variance over mean is 1 for a Poisson process, 0 for a constant one.
        let mut windows = vec![0f64; (times[count - 1] / 10_000) as usize + 1];
        times.iter().for_each(|t| windows[(t / 10_000) as usize] += 1.0);
        windows.pop();
        let mean = windows.iter().sum::<f64>() / windows.len() as f64;
        let variance = windows.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / windows.len() as f64;
        assert!((variance / mean - 1.0).abs() < 0.1, "{}", variance / mean);
    }

    #[test]
    fn bursts_are_back_to_back_and_keep_the_mean() {
        let times = times(ArrivalsConfig::Bursts { frames: 4 }, OfferedConfig::LineShare(0.5), 64, 8001);
        assert_eq!(&times[..6], &[0, 67, 134, 201, 537, 604]);
        assert_eq!(times[8000], 8000 * 1344 / 10);
    }

    #[test]
    fn loads_the_line_cannot_carry_are_refused() {
        for share in [0.0, -1.0, 1.01, f64::NAN] {
            let error = Offered::new(OfferedConfig::LineShare(share), RATE_BPS).unwrap_err();
            assert_eq!(error.key, "offered.line_share");
        }
        let error = Offered::new(OfferedConfig::FramesPerSecond(14_880_953), RATE_BPS).unwrap_err();
        assert_eq!((error.value.as_str(), error.allowed.as_str()), ("14880953", "1 to 14880952"));
    }
}
