//! The retransmission timer (RFC 6298).

use stage::Nanos;

/// Clock granularity: a millisecond, as the kernel's.
const GRANULARITY_NS: Nanos = 1_000_000;
/// Before a round-trip time is known (section 2.1).
const INITIAL_NS: Nanos = 1_000_000_000;
/// Upper bound (section 2.5).
const MAX_NS: Nanos = 60_000_000_000;

/// Round-trip estimate and timeout.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rto {
    min_ns: Nanos,
    srtt_ns: Option<Nanos>,
    variation_ns: Nanos,
    timeout_ns: Nanos,
    /// When it runs out, if it runs.
    deadline_ns: Option<Nanos>,
}

impl Rto {
    pub(super) fn new(min_ns: Nanos) -> Self {
        let timeout_ns = INITIAL_NS.max(min_ns);
        Rto { min_ns, srtt_ns: None, variation_ns: 0, timeout_ns, deadline_ns: None }
    }

    pub(super) fn srtt_ns(&self) -> Option<Nanos> {
        self.srtt_ns
    }

    pub(super) fn deadline_ns(&self) -> Option<Nanos> {
        self.deadline_ns
    }

    /// A segment that was sent once took so long to be acknowledged (sections 2.2 and 2.3).
    pub(super) fn measured(&mut self, rtt_ns: Nanos) {
        let srtt_ns = match self.srtt_ns {
            None => {
                self.variation_ns = rtt_ns / 2;
                rtt_ns
            }
            Some(srtt_ns) => {
                self.variation_ns = (3 * self.variation_ns + srtt_ns.abs_diff(rtt_ns)) / 4;
                (7 * srtt_ns + rtt_ns) / 8
            }
        };
        self.srtt_ns = Some(srtt_ns);
        let timeout_ns = srtt_ns + GRANULARITY_NS.max(4 * self.variation_ns);
        self.timeout_ns = timeout_ns.clamp(self.min_ns, MAX_NS);
    }

    /// Run out a timeout from now (sections 5.1 and 5.3).
    pub(super) fn restart(&mut self, now_ns: Nanos) {
        self.deadline_ns = Some(now_ns + self.timeout_ns);
    }

    /// Start it unless it runs.
    pub(super) fn start(&mut self, now_ns: Nanos) {
        if self.deadline_ns.is_none() {
            self.restart(now_ns);
        }
    }

    /// Nothing is outstanding (section 5.2).
    pub(super) fn stop(&mut self) {
        self.deadline_ns = None;
    }

    /// It ran out: wait twice as long from now on (sections 5.5 and 5.6).
    pub(super) fn back_off(&mut self, now_ns: Nanos) {
        self.timeout_ns = (self.timeout_ns * 2).min(MAX_NS);
        self.restart(now_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Nanos = 1_000_000;

    /// RFC 6298 section 2: first R gives SRTT = R, RTTVAR = R/2, RTO = R + 4 R/2; then beta 1/4, alpha 1/8.
    #[test]
    fn the_estimate_follows_the_rfc() {
        let mut rto = Rto::new(MS);
        rto.measured(100 * MS);
        assert_eq!((rto.srtt_ns, rto.variation_ns, rto.timeout_ns), (Some(100 * MS), 50 * MS, 300 * MS));
        rto.measured(140 * MS);
        assert_eq!((rto.srtt_ns, rto.variation_ns, rto.timeout_ns), (Some(105 * MS), 47_500_000, 295 * MS));
    }

    #[test]
    fn it_doubles_up_to_a_minute_and_keeps_its_least() {
        let mut rto = Rto::new(200 * MS);
        assert_eq!(rto.timeout_ns, 1_000 * MS);
        rto.measured(MS);
        assert_eq!(rto.timeout_ns, 200 * MS);
        rto.back_off(0);
        assert_eq!(rto.deadline_ns(), Some(400 * MS));
        (0..20).for_each(|_| rto.back_off(0));
        assert_eq!(rto.deadline_ns(), Some(60_000 * MS));
    }
}
