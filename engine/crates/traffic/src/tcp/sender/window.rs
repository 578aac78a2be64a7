//! The congestion window: slow start, and who decides beyond it.

use super::cubic::Cubic;
use super::newreno::NewReno;
use crate::tcp::CongestionControl;
use stage::Nanos;

/// Beyond slow start: the algorithms side by side.
#[derive(Clone, Copy, Debug)]
enum Avoidance {
    NewReno(NewReno),
    Cubic(Cubic),
}

/// Window, threshold, and how they move.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window {
    pub(super) bytes: u64,
    pub(super) threshold_bytes: u64,
    mss: u64,
    /// Segments an acknowledgement may be worth; 0: any.
    byte_counting: u64,
    avoidance: Avoidance,
}

impl Window {
    pub(super) fn new(
        algorithm: CongestionControl,
        mss: u32,
        byte_counting: u32,
        initial: u32,
        threshold: Option<u32>,
    ) -> Self {
        let mss = u64::from(mss);
        Window {
            bytes: mss * u64::from(initial),
            threshold_bytes: threshold.map_or(u64::MAX, |segments| mss * u64::from(segments)),
            mss,
            byte_counting: u64::from(byte_counting),
            avoidance: match algorithm {
                CongestionControl::Newreno => Avoidance::NewReno(NewReno::default()),
                CongestionControl::Cubic => Avoidance::Cubic(Cubic::default()),
            },
        }
    }

    pub(super) fn in_slow_start(&self) -> bool {
        self.bytes < self.threshold_bytes
    }

    /// New data was acknowledged while the window was what limits. `after_timeout`: in the slow start that repeats
    /// what was lost.
    pub(super) fn grow(&mut self, acked_bytes: u64, now_ns: Nanos, srtt_ns: Nanos, after_timeout: bool) {
        if self.in_slow_start() {
            let worth = match self.byte_counting {
                0 => u64::MAX,
                // RFC 3465 section 2.3: L is 1 in the slow start after a timeout.
                _ if after_timeout => self.mss,
                segments => segments * self.mss,
            };
            self.bytes += acked_bytes.min(worth);
            return;
        }
        match &mut self.avoidance {
            Avoidance::NewReno(newreno) => {
                newreno.grow(&mut self.bytes, self.mss, acked_bytes, self.byte_counting);
            }
            Avoidance::Cubic(cubic) => cubic.grow(&mut self.bytes, self.mss, acked_bytes, now_ns, srtt_ns),
        }
    }

    /// A loss: the threshold is what the algorithm leaves of `flight_bytes`.
    fn shrink(&mut self, flight_bytes: u64) {
        let least = 2 * self.mss;
        self.threshold_bytes = match &mut self.avoidance {
            // RFC 5681 equation 4.
            Avoidance::NewReno(newreno) => newreno.shrink(flight_bytes),
            Avoidance::Cubic(cubic) => cubic.shrink(self.bytes, self.mss, flight_bytes),
        }
        .max(least);
    }

    /// Duplicate acknowledgements told of a loss.
    pub(super) fn lost(&mut self, flight_bytes: u64) {
        self.shrink(flight_bytes);
        self.bytes = self.threshold_bytes;
    }

    /// The timer told of it; only the first time is the threshold moved (RFC 5681 section 3.1).
    pub(super) fn timed_out(&mut self, flight_bytes: u64, first: bool) {
        if first {
            self.shrink(flight_bytes);
        }
        if let Avoidance::Cubic(cubic) = &mut self.avoidance {
            cubic.timed_out();
        }
        self.bytes = self.mss;
    }
}
