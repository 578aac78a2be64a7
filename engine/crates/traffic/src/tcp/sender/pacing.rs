//! Pacing: segments spread over the round-trip time, as fast as the window allows (`tcp_update_pacing_rate`).

use stage::Nanos;

/// Percent of window per round trip: in slow start (tcp_pacing_ss_ratio), and beyond (tcp_pacing_ca_ratio).
const SLOW_START_PERCENT: u64 = 200;
const AVOIDANCE_PERCENT: u64 = 120;

/// When the next segment may leave.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pacer {
    next_ns: Nanos,
}

impl Pacer {
    /// The time to wait until, if a segment may not leave now.
    pub(super) fn blocked_until_ns(&self, now_ns: Nanos) -> Option<Nanos> {
        (self.next_ns > now_ns).then_some(self.next_ns)
    }

    /// So many bytes leave. Without a round-trip time nothing is spread.
    pub(super) fn sent(
        &mut self,
        now_ns: Nanos,
        bytes: u64,
        window_bytes: u64,
        srtt_ns: Option<Nanos>,
        in_slow_start: bool,
    ) {
        let Some(srtt_ns) = srtt_ns else { return };
        let percent = if in_slow_start { SLOW_START_PERCENT } else { AVOIDANCE_PERCENT };
        let share = u128::from(bytes) * u128::from(srtt_ns) * 100;
        let gap_ns = share / (u128::from(window_bytes.max(1)) * u128::from(percent));
        self.next_ns = self.next_ns.max(now_ns) + gap_ns as Nanos;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_takes_a_round_trip_over_the_ratio() {
        let mut pacer = Pacer::default();
        for _ in 0..10 {
            assert_eq!(
                pacer.blocked_until_ns(1_000_000),
                pacer.blocked_until_ns(0).filter(|ns| *ns > 1_000_000)
            );
            pacer.sent(0, 1_000, 10_000, Some(1_000_000), true);
        }
        assert_eq!(pacer.next_ns, 500_000);
        pacer.sent(0, 1_200, 10_000, Some(1_000_000), false);
        assert_eq!(pacer.next_ns, 600_000);
    }

    #[test]
    fn the_first_window_leaves_at_once() {
        let mut pacer = Pacer::default();
        pacer.sent(5, 1_000, 10_000, None, true);
        assert_eq!(pacer.blocked_until_ns(5), None);
    }
}
