//! The line: when a frame's last bit arrives, and when the next frame may begin.

use stage::{NANOS_PER_SECOND, Nanos};

/// Preamble and start-of-frame delimiter before each frame (IEEE 802.3 clause 3.1.1).
pub const PREAMBLE_BYTES: u32 = 8;
/// Least gap between frames (IEEE 802.3 clause 4.4.2: 96 bit times).
pub const GAP_BYTES: u32 = 12;
/// Frame check sequence: on the wire and in frame sizes, not in the engine's buffers.
pub const FCS_BYTES: u32 = 4;
/// Smallest frame on the wire, with FCS.
pub const MIN_FRAME_BYTES: u32 = 64;

/// Bit times a frame of `wire_bytes` (with FCS) occupies the line, preamble and gap included.
#[inline]
pub fn slot_bits(wire_bytes: u32) -> u64 {
    u64::from(wire_bytes.max(MIN_FRAME_BYTES) + PREAMBLE_BYTES + GAP_BYTES) * 8
}

/// A point in time that advances by units of 1/`per_second` s. The part of a nanosecond that is left over is carried
/// as an exact fraction, so that no number of steps drifts.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    ns: Nanos,
    /// Numerator of the fraction of a nanosecond, below `denominator`.
    remainder: u64,
    /// A unit lasts `numerator / denominator` ns, in lowest terms.
    numerator: u64,
    denominator: u64,
}

impl Pace {
    /// At time 0, with units of 1/`per_second` s (a rate of 0 counts as 1).
    pub fn new(per_second: u64) -> Self {
        let per_second = per_second.max(1);
        let divisor = greatest_common_divisor(NANOS_PER_SECOND, per_second);
        Pace { ns: 0, remainder: 0, numerator: NANOS_PER_SECOND / divisor, denominator: per_second / divisor }
    }

    /// Go `units` forward.
    #[inline]
    pub fn advance(&mut self, units: u64) {
        let numerator = units.saturating_mul(self.numerator).saturating_add(self.remainder);
        self.ns = self.ns.saturating_add(numerator / self.denominator);
        self.remainder = numerator % self.denominator;
    }

    /// Wait until `at_ns`, if that lies ahead.
    #[inline]
    pub fn wait_until(&mut self, at_ns: Nanos) {
        if at_ns > self.ns {
            self.ns = at_ns;
            self.remainder = 0;
        }
    }

    /// The last whole nanosecond that has passed.
    #[inline]
    pub fn floor_ns(&self) -> Nanos {
        self.ns
    }

    /// The first whole nanosecond that is not before this point.
    #[inline]
    pub fn ceil_ns(&self) -> Nanos {
        self.ns.saturating_add(u64::from(self.remainder > 0))
    }
}

fn greatest_common_divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// One direction of a link: carries one frame after the other.
#[derive(Clone, Debug)]
pub struct Line {
    /// When the next preamble may begin.
    free: Pace,
}

impl Line {
    /// An idle line of `rate_bps`.
    pub fn new(rate_bps: u64) -> Self {
        Line { free: Pace::new(rate_bps) }
    }

    /// Send a frame of `wire_bytes` (with FCS) at `sent_ns`, or as soon after that as the line is free. Returns when
    /// its last bit has arrived, rounded up: no frame is there before it is there.
    #[inline]
    pub fn carry(&mut self, sent_ns: Nanos, wire_bytes: u32) -> Nanos {
        self.free.wait_until(sent_ns);
        self.free.advance(slot_bits(wire_bytes) - u64::from(GAP_BYTES) * 8);
        let arrived_ns = self.free.ceil_ns();
        self.free.advance(u64::from(GAP_BYTES) * 8);
        arrived_ns
    }

    /// When the line will be free: the end of the gap behind the last frame, rounded down.
    pub fn free_ns(&self) -> Nanos {
        self.free.floor_ns()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 2544 frame sizes and the rates of 10 Gb/s Ethernet, frames per second.
    const TEN_GIGABIT: [(u32, u64); 7] = [
        (64, 14_880_952),
        (128, 8_445_945),
        (256, 4_528_985),
        (512, 2_349_624),
        (1024, 1_197_318),
        (1280, 961_538),
        (1518, 812_743),
    ];

    #[test]
    fn ten_gigabit_carries_the_published_rates() {
        for (wire_bytes, published_pps) in TEN_GIGABIT {
            let mut line = Line::new(10_000_000_000);
            let mut frames = 0;
            loop {
                line.carry(0, wire_bytes);
                if line.free_ns() >= NANOS_PER_SECOND {
                    break;
                }
                frames += 1;
            }
            assert_eq!(frames, published_pps, "{wire_bytes} B");
        }
    }

    #[test]
    fn an_idle_line_delays_by_preamble_and_frame() {
        let mut line = Line::new(10_000_000_000);
        assert_eq!(line.carry(1000, 64), 1058); // 72 B take 57.6 ns
        assert_eq!(line.carry(1000, 64), 1125); // behind it: 1067.2 + 57.6
        assert_eq!(line.carry(9000, 64), 9058);
    }

    proptest! {
        #[test]
        fn the_pace_is_exact(per_second in 1u64..200_000_000_000, steps in prop::collection::vec(1u64..100_000, 1..200)) {
            let mut pace = Pace::new(per_second);
            let mut units = 0u128;
            for step in steps {
                pace.advance(step);
                units += u128::from(step);
                let exact = units * u128::from(NANOS_PER_SECOND);
                prop_assert_eq!(u128::from(pace.floor_ns()), exact / u128::from(per_second));
                prop_assert_eq!(u128::from(pace.ceil_ns()), exact.div_ceil(u128::from(per_second)));
            }
        }
    }
}
