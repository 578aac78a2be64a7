//! Which flow the next frame belongs to.

use crate::elementary::{exponential, natural_logarithm};
use crate::error::{ConfigError, check_range};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Random;

/// How frames are spread over flows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PopularityConfig {
    /// Each flow as likely as any other.
    #[default]
    Uniform,
    /// One after the other.
    InTurn,
    /// The k-th flow has weight `1 / k^exponent`.
    Zipf {
        /// 0 to 8; 1 is Zipf's law.
        exponent: f64,
    },
}

/// Draws flow indices.
#[derive(Clone, Debug)]
pub(crate) enum Popularity {
    Uniform { count: u32 },
    InTurn { count: u32, next: u32 },
    Alias(Vec<Bucket>),
}

/// A bucket of Walker's alias table: below `threshold / 2^32` the flow itself, above it `alias`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bucket {
    threshold: u32,
    alias: u32,
}

impl Popularity {
    pub(crate) fn new(config: PopularityConfig, count: u32) -> Result<Self, ConfigError> {
        match config {
            PopularityConfig::Uniform => Ok(Popularity::Uniform { count }),
            PopularityConfig::InTurn => Ok(Popularity::InTurn { count, next: 0 }),
            PopularityConfig::Zipf { exponent } => {
                check_range("popularity.zipf.exponent", exponent, 0.0..=8.0)?;
                Ok(Popularity::Alias(alias_table(&zipf_weights(exponent, count))))
            }
        }
    }

    /// The next flow's index.
    #[inline]
    pub(crate) fn draw(&mut self, random: &mut Random) -> u32 {
        match self {
            Popularity::Uniform { count } => random.below(u64::from(*count)) as u32,
            Popularity::InTurn { count, next } => {
                let flow = *next;
                *next = if flow + 1 < *count { flow + 1 } else { 0 };
                flow
            }
            Popularity::Alias(buckets) => {
                // One draw gives both: the product's upper half is the bucket, its lower half is uniform within.
                let product = u128::from(random.next_u64()) * buckets.len() as u128;
                let index = (product >> 64) as u32;
                match buckets.get(index as usize) {
                    Some(bucket) if (product as u64 >> 32) as u32 >= bucket.threshold => bucket.alias,
                    _ => index,
                }
            }
        }
    }
}

/// Weights that sum to 1, of the flows in order.
pub(crate) fn weights(config: PopularityConfig, count: u32) -> Vec<f64> {
    match config {
        PopularityConfig::Zipf { exponent } => zipf_weights(exponent, count),
        _ => vec![1.0 / f64::from(count); count as usize],
    }
}

fn zipf_weights(exponent: f64, count: u32) -> Vec<f64> {
    let weight = |k: u32| exponential(-exponent * natural_logarithm(f64::from(k)));
    // Summed from the smallest up, which keeps the tail's bits.
    let sum: f64 = (1..=count).rev().map(weight).sum();
    (1..=count).map(|k| weight(k) / sum).collect()
}

/// Vose's construction (IEEE Trans. Softw. Eng. 17(9), 1991): linear time, exact up to 2^-32 per bucket.
fn alias_table(weights: &[f64]) -> Vec<Bucket> {
    let count = weights.len() as f64;
    let mut scaled: Vec<f64> = weights.iter().map(|w| w * count).collect();
    let mut table: Vec<Bucket> =
        (0..weights.len() as u32).map(|alias| Bucket { threshold: u32::MAX, alias }).collect();
    let (mut small, mut large): (Vec<usize>, Vec<usize>) =
        (0..weights.len()).partition(|i| scaled.get(*i).is_some_and(|s| *s < 1.0));
    while let (Some(low), Some(&high)) = (small.pop(), large.last()) {
        let share = scaled.get(low).copied().unwrap_or(1.0);
        if let Some(bucket) = table.get_mut(low) {
            *bucket = Bucket { threshold: (share * 4_294_967_296.0) as u32, alias: high as u32 };
        }
        if let Some(rest) = scaled.get_mut(high) {
            *rest -= 1.0 - share;
            if *rest < 1.0 {
                large.pop();
                small.push(high);
            }
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(config: PopularityConfig, flows: u32, draws: u32) -> Vec<f64> {
        let mut random = Random::for_component(5, "test");
        let mut popularity = Popularity::new(config, flows).unwrap();
        let mut seen = vec![0.0; flows as usize];
        (0..draws).for_each(|_| seen[popularity.draw(&mut random) as usize] += 1.0);
        seen
    }

    /// Pearson's statistic of 100 flows; 148.2 is passed once in 1000.
    fn chi_square(config: PopularityConfig) -> f64 {
        let draws = 1_000_000;
        let expected = weights(config, 100).into_iter().map(|w| w * f64::from(draws));
        counts(config, 100, draws).iter().zip(expected).map(|(n, e)| (n - e).powi(2) / e).sum()
    }

    #[test]
    fn draws_follow_the_weights() {
        for config in [
            PopularityConfig::Uniform,
            PopularityConfig::Zipf { exponent: 0.0 },
            PopularityConfig::Zipf { exponent: 0.9 },
            PopularityConfig::Zipf { exponent: 1.0 },
            PopularityConfig::Zipf { exponent: 1.3 },
        ] {
            let statistic = chi_square(config);
            assert!(statistic < 148.2, "{config:?}: {statistic}");
        }
    }

    #[test]
    fn a_zipf_rank_falls_as_its_power() {
        let seen = counts(PopularityConfig::Zipf { exponent: 1.0 }, 1000, 1_000_000);
        for rank in [2, 4, 8, 16] {
            let ratio = seen[0] / seen[rank - 1];
            assert!((ratio / rank as f64 - 1.0).abs() < 0.05, "rank {rank}: {ratio}");
        }
    }

    #[test]
    fn in_turn_gives_each_the_same() {
        assert_eq!(counts(PopularityConfig::InTurn, 7, 7000), [1000.0; 7]);
    }

    #[test]
    fn exponents_out_of_range_are_refused() {
        for exponent in [-0.1, 8.1, f64::NAN] {
            let error = Popularity::new(PopularityConfig::Zipf { exponent }, 4).unwrap_err();
            assert_eq!(error.key, "popularity.zipf.exponent");
        }
    }
}
