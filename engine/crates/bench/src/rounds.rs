//! Interleaved rounds: ours and the peer's samples alternate within a round, and rounds alternate who starts.

use crate::job::{Job, Sample};
use crate::peer::Peer;

/// How much to measure.
#[derive(Clone, Copy)]
pub(crate) struct Effort {
    /// Rounds per job.
    pub(crate) rounds: u32,
    /// Samples of each side per round; the round counts their median.
    pub(crate) samples: u32,
    /// How long one sample of ours should take, in ns.
    pub(crate) sample_ns: f64,
}

/// Share of its time a thread may have lost to others in a round that counts as undisturbed.
const UNDISTURBED: f64 = 0.01;

/// One round: medians in ns per item.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Round {
    /// Ours.
    pub(crate) ours_ns: f64,
    /// The peer's, if it has the job and runs, or the pace.
    pub(crate) peer_ns: Option<f64>,
    /// The largest share of its time that a thread of ours lost to others, where that is known.
    pub(crate) lost: Option<f64>,
}

/// A job's measurement.
pub(crate) struct Measured {
    /// `stage/operation/parameter`.
    pub(crate) name: &'static str,
    /// What an item is.
    pub(crate) item: &'static str,
    /// What the peer's side is made of.
    pub(crate) peer: &'static str,
    /// What is not equal between the sides.
    pub(crate) unequal: &'static str,
    /// In order.
    pub(crate) rounds: Vec<Round>,
    /// Whether both sides computed the same results; `None` without a peer.
    pub(crate) same_results: Option<bool>,
}

/// Measure one job.
///
/// Errors: the peer failed in the middle of a run.
pub(crate) fn measure(
    job: &mut dyn Job,
    peer: Option<&mut Peer>,
    effort: Effort,
) -> Result<Measured, String> {
    let passes = passes_for(job, effort.sample_ns);
    let (peer_job, peer_parts) = job.peer().unzip();
    let (pace_ns, pace) = job.pace().unzip();
    let mut peer = peer.zip(peer_job);
    let mut same_results = None;
    let mut rounds = Vec::new();
    for number in 0..effort.rounds {
        let (mut ours, mut theirs, mut lost) = (Vec::new(), Vec::new(), None);
        for _ in 0..effort.samples {
            let before = number % 2 == 0;
            let first = if before { Some(job.sample(passes)) } else { None };
            let other = peer.as_mut().map(|(peer, name)| peer.sample(name, passes)).transpose()?;
            let sample = first.unwrap_or_else(|| job.sample(passes));
            ours.push(sample.ns_per_item);
            lost = lost.into_iter().chain(sample.lost).reduce(f64::max);
            if let Some(other) = other {
                theirs.push(other.ns_per_item);
                same_results = Some(same_results.unwrap_or(true) && other.check == sample.check);
            }
        }
        let peer_ns = if theirs.is_empty() { pace_ns } else { Some(median(&mut theirs)) };
        rounds.push(Round { ours_ns: median(&mut ours), peer_ns, lost });
    }
    let (name, item, unequal) = (job.name(), job.item(), job.unequal());
    Ok(Measured { name, item, peer: peer_parts.or(pace).unwrap_or("none"), unequal, rounds, same_results })
}

/// Tries at a number of passes, of which the fastest counts: others may have the CPU.
const TRIES: u32 = 3;

/// Passes that take about `sample_ns`; the runs that find out also warm the caches.
fn passes_for(job: &mut dyn Job, sample_ns: f64) -> u32 {
    let mut passes = 1u32;
    loop {
        let attempt = |_| {
            let start = crate::clock::wall_ns();
            let Sample { .. } = job.sample(passes);
            crate::clock::wall_ns() - start
        };
        let took = (0..TRIES).map(attempt).fold(f64::INFINITY, f64::min);
        if took > sample_ns / 4.0 || passes > 1 << 20 {
            return (f64::from(passes) * sample_ns / took).ceil().max(1.0) as u32;
        }
        passes *= 4;
    }
}

/// The middle value (the upper one of two).
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Measured {
    /// Median over the rounds, ns per item.
    pub(crate) fn ours_ns(&self) -> f64 {
        median(&mut self.rounds.iter().map(|round| round.ours_ns).collect::<Vec<_>>())
    }

    /// The best round, ns per item.
    pub(crate) fn best_ns(&self) -> f64 {
        self.rounds.iter().map(|round| round.ours_ns).fold(f64::NAN, f64::min)
    }

    /// How many rounds were undisturbed and their median, ns per item; `None` where that is not looked at.
    pub(crate) fn undisturbed(&self) -> Option<(usize, f64)> {
        let lost: Vec<_> = self.rounds.iter().map(|round| round.lost).collect::<Option<_>>()?;
        let calm = self.rounds.iter().zip(lost).filter(|(_, lost)| *lost <= UNDISTURBED);
        let mut calm: Vec<_> = calm.map(|(round, _)| round.ours_ns).collect();
        Some((calm.len(), median(&mut calm)))
    }

    /// Items per second at that time.
    pub(crate) fn ours_per_second(&self) -> f64 {
        1e9 / self.ours_ns()
    }

    /// The peer's median over the rounds, ns per item.
    pub(crate) fn peer_ns(&self) -> Option<f64> {
        let mut values: Vec<_> = self.rounds.iter().filter_map(|round| round.peer_ns).collect();
        if values.is_empty() { None } else { Some(median(&mut values)) }
    }

    /// Ours divided by the peer's: smallest, median and largest over the rounds. Below 1 we are faster.
    pub(crate) fn ratio(&self) -> Option<[f64; 3]> {
        let mut values: Vec<_> =
            self.rounds.iter().filter_map(|r| r.peer_ns.map(|peer_ns| r.ours_ns / peer_ns)).collect();
        let middle = median(&mut values);
        Some([*values.first()?, middle, *values.last()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_taken_round_by_round() {
        let round = |ours_ns, peer_ns| Round { ours_ns, peer_ns: Some(peer_ns), lost: None };
        let rounds = vec![round(10.0, 20.0), round(30.0, 30.0), round(12.0, 16.0)];
        let m = Measured { name: "", item: "", peer: "", unequal: "", rounds, same_results: None };
        assert_eq!(m.ratio(), Some([0.5, 0.75, 1.0]));
        assert_eq!((m.ours_ns(), m.peer_ns()), (12.0, Some(20.0)));
    }

    #[test]
    fn without_a_peer_there_is_no_ratio() {
        let rounds = vec![Round { ours_ns: 1.0, peer_ns: None, lost: None }];
        let m = Measured { name: "", item: "", peer: "", unequal: "", rounds, same_results: None };
        assert_eq!((m.ratio(), m.peer_ns(), m.undisturbed()), (None, None, None));
    }

    #[test]
    fn rounds_in_which_others_had_the_cpu_are_told_apart() {
        let round = |ours_ns, lost| Round { ours_ns, peer_ns: None, lost: Some(lost) };
        let rounds =
            vec![round(90.0, 0.3), round(10.0, 0.0), round(9.0, 0.2), round(14.0, 0.01), round(12.0, 0.0)];
        let m = Measured { name: "", item: "", peer: "", unequal: "", rounds, same_results: None };
        assert_eq!((m.ours_ns(), m.best_ns(), m.undisturbed()), (12.0, 9.0, Some((3, 12.0))));
    }
}
