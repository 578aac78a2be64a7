//! What rounds took, by how many frames they had: the constant part and the part per frame can be told apart, and a
//! median is not moved by the rounds in which something else had the CPU.

use stats::Histogram;

/// Rounds with more frames are not told apart.
const MOST_FRAMES: usize = 256;

/// Distributions of a round's time in nanoseconds, by its frames.
#[derive(Debug, Default)]
pub(crate) struct RoundTimes(Vec<Option<Histogram>>);

impl RoundTimes {
    /// A round of so many frames took so long.
    #[inline]
    pub(crate) fn record(&mut self, frames: u64, ns: u64) {
        let at = (frames as usize).min(MOST_FRAMES);
        if at >= self.0.len() {
            self.0.resize_with(at + 1, || None);
        }
        if let Some(place) = self.0.get_mut(at) {
            place.get_or_insert_default().record(ns);
        }
    }

    /// Frames and the distribution, fewest frames first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = (u64, &Histogram)> {
        self.0.iter().enumerate().filter_map(|(frames, place)| Some((frames as u64, place.as_ref()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_told_apart_by_their_frames() {
        let mut times = RoundTimes::default();
        [(1, 100), (64, 900), (1, 102), (5_000, 9)]
            .into_iter()
            .for_each(|(frames, ns)| times.record(frames, ns));
        let rows: Vec<_> = times.rows().map(|(frames, seen)| (frames, seen.total())).collect();
        assert_eq!(rows, [(1, 2), (64, 1), (256, 1)]);
    }
}
