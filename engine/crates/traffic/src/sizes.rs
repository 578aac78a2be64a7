//! Frame sizes, with FCS as RFC 2544 says them: 64 to 1518 bytes, jumbo frames to 9018.

use crate::distribution::{Cdf, CdfPoint};
use crate::error::{ConfigError, check_range};
use crate::line::MIN_FRAME_BYTES;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Random;

/// Largest frame a generator makes: a jumbo frame of 9000 bytes of payload.
pub const MAX_FRAME_BYTES: u32 = 9018;

/// Frame sizes of RFC 2544 section 9.1, in published order.
pub const RFC_2544_BYTES: [u32; 7] = [64, 128, 256, 512, 1024, 1280, 1518];

/// How large the frames are, in bytes with FCS. A frame too small for its headers (IPv6 with UDP needs 66, with TCP
/// 78) is raised to what they need.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SizesConfig {
    /// All the same.
    Fixed {
        /// Frame size.
        bytes: u32,
    },
    /// Seven of 64, four of `middle_bytes` and one of 1518 in each twelve, in random order.
    Imix {
        /// 594 or 570, the two in use (RFC 6985 leaves the choice to the tester).
        #[serde(default = "default_middle_bytes")]
        middle_bytes: u32,
    },
    /// The seven sizes of RFC 2544 section 9.1, in turn.
    Rfc2544,
    /// Each size of the range as likely as any other.
    Uniform {
        /// Smallest.
        min_bytes: u32,
        /// Largest.
        max_bytes: u32,
    },
    /// Drawn from a cumulative distribution function, rounded to whole bytes.
    Empirical {
        /// Its points, in rising order, the last with probability 1.
        points: Vec<CdfPoint>,
    },
}

fn default_middle_bytes() -> u32 {
    594
}

impl Default for SizesConfig {
    fn default() -> Self {
        SizesConfig::Fixed { bytes: MIN_FRAME_BYTES }
    }
}

/// A sequence of frame sizes.
#[derive(Clone, Debug)]
pub(crate) struct Sizes {
    kind: Kind,
    random: Random,
}

#[derive(Clone, Debug)]
enum Kind {
    Fixed(u32),
    Block { sizes: Vec<u32>, at: usize, shuffled: bool },
    Uniform { min_bytes: u32, max_bytes: u32 },
    Empirical(Cdf),
}

impl Sizes {
    pub(crate) fn new(config: &SizesConfig, random: Random) -> Result<Self, ConfigError> {
        let allowed = MIN_FRAME_BYTES..=MAX_FRAME_BYTES;
        let kind = match config {
            SizesConfig::Fixed { bytes } => Kind::Fixed(check_range("fixed.bytes", *bytes, allowed)?),
            SizesConfig::Imix { middle_bytes } if [594, 570].contains(middle_bytes) => {
                let mut sizes = vec![64; 7];
                sizes.extend([*middle_bytes; 4]);
                sizes.push(1518);
                Kind::Block { sizes, at: 0, shuffled: true }
            }
            SizesConfig::Imix { middle_bytes } => {
                return Err(ConfigError::new("imix.middle_bytes", middle_bytes, "594 or 570"));
            }
            SizesConfig::Rfc2544 => Kind::Block { sizes: RFC_2544_BYTES.to_vec(), at: 0, shuffled: false },
            SizesConfig::Uniform { min_bytes, max_bytes } => Kind::Uniform {
                min_bytes: check_range("uniform.min_bytes", *min_bytes, allowed.clone())?,
                max_bytes: check_range("uniform.max_bytes", *max_bytes, *min_bytes..=MAX_FRAME_BYTES)?,
            },
            SizesConfig::Empirical { points } => {
                let cdf = Cdf::new("empirical.points", points)?;
                let allowed = f64::from(MIN_FRAME_BYTES)..=f64::from(MAX_FRAME_BYTES);
                check_range("empirical.points[0].bytes", cdf.smallest(), allowed.clone())?;
                check_range("empirical.points[last].bytes", cdf.largest(), allowed)?;
                Kind::Empirical(cdf)
            }
        };
        Ok(Sizes { kind, random })
    }

    /// The next size.
    #[inline]
    pub(crate) fn draw(&mut self) -> u32 {
        match &mut self.kind {
            Kind::Fixed(bytes) => *bytes,
            Kind::Uniform { min_bytes, max_bytes } => {
                *min_bytes + self.random.below(u64::from(*max_bytes - *min_bytes) + 1) as u32
            }
            Kind::Empirical(cdf) => cdf.draw(&mut self.random).round() as u32,
            Kind::Block { sizes, at, shuffled } => {
                if *shuffled {
                    // Fisher-Yates, one step at a time: position `at` gets any of those not yet given out.
                    let left = sizes.len() - *at;
                    sizes.swap(*at, *at + self.random.below(left as u64) as usize);
                }
                let bytes = sizes.get(*at).copied().unwrap_or(MIN_FRAME_BYTES);
                *at = (*at + 1) % sizes.len().max(1);
                bytes
            }
        }
    }

