//! How many rules may be written per second.

use stage::{NANOS_PER_SECOND, Nanos};

/// A rate with a burst of a thousandth of a second's worth, at least one (the generic cell rate algorithm, ITU-T
/// I.371 annex A).
#[derive(Clone, Copy, Debug)]
pub(super) struct Budget {
    interval_ns: Nanos,
    tolerance_ns: Nanos,
    /// When the next one is due at the rate.
    due_ns: Nanos,
}

impl Budget {
    /// `per_second` at most 10^9; 0: any number.
    pub(super) fn new(per_second: u64) -> Self {
        let interval_ns = NANOS_PER_SECOND.checked_div(per_second).unwrap_or(0);
        let burst = (per_second / 1_000).max(1);
        Budget { interval_ns, tolerance_ns: interval_ns * (burst - 1), due_ns: 0 }
    }

    /// Whether one more may be written now, which then counts.
    pub(super) fn take(&mut self, now_ns: Nanos) -> bool {
        // Of two CPUs one may be a step ahead: without a limit their times do not matter.
        if self.interval_ns > 0 && self.due_ns > now_ns + self.tolerance_ns {
            return false;
        }
        self.due_ns = self.due_ns.max(now_ns) + self.interval_ns;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_holds_and_a_burst_passes() {
        let mut budget = Budget::new(10_000);
        assert_eq!((0..100).filter(|_| budget.take(5_000)).count(), 10, "a millisecond's worth at once");
        let second = (0..1_000_000).filter(|i| budget.take(10_000 + i * 1_000)).count();
        assert!((9_990..=10_011).contains(&second), "{second}");
    }

    #[test]
    fn nothing_said_is_no_limit() {
        let mut budget = Budget::new(0);
        assert!((0..1_000_000).all(|i| budget.take(1_000_000 - i)));
    }
}
