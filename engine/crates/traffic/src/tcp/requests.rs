//! Requests and answers on a connection: one request at a time, the next when the last was answered and its time has come,
//! as netperf's TCP_RR and memcached's load generators do (mutilate with a depth of 1).

use crate::elementary::{exponential, natural_logarithm};
use crate::error::{ConfigError, check_range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::{Nanos, Random};

/// Connections that send requests and await answers; the host's applications must answer (`host.apps.answer_bytes`).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestsConfig {
    /// Payload of a request, 1 byte to a full segment.
    pub bytes: u32,
    /// Requests per second of all connections, unless answers come too late for them; 0: each is sent as soon as the one
    /// before was answered.
    pub per_second: u64,
    /// Shape of the generalized Pareto distribution of a connection's gaps, 0 to 0.45; 0: exponential.
    pub gap_shape: f64,
}

impl Default for RequestsConfig {
    fn default() -> Self {
        RequestsConfig { bytes: 1, per_second: 0, gap_shape: 0.0 }
    }
}

impl RequestsConfig {
    pub(super) fn check(&self, mss: u32) -> Result<(), ConfigError> {
        check_range("requests.bytes", self.bytes, 1..=mss)?;
        check_range("requests.per_second", self.per_second, 0..=1_000_000_000)?;
        // Beyond a half the gaps have no variance.
        check_range("requests.gap_shape", self.gap_shape, 0.0..=0.45)?;
        Ok(())
    }
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Requests {
    /// When the next request is due.
    pub(super) due_ns: Nanos,
    /// One awaits its answer.
    pub(super) outstanding: bool,
}

/// Draws the gaps of a stream's connections.
#[derive(Clone, Debug)]
pub(super) struct Gaps {
    mean_ns: f64,
    shape: f64,
    random: Random,
}

impl Gaps {
    pub(super) fn new(config: RequestsConfig, flows: u32, random: Random) -> Self {
        let mean_ns = match config.per_second {
            0 => 0.0,
            per_second => f64::from(flows) * 1e9 / per_second as f64,
        };
        Gaps { mean_ns, shape: config.gap_shape, random }
    }

    pub(super) fn draw(&mut self) -> Nanos {
        if self.mean_ns <= 0.0 {
            return 0;
        }
        let exponent = -natural_logarithm(1.0 - self.random.unit());
        let gap = if self.shape > 0.0 {
            // By inversion; its mean is the scale over 1 less the shape.
            (exponential(self.shape * exponent) - 1.0) / self.shape * (1.0 - self.shape)
        } else {
            exponent
        };
        (gap * self.mean_ns).round() as Nanos
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_have_the_mean_asked_for_and_the_variance_of_their_shape() {
        for (gap_shape, variance) in [(0.0, 1.0), (0.154971, 1.0 / (1.0 - 2.0 * 0.154971))] {
            let config = RequestsConfig { per_second: 1_000, gap_shape, ..RequestsConfig::default() };
            let mut gaps = Gaps::new(config, 10, Random::for_component(1, "test"));
            let drawn: Vec<f64> = (0..400_000).map(|_| gaps.draw() as f64 / 1e7).collect();
            let mean = drawn.iter().sum::<f64>() / 400_000.0;
            let seen = drawn.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 400_000.0;
            assert!((mean - 1.0).abs() < 0.01 && (seen / variance - 1.0).abs() < 0.05, "{mean} {seen}");
        }
    }

    #[test]
    fn without_a_rate_there_is_no_gap() {
        let mut gaps = Gaps::new(RequestsConfig::default(), 10, Random::for_component(1, "test"));
        assert_eq!(gaps.draw(), 0);
    }
}
