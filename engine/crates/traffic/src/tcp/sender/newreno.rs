//! Congestion avoidance of RFC 5681.

/// What it remembers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NewReno {
    /// Bytes acknowledged since the window last grew (RFC 3465 section 2.1).
    acked_bytes: u64,
}

impl NewReno {
    /// A segment more for each window acknowledged. With a byte counting of 1 each acknowledgement counts alike,
    /// whatever it acknowledges (RFC 5681 equation 3); else bytes count (RFC 3465 section 2.1).
    pub(super) fn grow(&mut self, window: &mut u64, mss: u64, acked_bytes: u64, byte_counting: u64) {
        if byte_counting == 1 {
            *window += (mss * mss / (*window).max(1)).max(1);
            return;
        }
        self.acked_bytes += acked_bytes;
        while self.acked_bytes >= *window {
            self.acked_bytes -= *window;
            *window += mss;
        }
    }

    /// Half of what is in flight (RFC 5681 equation 4).
    pub(super) fn shrink(&mut self, flight_bytes: u64) -> u64 {
        self.acked_bytes = 0;
        flight_bytes / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_for_each_window() {
        let mut newreno = NewReno::default();
        let mut window = 10_000;
        for _ in 0..5 {
            newreno.grow(&mut window, 1_000, 2_000, 0);
        }
        assert_eq!(window, 11_000);
        assert_eq!(newreno.shrink(11_000), 5_500);
    }

    /// RFC 5681 section 3.1: equation 3 adds SMSS*SMSS/cwnd for every acknowledgement, so that stretched ones slow it.
    #[test]
    fn counted_by_acknowledgements_stretching_slows_it() {
        let grown = |acks: u64| {
            let mut window = 10_000;
            (0..acks).for_each(|_| NewReno::default().grow(&mut window, 1_000, 10_000 / acks, 1));
            window
        };
        assert_eq!(grown(5), 10_490);
        assert_eq!(grown(10), 10_956);
    }
}
