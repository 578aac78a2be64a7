//! What each operation takes on this machine: some rounds of a host thread are timed operation by operation, the others
//! are left alone and say what the path takes undisturbed.

use super::round_times::RoundTimes;
use super::stopwatch::{Laps, Stopwatch};
use crate::clock::Clock;
use stage::Op;
use stats::Histogram;

/// Of so many rounds with frames,
const PERIOD_ROUNDS: u32 = 64;
/// the last so many are timed,
const TIMED_ROUNDS: u32 = 8;
/// of which the first count for nothing: the timed copy of the code is not in the caches yet.
const WARM_UP_ROUNDS: u32 = 2;

/// A lap longer than this was interrupted, and its round is left out.
const INTERRUPTED_NS: f64 = 30_000.0;

/// Reads of the counter by which its own cost is found.
const OWN_COST_LAPS: usize = 4096;

/// Times rounds by turns.
pub(crate) struct OpMeter {
    laps: Laps,
    ns_per_tick: f64,
    /// Where in the period the coming round is.
    position: u32,
    times: OpTimes,
}

/// What one operation took in the timed rounds.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpTime {
    /// Units reported.
    pub(crate) units: u64,
    /// Stretches of work, each with a look at the clock in it.
    pub(crate) laps: u64,
    pub(crate) ticks: u64,
    /// Ticks of a lap.
    pub(crate) distribution: Histogram,
}

/// What a thread's rounds came to.
#[derive(Debug)]
pub(crate) struct OpTimes {
    /// In `Op::ALL` order.
    pub(crate) ops: Vec<OpTime>,
    pub(crate) ns_per_tick: f64,
    /// What a lap takes that has no work in it.
    pub(crate) own_cost_ns: f64,
    /// Frames taken in the rounds that were timed by operation and count.
    pub(crate) frames: u64,
    /// Rounds left alone.
    pub(crate) plain: RoundTimes,
}

impl OpMeter {
    /// A meter on the thread that will use it; finds its own cost.
    pub(crate) fn new(clock: Clock) -> Self {
        let mut laps = Laps::new(clock);
        (0..=OWN_COST_LAPS).for_each(|_| laps.begin(Op::Poll, 1));
        let mut own: Vec<u64> = laps.each().map(|(_, ticks)| ticks).collect();
        own.sort_unstable();
        let ns_per_tick = clock.ns_per_tick();
        let own_cost_ns = own.get(own.len() / 2).map_or(0.0, |ticks| *ticks as f64 * ns_per_tick);
        let times = OpTimes {
            ops: vec![OpTime::default(); Op::COUNT],
            ns_per_tick,
            own_cost_ns,
            frames: 0,
            plain: RoundTimes::default(),
        };
        OpMeter { laps, ns_per_tick, position: 0, times }
    }

    /// The laps of the coming round, if it is to be timed.
    #[inline]
    pub(crate) fn timing(&mut self) -> Option<&mut Laps> {
        if self.position < PERIOD_ROUNDS - TIMED_ROUNDS {
            return None;
        }
        self.laps.clear();
        Some(&mut self.laps)
    }

    /// The round is over: it took so many frames and so long. Rounds without frames are not told.
    pub(crate) fn round(&mut self, frames: u64, ns: u64) {
        let timed_before = self.position.checked_sub(PERIOD_ROUNDS - TIMED_ROUNDS);
        self.position = (self.position + 1) % PERIOD_ROUNDS;
        match timed_before {
            None => self.times.plain.record(frames, ns),
            Some(before) if before >= WARM_UP_ROUNDS => self.count(frames),
            Some(_) => {}
        }
    }

    fn count(&mut self, frames: u64) {
        let limit = (INTERRUPTED_NS / self.ns_per_tick) as u64;
        if self.laps.overflown() || self.laps.each().any(|(_, ticks)| ticks > limit) {
            return;
        }
        let times = &mut self.times;
        times.frames += frames;
        for (time, units) in times.ops.iter_mut().zip(self.laps.units()) {
            time.units += units;
        }
        for (op, ticks) in self.laps.each() {
            if let Some(time) = times.ops.get_mut(op as usize) {
                time.laps += 1;
                time.ticks += ticks;
                time.distribution.record(ticks);
            }
        }
    }

    pub(crate) fn into_times(self) -> OpTimes {
        self.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn round(meter: &mut OpMeter, frames: u64) -> bool {
        let timed = match meter.timing() {
            Some(laps) => {
                (0..frames).for_each(|_| laps.begin(Op::IpReceive, 1));
                laps.enter(Op::Poll);
                true
            }
            None => false,
        };
        meter.round(frames, 10 * frames);
        timed
    }

    proptest! {
        #[test]
        fn each_round_is_plain_timed_interrupted_or_warming_up(rounds in prop::collection::vec(1_u64..80, 0..400)) {
            let mut meter = OpMeter::new(Clock::start());
            let timed = rounds.iter().filter(|frames| round(&mut meter, **frames)).count() as u64;
            let times = meter.into_times();
            let plain: u64 = times.plain.rows().map(|(_, distribution)| distribution.total()).sum();
            prop_assert_eq!(plain + timed, rounds.len() as u64);
            prop_assert_eq!(times.ops[Op::IpReceive as usize].units, times.frames);
            prop_assert_eq!(times.ops[Op::IpReceive as usize].laps, times.frames);
        }
    }

    #[test]
    fn a_round_that_was_interrupted_is_left_out() {
        let mut meter = OpMeter::new(Clock::start());
        (0..PERIOD_ROUNDS - 1).for_each(|_| {
            round(&mut meter, 1);
        });
        let before = meter.times.frames;
        assert!(before > 0);
        let laps = meter.timing().unwrap();
        laps.begin(Op::IpReceive, 1);
        std::thread::sleep(std::time::Duration::from_millis(1));
        laps.enter(Op::Poll);
        meter.round(1, 1_000_000);
        assert_eq!(meter.times.frames, before);
    }

    #[test]
    fn its_own_cost_is_that_of_a_look_at_the_clock() {
        let own_cost_ns = OpMeter::new(Clock::start()).times.own_cost_ns;
        assert!(own_cost_ns > 0.0 && own_cost_ns < 10_000.0, "{own_cost_ns}");
    }
}
