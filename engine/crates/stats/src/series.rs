//! Busy time per bin of virtual time, per CPU and context: what the heat map shows.

use crate::{PICOS_PER_NANO, Picos};

/// Busy picoseconds per (bin, cpu, context).
#[derive(Clone, Debug)]
pub struct Series {
    bin_ps: Picos,
    cells_per_bin: usize,
    bins: Vec<Picos>,
    /// The bin added to last: most additions are to the same one.
    last_bin: u64,
}

impl Series {
    /// Bins of `bin_ns`, each with `cells` cells.
    pub fn new(bin_ns: u64, cells: usize) -> Self {
        Series { bin_ps: bin_ns * PICOS_PER_NANO, cells_per_bin: cells, bins: Vec::new(), last_bin: 0 }
    }

    /// Add the time from `start_ps` for `length_ps` to a cell, split where it crosses bins.
    pub fn add(&mut self, cell: usize, mut start_ps: Picos, mut length_ps: Picos) {
        while length_ps > 0 {
            let last_bin_ps = self.last_bin * self.bin_ps;
            if !(last_bin_ps..last_bin_ps + self.bin_ps).contains(&start_ps) {
                self.last_bin = start_ps / self.bin_ps;
            }
            let bin = self.last_bin as usize;
            let part = length_ps.min((self.last_bin + 1) * self.bin_ps - start_ps);
            let index = bin * self.cells_per_bin + cell;
            if index >= self.bins.len() {
                self.bins.resize((bin + 1) * self.cells_per_bin, 0);
            }
            if let Some(value) = self.bins.get_mut(index) {
                *value += part;
            }
            start_ps += part;
            length_ps -= part;
        }
    }

    /// All bins up to the last one touched: start in ns, cell, busy picoseconds (zeroes included).
    pub fn rows(&self) -> impl Iterator<Item = (u64, usize, Picos)> + '_ {
        let bin_ns = self.bin_ps / PICOS_PER_NANO;
        self.bins
            .iter()
            .enumerate()
            .map(move |(i, ps)| ((i / self.cells_per_bin) as u64 * bin_ns, i % self.cells_per_bin, *ps))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn time_is_kept_and_no_bin_overflows(slices in prop::collection::vec((0u64..50_000, 0u64..20_000), 0..50)) {
            let mut series = Series::new(1, 1);
            let mut at = 0;
            let mut total = 0;
            for (gap, length) in slices {
                at += gap;
                series.add(0, at, length);
                at += length;
                total += length;
            }
            prop_assert_eq!(series.rows().map(|(_, _, ps)| ps).sum::<u64>(), total);
            prop_assert!(series.rows().all(|(_, _, ps)| ps <= 1000));
        }
    }
}
