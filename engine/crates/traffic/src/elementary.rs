//! Logarithm and exponential in plain IEEE arithmetic. The platform's libm may round differently elsewhere; these
//! give the same bits on every machine, and so do the traffic sequences made from them.

use stage::Random;
use std::f64::consts::{LN_2, SQRT_2};

/// Natural logarithm of a positive normal number; error below 1e-15 relative to max(1, |result|).
pub(crate) fn natural_logarithm(x: f64) -> f64 {
    let bits = x.to_bits();
    let mut exponent = ((bits >> 52) & 0x7ff) as f64 - 1023.0;
    let mut mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    if mantissa > SQRT_2 {
        mantissa *= 0.5;
        exponent += 1.0;
    }
    // ln m = 2 artanh s with s = (m - 1) / (m + 1); |s| < 0.172, so that eleven terms reach the last bit. The sum is
    // taken in pairs (Estrin), which the processor can do side by side.
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let z2 = z * z;
    let z4 = z2 * z2;
    let low = (1.0 + z * (1.0 / 3.0)) + z2 * (1.0 / 5.0 + z * (1.0 / 7.0));
    let middle = (1.0 / 9.0 + z * (1.0 / 11.0)) + z2 * (1.0 / 13.0 + z * (1.0 / 15.0));
    let high = (1.0 / 17.0 + z * (1.0 / 19.0)) + z2 * (1.0 / 21.0);
    let series = low + z4 * (middle + z4 * high);
    exponent * LN_2 + 2.0 * s * series
}

/// `e^x` for x in -700..=700; relative error below 1e-13.
pub(crate) fn exponential(x: f64) -> f64 {
    let doublings = (x / LN_2).round();
    let rest = x - doublings * LN_2;
    let series = (1..=18).rev().fold(1.0, |sum, k| 1.0 + sum * rest / f64::from(k));
    series * f64::from_bits(((doublings as i64 + 1023) as u64) << 52)
}

/// A draw of the exponential distribution with mean 1, by inversion.
#[inline]
pub(crate) fn exponential_variate(random: &mut Random) -> f64 {
    -natural_logarithm(1.0 - random.unit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_logarithm_agrees_with_the_platform(x in 1e-300f64..1e300) {
            prop_assert!((natural_logarithm(x) - x.ln()).abs() <= 1e-15 * x.ln().abs().max(1.0));
        }

        #[test]
        fn the_logarithm_agrees_near_one(x in 0.5f64..2.0) {
            prop_assert!((natural_logarithm(x) - x.ln()).abs() <= 1e-15);
        }

        #[test]
        fn the_exponential_agrees_with_the_platform(x in -700.0f64..700.0) {
            prop_assert!((exponential(x) / x.exp() - 1.0).abs() <= 1e-13);
        }
    }

    #[test]
    fn exponential_variates_have_mean_and_deviation_one() {
        let mut random = Random::for_component(1, "test");
        let draws: Vec<f64> = (0..200_000).map(|_| exponential_variate(&mut random)).collect();
        let mean = draws.iter().sum::<f64>() / 200_000.0;
        let variance = draws.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / 200_000.0;
        assert!((mean - 1.0).abs() < 0.01 && (variance - 1.0).abs() < 0.03, "{mean} {variance}");
    }
}
