//! How much a flow sends before it ends.

use crate::distribution::{Cdf, CdfPoint};
use crate::error::{ConfigError, check_range};
use crate::published::{self, Published};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Random;

/// How many bytes of payload a flow carries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FlowSizesConfig {
    /// All the same.
    Fixed {
        /// Payload bytes, at least 1.
        bytes: u64,
    },
    /// Web search (Alizadeh et al., DCTCP, SIGCOMM 2010); mean 1.71 MB.
    WebSearch,
    /// Data mining (Greenberg et al., VL2, SIGCOMM 2009); mean 7.47 MB.
    DataMining,
    /// Hadoop (Roy et al., SIGCOMM 2015); mean 4.14 MB.
    Hadoop,
    /// Cache (Roy et al., SIGCOMM 2015); mean 0.91 MB.
    Cache,
    /// Drawn from a cumulative distribution function, rounded to whole bytes, at least 1.
    Empirical {
        /// Its points, in rising order, the last with probability 1.
        points: Vec<CdfPoint>,
    },
}

/// Draws flow sizes.
#[derive(Clone, Debug)]
pub(crate) enum FlowSizes {
    Endless,
    Fixed(u64),
    Empirical(Cdf),
}

impl FlowSizes {
    pub(crate) fn new(config: Option<&FlowSizesConfig>) -> Result<Self, ConfigError> {
        let published = |table: &Published| Cdf::new("lifetime", &table.points()).map(FlowSizes::Empirical);
        match config {
            None => Ok(FlowSizes::Endless),
            Some(FlowSizesConfig::Fixed { bytes }) => {
                check_range("lifetime.fixed.bytes", *bytes, 1..=u64::MAX).map(FlowSizes::Fixed)
            }
            Some(FlowSizesConfig::WebSearch) => published(&published::WEB_SEARCH),
            Some(FlowSizesConfig::DataMining) => published(&published::DATA_MINING),
            Some(FlowSizesConfig::Hadoop) => published(&published::HADOOP),
            Some(FlowSizesConfig::Cache) => published(&published::CACHE),
            Some(FlowSizesConfig::Empirical { points }) => {
                Cdf::new("lifetime.empirical.points", points).map(FlowSizes::Empirical)
            }
        }
    }

    /// Payload bytes of a new flow.
    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> u64 {
        match self {
            FlowSizes::Endless => u64::MAX,
            FlowSizes::Fixed(bytes) => *bytes,
            FlowSizes::Empirical(cdf) => (cdf.draw(random).round() as u64).max(1),
        }
    }
}
