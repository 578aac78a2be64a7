//! How a frame ends, and the conservation law over all frames.

use crate::DropReason;
use std::fmt;

/// The one end of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Accepted by its consumer: in a socket's receive queue, or read from it.
    Delivered,
    /// Discarded, and why.
    Dropped(DropReason),
    /// Still inside: in a ring, a backlog, a reassembly or a resolution queue.
    Pending,
    /// Merged into another frame, reassembled, or handled by the engine's control.
    Consumed,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Delivered => f.write_str("delivered"),
            Verdict::Dropped(reason) => write!(f, "dropped:{}", reason.name()),
            Verdict::Pending => f.write_str("pending"),
            Verdict::Consumed => f.write_str("consumed"),
        }
    }
}

/// Counts of verdicts. What has been received and has no final verdict yet is pending, so the law
/// `rx = delivered + Σ dropped + pending + consumed` is checked by counting the pending frames independently:
/// see [`Tally::holds`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Frames offered by the wire.
    pub rx: u64,
    /// Frames accepted by their consumer.
    pub delivered: u64,
    /// Frames merged, reassembled or handled by control.
    pub consumed: u64,
    dropped: [u64; DropReason::COUNT],
}

impl Default for Tally {
    fn default() -> Self {
        Tally { rx: 0, delivered: 0, consumed: 0, dropped: [0; DropReason::COUNT] }
    }
}

impl Tally {
    /// Count a final verdict; `Pending` is not final and counts nothing.
    #[inline]
    pub fn count(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Delivered => self.delivered += 1,
            Verdict::Consumed => self.consumed += 1,
            Verdict::Dropped(reason) => self.dropped[reason as usize] += 1,
            Verdict::Pending => {}
        }
    }

    /// Frames dropped for this reason.
    #[inline]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.dropped[reason as usize]
    }

    /// Frames dropped, all reasons.
    pub fn dropped_total(&self) -> u64 {
        self.dropped.iter().sum()
    }

    /// Reasons that occurred, with their counts, in declaration order.
    pub fn dropped_by_reason(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL.iter().map(|r| (*r, self.dropped(*r))).filter(|(_, n)| *n > 0)
    }

    /// Add another tally (a queue's to the total).
    pub fn add(&mut self, other: &Tally) {
        self.rx += other.rx;
        self.delivered += other.delivered;
        self.consumed += other.consumed;
        for (mine, theirs) in self.dropped.iter_mut().zip(other.dropped) {
            *mine += theirs;
        }
    }

    /// The conservation law, given how many frames were found inside by walking every place that can hold one.
    pub fn holds(&self, found_pending: u64) -> bool {
        self.rx == self.delivered + self.dropped_total() + found_pending + self.consumed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_law_holds_exactly_when_nothing_is_lost(ends in prop::collection::vec(0usize..DropReason::COUNT + 3, 0..200), lost in 0u64..2) {
            let mut tally = Tally::default();
            let mut pending = 0;
            for end in ends {
                tally.rx += 1;
                let verdict = match end.checked_sub(3) {
                    Some(i) => Verdict::Dropped(DropReason::ALL[i]),
                    None => [Verdict::Delivered, Verdict::Pending, Verdict::Consumed][end],
                };
                if verdict == Verdict::Pending { pending += 1; }
                tally.count(verdict);
            }
            tally.rx += lost;
            prop_assert_eq!(tally.holds(pending), lost == 0);
        }
    }

    #[test]
    fn verdicts_read_as_documented() {
        assert_eq!(Verdict::Dropped(DropReason::IpCsum).to_string(), "dropped:ip_csum");
        assert_eq!(Verdict::Delivered.to_string(), "delivered");
    }
}
