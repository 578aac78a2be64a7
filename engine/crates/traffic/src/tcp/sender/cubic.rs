//! CUBIC (RFC 9438). Windows are in segments and times in seconds here, as in the RFC.

use stage::{NANOS_PER_SECOND, Nanos};

/// Section 4.1.2 and 4.6.
const C: f64 = 0.4;
const BETA: f64 = 0.7;
/// Section 4.3: what makes the Reno-friendly estimate as fast as Reno.
const ALPHA: f64 = 3.0 * (1.0 - BETA) / (1.0 + BETA);

/// What it remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cubic {
    /// W_max: the window before the last reduction, or less (section 4.7).
    max: f64,
    /// cwnd_prior.
    prior: f64,
    /// The present stage of congestion avoidance, once it has begun.
    epoch: Option<Epoch>,
    /// The window's fraction of a byte.
    fraction: f64,
    /// The stage follows a timeout (section 4.8).
    after_timeout: bool,
}

#[derive(Clone, Copy, Debug)]
struct Epoch {
    start_ns: Nanos,
    /// K: when the curve is back at W_max, in seconds.
    k: f64,
    /// W_est.
    estimate: f64,
}

impl Cubic {
    /// Section 4.2 to 4.5.
    pub(super) fn grow(
        &mut self,
        window: &mut u64,
        mss: u64,
        acked_bytes: u64,
        now_ns: Nanos,
        srtt_ns: Nanos,
    ) {
        let segment = mss as f64;
        let cwnd = (*window as f64 + self.fraction) / segment;
        let acked = acked_bytes as f64 / segment;
        let mut epoch = self.epoch.unwrap_or_else(|| self.begin(cwnd, now_ns));
        let t = now_ns.saturating_sub(epoch.start_ns) as f64 / NANOS_PER_SECOND as f64;
        let rtt = srtt_ns as f64 / NANOS_PER_SECOND as f64;
        let curve = |t: f64| C * (t - epoch.k).powi(3) + self.max;
        let target = curve(t + rtt).clamp(cwnd, 1.5 * cwnd);
        // Section 4.3: alpha is 1 once the estimate has come to where the last reduction was.
        let alpha = if epoch.estimate >= self.prior { 1.0 } else { ALPHA };
        epoch.estimate += alpha * acked / cwnd;
        let grown = if curve(t) < epoch.estimate {
            cwnd.max(epoch.estimate)
        } else {
            cwnd + (target - cwnd) / cwnd * acked
        };
        self.epoch = Some(epoch);
        let bytes = grown * segment;
        *window = bytes as u64;
        self.fraction = bytes - *window as f64;
    }

    fn begin(&mut self, cwnd: f64, now_ns: Nanos) -> Epoch {
        if self.after_timeout || self.max < cwnd {
            // Section 4.8, and slow start that ended without a loss: the curve begins at its plateau.
            self.max = cwnd;
            self.after_timeout = false;
        }
        Epoch { start_ns: now_ns, k: ((self.max - cwnd) / C).cbrt(), estimate: cwnd }
    }

    /// Section 4.6 and 4.7; answers the threshold in bytes.
    pub(super) fn shrink(&mut self, window: u64, mss: u64, flight_bytes: u64) -> u64 {
        let cwnd = window as f64 / mss as f64;
        // Fast convergence: leave room for new flows.
        self.max = if cwnd < self.max { cwnd * (1.0 + BETA) / 2.0 } else { cwnd };
        self.prior = cwnd;
        self.epoch = None;
        self.fraction = 0.0;
        (flight_bytes as f64 * BETA) as u64
    }

    /// Section 4.8.
    pub(super) fn timed_out(&mut self) {
        self.epoch = None;
        self.after_timeout = true;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MSS: u64 = 1_000;

    /// Let it grow for `seconds` after a loss at `max` segments, acknowledged every 100 ms.
    fn window_after(max: u64, seconds: f64) -> f64 {
        let mut cubic = Cubic::default();
        let mut window = cubic.shrink(max * MSS, MSS, max * MSS);
        let mut now_ns = 0;
        while now_ns as f64 <= seconds * 1e9 {
            // A window's worth in ten acknowledgements per round trip.
            let acked = window / 10;
            cubic.grow(&mut window, MSS, acked, now_ns, 100_000_000);
            now_ns += 10_000_000;
        }
        window as f64 / MSS as f64
    }

    /// Section 4.2: K = cbrt(W_max (1 - beta) / C); there the window is W_max again.
    #[test]
    fn the_curve_is_back_after_k_seconds() {
        let max: f64 = 1_000.0;
        let k = (max * (1.0 - BETA) / C).cbrt();
        assert!((k - 9.086).abs() < 1e-3);
        let back = window_after(1_000, k);
        assert!((back - max).abs() < 3.0, "{back}");
        let half = window_after(1_000, k / 2.0);
        let expected = max - C * (k / 2.0).powi(3);
        assert!((half - expected).abs() < 10.0, "{half} {expected}");
        assert!(window_after(1_000, 2.0 * k) > 1_200.0);
    }

    #[test]
    fn a_loss_leaves_seven_tenths_and_a_second_one_converges_faster() {
        let mut cubic = Cubic::default();
        assert_eq!(cubic.shrink(1_000 * MSS, MSS, 1_000 * MSS), 700 * MSS);
        assert_eq!(cubic.max, 1_000.0);
        cubic.shrink(700 * MSS, MSS, 700 * MSS);
        assert_eq!(cubic.max, 700.0 * 1.7 / 2.0);
    }

    /// Section 4.3: in small windows it is no slower than Reno.
    #[test]
    fn a_small_window_grows_as_renos() {
        let mut cubic = Cubic::default();
        let mut window = cubic.shrink(10 * MSS, MSS, 10 * MSS);
        // 20 round trips of 1 ms: the curve has hardly moved, Reno's estimate by ALPHA a round and then by 1.
        for round in 0..20 {
            for _ in 0..10 {
                let acked = window / 10;
                cubic.grow(&mut window, MSS, acked, round * 1_000_000, 1_000_000);
            }
        }
        // 7 to 10 in 5.7 rounds, then one a round.
        assert!((23 * MSS..25 * MSS).contains(&window), "{window}");
    }
}