    /// The largest size that can be drawn.
    pub(crate) fn largest_bytes(&self) -> u32 {
        match &self.kind {
            Kind::Fixed(bytes) => *bytes,
            Kind::Uniform { max_bytes, .. } => *max_bytes,
            Kind::Block { sizes, .. } => sizes.iter().copied().max().unwrap_or(MIN_FRAME_BYTES),
            Kind::Empirical(cdf) => cdf.largest().round() as u32,
        }
    }

    /// The mean of `of` over the distribution: exact, save that an empirical one is taken at 65 536 quantiles.
    pub(crate) fn mean(&self, of: impl Fn(u32) -> f64) -> f64 {
        match &self.kind {
            Kind::Fixed(bytes) => of(*bytes),
            Kind::Block { sizes, .. } => mean_over(sizes.iter().copied(), of),
            Kind::Uniform { min_bytes, max_bytes } => mean_over(*min_bytes..=*max_bytes, of),
            Kind::Empirical(cdf) => {
                let middle = |i| (f64::from(i) + 0.5) / 65_536.0;
                mean_over((0..65_536).map(|i| cdf.quantile(middle(i)).round() as u32), of)
            }
        }
    }
}

fn mean_over(sizes: impl Iterator<Item = u32>, of: impl Fn(u32) -> f64) -> f64 {
    let (sum, count) = sizes.fold((0.0, 0.0), |(sum, count), bytes| (sum + of(bytes), count + 1.0));
    sum / count
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::slot_bits;

    fn sizes(config: &SizesConfig) -> Sizes {
        Sizes::new(config, Random::for_component(1, "test")).unwrap()
    }

    #[test]
    fn imix_has_the_published_mean_and_rate() {
        for (middle_bytes, mean_bytes, published_pps) in [(594, 361.83, 3_273_679), (570, 353.83, 3_343_736)]
        {
            let mut sizes = sizes(&SizesConfig::Imix { middle_bytes });
            assert!((sizes.mean(f64::from) - mean_bytes).abs() < 0.005);
            assert_eq!((10e9 / sizes.mean(|s| slot_bits(s) as f64)) as u64, published_pps);
            for _ in 0..100 {
                let mut twelve: Vec<_> = (0..12).map(|_| sizes.draw()).collect();
                twelve.sort_unstable();
                assert_eq!(
                    (twelve[6], twelve[7], twelve[10], twelve[11]),
                    (64, middle_bytes, middle_bytes, 1518)
                );
            }
        }
    }

    #[test]
    fn rfc_2544_sizes_come_in_published_order() {
        let mut sizes = sizes(&SizesConfig::Rfc2544);
        let drawn: Vec<_> = (0..8).map(|_| sizes.draw()).collect();
        assert_eq!(drawn, [64, 128, 256, 512, 1024, 1280, 1518, 64]);
    }

    #[test]
    fn uniform_sizes_cover_their_range_evenly() {
        let mut sizes = sizes(&SizesConfig::Uniform { min_bytes: 64, max_bytes: 163 });
        let mut seen = [0f64; 100];
        for _ in 0..100_000 {
            seen[sizes.draw() as usize - 64] += 1.0;
        }
        // 99 degrees of freedom: 148.2 is passed once in 1000.
        let chi_square: f64 = seen.iter().map(|n| (n - 1000.0).powi(2) / 1000.0).sum();
        assert!(chi_square < 148.2, "{chi_square}");
    }

    #[test]
    fn an_empirical_distribution_is_met() {
        let points = [(64.0, 0.4), (576.0, 0.6), (1518.0, 1.0)]
            .map(|(bytes, cumulative)| CdfPoint { bytes, cumulative })
            .to_vec();
        let mut sizes = sizes(&SizesConfig::Empirical { points });
        let drawn: Vec<_> = (0..100_000).map(|_| sizes.draw()).collect();
        let share = |limit| drawn.iter().filter(|s| **s <= limit).count() as f64 / 100_000.0;
        assert!((share(64) - 0.4).abs() < 0.01 && (share(576) - 0.6).abs() < 0.01 && share(1518) == 1.0);
        let mean = drawn.iter().copied().map(f64::from).sum::<f64>() / 100_000.0;
        assert!((mean - sizes.mean(f64::from)).abs() < 5.0);
    }

    #[test]
    fn sizes_off_the_line_are_refused_by_name() {
        let refused = |config| {
            let error = Sizes::new(&config, Random::for_component(1, "test")).unwrap_err();
            (error.key, error.value)
        };
        assert_eq!(refused(SizesConfig::Fixed { bytes: 63 }), ("fixed.bytes".into(), "63".into()));
        assert_eq!(refused(SizesConfig::Imix { middle_bytes: 1 }), ("imix.middle_bytes".into(), "1".into()));
        let range = SizesConfig::Uniform { min_bytes: 100, max_bytes: 99 };
        assert_eq!(refused(range), ("uniform.max_bytes".into(), "99".into()));
    }
}
