//! A distribution given as points of its cumulative distribution function, drawn by inversion.

use crate::error::ConfigError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Random;

/// A point of a cumulative distribution function.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CdfPoint {
    /// Value, bytes.
    pub bytes: f64,
    /// Probability that a draw is at most `bytes`.
    pub cumulative: f64,
}

/// A cumulative distribution function, linear between its points. Two points of one value are a jump.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cdf {
    points: Vec<CdfPoint>,
}

impl Cdf {
    /// From points in order; `key` names them in errors.
    ///
    /// # Errors
    /// Fewer than one point, values or probabilities that fall, a last probability that is not 1, numbers that are
    /// negative or not finite.
    pub(crate) fn new(key: &str, points: &[CdfPoint]) -> Result<Self, ConfigError> {
        let rising = points.windows(2).all(|pair| match pair {
            [a, b] => a.bytes <= b.bytes && a.cumulative <= b.cumulative,
            _ => false,
        });
        let in_range = points.iter().all(|p| p.bytes.is_finite() && p.bytes >= 0.0 && p.cumulative >= 0.0);
        match points.last() {
            Some(last) if rising && in_range && last.cumulative == 1.0 => Ok(Cdf { points: points.to_vec() }),
            _ => Err(ConfigError::new(
                key,
                format!("{} points: {points:?}", points.len()),
                "bytes and cumulative that never fall, none negative, the last cumulative 1",
            )),
        }
    }

    /// The value below which a share of `probability` lies. Below the first point's probability: its value.
    #[inline]
    pub(crate) fn quantile(&self, probability: f64) -> f64 {
        let mut below: Option<&CdfPoint> = None;
        for point in &self.points {
            if probability <= point.cumulative {
                let Some(below) = below else { return point.bytes };
                let width = point.cumulative - below.cumulative;
                let share = if width > 0.0 { (probability - below.cumulative) / width } else { 1.0 };
                return below.bytes + share * (point.bytes - below.bytes);
            }
            below = Some(point);
        }
        below.map_or(0.0, |last| last.bytes)
    }

    /// One draw.
    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> f64 {
        self.quantile(random.unit())
    }

    /// The mean, exactly: each piece contributes its middle.
    #[cfg(test)]
    pub(crate) fn mean(&self) -> f64 {
        let first = self.points.first().map_or(0.0, |p| p.bytes * p.cumulative);
        let pieces = self.points.windows(2).map(|pair| match pair {
            [a, b] => (a.bytes + b.bytes) / 2.0 * (b.cumulative - a.cumulative),
            _ => 0.0,
        });
        first + pieces.sum::<f64>()
    }

    /// The largest value.
    pub(crate) fn largest(&self) -> f64 {
        self.points.last().map_or(0.0, |p| p.bytes)
    }

    /// The smallest value.
    pub(crate) fn smallest(&self) -> f64 {
        self.points.first().map_or(0.0, |p| p.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cdf(points: &[(f64, f64)]) -> Result<Cdf, ConfigError> {
        let points: Vec<_> =
            points.iter().map(|&(bytes, cumulative)| CdfPoint { bytes, cumulative }).collect();
        Cdf::new("sizes.empirical", &points)
    }

    #[test]
    fn quantiles_interpolate_and_jump() {
        let cdf = cdf(&[(100.0, 0.0), (100.0, 0.5), (300.0, 1.0)]).unwrap();
        assert_eq!(
            [cdf.quantile(0.0), cdf.quantile(0.4), cdf.quantile(0.75), cdf.quantile(1.0)],
            [100.0, 100.0, 200.0, 300.0]
        );
        assert_eq!(cdf.mean(), 150.0);
    }

    #[test]
    fn mass_at_the_first_point_is_kept() {
        let cdf = cdf(&[(64.0, 0.5), (64.0, 0.5), (128.0, 1.0)]).unwrap();
        assert_eq!((cdf.quantile(0.2), cdf.mean()), (64.0, 80.0));
    }

    #[test]
    fn what_is_no_distribution_is_refused() {
        for bad in [
            &[][..],
            &[(1.0, 0.5)],
            &[(2.0, 0.0), (1.0, 1.0)],
            &[(1.0, 0.6), (2.0, 0.5)],
            &[(-1.0, 1.0)],
            &[(f64::NAN, 1.0)],
        ] {
            assert_eq!(cdf(bad).unwrap_err().key, "sizes.empirical");
        }
    }
}
