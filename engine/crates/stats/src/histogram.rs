//! Log-linear histogram: 128 buckets per power of two, so that a bucket is within 0.8 % of its values. The layout is
//! plain enough for numpy and BPF: mergeable by adding counts.

/// Sub-bucket bits.
pub(crate) const SUB_BITS: u32 = 7;
/// Values at or above 2^`TOP_BITS` ns (68 s) fall into the last bucket.
pub(crate) const TOP_BITS: u32 = 36;
const BUCKETS: usize = ((TOP_BITS - SUB_BITS + 1) << SUB_BITS) as usize;

/// Counts of values in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Histogram {
    counts: Box<[u32]>,
}

impl Default for Histogram {
    fn default() -> Self {
        Histogram { counts: vec![0; BUCKETS].into_boxed_slice() }
    }
}

/// The bucket of a value.
#[inline]
pub(crate) fn bucket(value_ns: u64) -> usize {
    let magnitude = (63 - (value_ns | 1).leading_zeros()).saturating_sub(SUB_BITS);
    (((u64::from(magnitude)) << SUB_BITS) + (value_ns >> magnitude)).min(BUCKETS as u64 - 1) as usize
}

/// The smallest value of a bucket.
#[inline]
pub(crate) fn bucket_floor_ns(bucket: usize) -> u64 {
    let magnitude = (bucket as u64 >> SUB_BITS).saturating_sub(1);
    (bucket as u64 - (magnitude << SUB_BITS)) << magnitude
}

impl Histogram {
    /// Count a value.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        self.record_times(value_ns, 1);
    }

    /// Count a value that occurred so many times.
    #[inline]
    pub fn record_times(&mut self, value_ns: u64, times: u32) {
        if let Some(count) = self.counts.get_mut(bucket(value_ns)) {
            *count = count.saturating_add(times);
        }
    }

    /// Add another histogram's counts.
    pub fn absorb(&mut self, other: &Histogram) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine = mine.saturating_add(*theirs);
        }
    }

    /// Buckets that hold something: lowest value, first value beyond, count.
    pub fn rows(&self) -> impl Iterator<Item = (u64, u64, u32)> + '_ {
        let filled = self.counts.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(i, count)| (bucket_floor_ns(i), bucket_floor_ns(i + 1), *count))
    }

    /// The smallest value of the bucket that so many of a hundred values do not lie beyond; 0 without values.
    pub fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let reached = self.rows().find(|(_, _, count)| {
            seen += u64::from(*count);
            seen >= rank
        });
        reached.map_or(0, |(low, ..)| low)
    }

    /// Values counted.
    pub fn total(&self) -> u64 {
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn percentiles_are_values_that_were_counted() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(50), 0);
        (1..=100).for_each(|value| histogram.record(value));
        assert_eq!([1, 10, 50, 90, 100].map(|percent| histogram.percentile(percent)), [1, 10, 50, 90, 100]);
    }

    proptest! {
        #[test]
        fn a_value_lies_in_its_bucket_within_one_percent(value in 0u64..(1 << TOP_BITS)) {
            let i = bucket(value);
            let (low, high) = (bucket_floor_ns(i), bucket_floor_ns(i + 1));
            prop_assert!(low <= value && value < high, "{low} <= {value} < {high}");
            prop_assert!((high - low) as f64 <= (1.0_f64).max(low as f64 / 127.0));
        }

        #[test]
        fn nothing_is_lost(values in prop::collection::vec(any::<u64>(), 0..100)) {
            let mut histogram = Histogram::default();
            values.iter().for_each(|v| histogram.record(*v));
            prop_assert_eq!(histogram.total(), values.len() as u64);
        }
    }
}
