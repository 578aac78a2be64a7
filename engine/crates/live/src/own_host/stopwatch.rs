//! Where a thread's time goes, by operation: each report of a stage ends one lap and begins the next.

use crate::clock::Clock;
use stage::Op;

/// Told what a stage reports, in order.
pub(crate) trait Stopwatch {
    /// `units` of `op` are done from here on.
    fn begin(&mut self, op: Op, units: u32);

    /// Work on `op` follows; its units are counted elsewhere, or later.
    fn enter(&mut self, op: Op);
}

/// Nobody measures: costs nothing.
pub(crate) struct Off;

impl Stopwatch for Off {
    #[inline]
    fn begin(&mut self, _op: Op, _units: u32) {}
    #[inline]
    fn enter(&mut self, _op: Op) {}
}

/// Laps kept between two evaluations. A round of 64 frames has about a thousand.
const MOST_LAPS: usize = 8192;

/// The operation is in the top byte of a mark, the counter in the rest.
const OP_SHIFT: u32 = 56;

/// Marks of what began when, in order. Only written to while time is taken: what a lap adds to the work it measures is
/// one read of the counter and one store behind the last.
pub(crate) struct Laps {
    clock: Clock,
    marks: Vec<u64>,
    /// Units by operation.
    units: [u64; Op::COUNT],
}

impl Laps {
    pub(crate) fn new(clock: Clock) -> Self {
        Laps { clock, marks: Vec::with_capacity(MOST_LAPS), units: [0; Op::COUNT] }
    }

    /// Forget what was marked.
    pub(crate) fn clear(&mut self) {
        self.marks.clear();
        self.units = [0; Op::COUNT];
    }

    /// Whether there was no room for some.
    pub(crate) fn overflown(&self) -> bool {
        self.marks.len() == MOST_LAPS
    }

    /// Units by operation.
    pub(crate) fn units(&self) -> &[u64; Op::COUNT] {
        &self.units
    }

    /// Each lap: its operation and its ticks.
    pub(crate) fn each(&self) -> impl Iterator<Item = (Op, u64)> + '_ {
        const TICKS: u64 = (1 << OP_SHIFT) - 1;
        self.marks.windows(2).filter_map(|pair| match pair {
            [mark, next] => {
                let op = *Op::ALL.get((mark >> OP_SHIFT) as usize)?;
                Some((op, (next & TICKS).saturating_sub(mark & TICKS)))
            }
            _ => None,
        })
    }
}

impl Stopwatch for Laps {
    #[inline]
    fn begin(&mut self, op: Op, units: u32) {
        if units == 0 {
            return;
        }
        if let Some(count) = self.units.get_mut(op as usize) {
            *count += u64::from(units);
        }
        self.enter(op);
    }

    #[inline]
    fn enter(&mut self, op: Op) {
        if self.marks.len() < MOST_LAPS {
            // The counter passes 2^56 after half a year of uptime at 4 GHz; a lap across that moment counts as 0.
            let ticks = self.clock.ticks() & ((1 << OP_SHIFT) - 1);
            self.marks.push((op as u64) << OP_SHIFT | ticks);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lap_is_its_operations_until_the_next_begins() {
        let mut laps = Laps::new(Clock::start());
        laps.begin(Op::IpReceive, 2);
        laps.begin(Op::IpHeader, 0);
        laps.enter(Op::Refill);
        std::thread::sleep(std::time::Duration::from_millis(2));
        laps.begin(Op::Refill, 3);
        laps.enter(Op::Poll);
        let seen: Vec<_> = laps.each().collect();
        assert_eq!(
            seen.iter().map(|(op, _)| *op).collect::<Vec<_>>(),
            [Op::IpReceive, Op::Refill, Op::Refill]
        );
        assert!(seen[1].1 as f64 * laps.clock.ns_per_tick() >= 2e6 && seen[1].1 > seen[0].1);
        assert_eq!(laps.units()[Op::IpReceive as usize], 2);
        assert_eq!(laps.units()[Op::IpHeader as usize], 0);
        assert_eq!(laps.units()[Op::Refill as usize], 3);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let mut laps = Laps::new(Clock::start());
        (0..MOST_LAPS + 7).for_each(|_| laps.begin(Op::Poll, 1));
        assert!(laps.overflown() && laps.each().count() == MOST_LAPS - 1);
        laps.clear();
        assert!(laps.each().count() == 0 && laps.units()[Op::Poll as usize] == 0);
    }
}
