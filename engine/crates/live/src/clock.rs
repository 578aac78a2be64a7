//! Real time in nanoseconds since a run began, from the time stamp counter where it can be trusted.

use stage::{NANOS_PER_SECOND, Nanos};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long the counter is compared with the system's clock: its error is then below 10 ppm.
const CALIBRATION: Duration = Duration::from_millis(20);

/// Readings of which the best is taken.
const READINGS: u32 = 32;

/// A clock all threads of a run share.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Clock {
    /// `ns = (counter - start) * scale / 2^32`.
    Counter { start: u64, scale: u64 },
    /// The system's monotonic clock.
    System(Instant),
}

impl Clock {
    /// A clock that stands at 0 now.
    pub(crate) fn start() -> Clock {
        static SCALE: OnceLock<Option<u64>> = OnceLock::new();
        match SCALE.get_or_init(calibrate) {
            Some(scale) => Clock::Counter { start: counter::read(), scale: *scale },
            None => Clock::System(Instant::now()),
        }
    }

    /// Nanoseconds since the start.
    #[inline]
    pub(crate) fn now_ns(&self) -> Nanos {
        match self {
            Clock::Counter { start, scale } => {
                // Counters of two cores may differ by a few ticks: time before the start is the start.
                let ticks = counter::read().saturating_sub(*start);
                ((u128::from(ticks) * u128::from(*scale)) >> 32) as Nanos
            }
            Clock::System(start) => start.elapsed().as_nanos() as Nanos,
        }
    }
}

impl Clock {
    /// Where the counter stands, in ticks of [`Clock::ns_per_tick`]: for short spans, at the price of one instruction.
    #[inline]
    pub(crate) fn ticks(&self) -> u64 {
        match self {
            Clock::Counter { .. } => counter::read(),
            Clock::System(start) => start.elapsed().as_nanos() as u64,
        }
    }

    /// Nanoseconds in a tick.
    pub(crate) fn ns_per_tick(&self) -> f64 {
        match self {
            Clock::Counter { scale, .. } => *scale as f64 / (1_u64 << 32) as f64,
            Clock::System(_) => 1.0,
        }
    }
}

/// Nanoseconds per tick, times 2^32; `None` where the counter does not run at one rate on all cores.
fn calibrate() -> Option<u64> {
    if !counter::invariant() {
        return None;
    }
    let (start, start_ticks) = both()?;
    while start.elapsed() < CALIBRATION {
        std::hint::spin_loop();
    }
    let (end, end_ticks) = both()?;
    let elapsed_ns = end.duration_since(start).as_nanos();
    let scale = (elapsed_ns << 32).checked_div(u128::from(end_ticks.saturating_sub(start_ticks)))?;
    u64::try_from(scale).ok().filter(|scale| *scale > 0 && *scale < NANOS_PER_SECOND << 32)
}

/// Both clocks at one moment: of several readings the one with least time around it, for a thread may be interrupted
/// between the two.
fn both() -> Option<(Instant, u64)> {
    let reading = |_| {
        let before = counter::read();
        let system = Instant::now();
        let around = counter::read().saturating_sub(before);
        (around, system, before + around / 2)
    };
    (0..READINGS).map(reading).min_by_key(|(around, ..)| *around).map(|(_, system, ticks)| (system, ticks))
}

#[cfg(target_arch = "x86_64")]
mod counter {
    use core::arch::x86_64::{__cpuid, _rdtsc};

    /// The counter runs at a constant rate in all states (Intel SDM vol. 3, 19.17.1; CPUID 8000_0007h EDX bit 8).
    pub(super) fn invariant() -> bool {
        __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & 1 << 8 != 0
    }

    #[inline]
    pub(super) fn read() -> u64 {
        // SAFETY: every x86-64 CPU has the instruction; Linux leaves it to user mode.
        unsafe { _rdtsc() }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod counter {
    pub(super) fn invariant() -> bool {
        false
    }

    pub(super) fn read() -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_run_backwards_and_agrees_with_the_system() {
        let clock = Clock::start();
        let outer = Instant::now();
        let first = clock.now_ns();
        let inner = Instant::now();
        let mut last = first;
        while inner.elapsed() < Duration::from_millis(5) {
            let now = clock.now_ns();
            assert!(now >= last);
            last = now;
        }
        let inner_ns = inner.elapsed().as_nanos() as f64;
        let ours_ns = (clock.now_ns() - first) as f64;
        let outer_ns = outer.elapsed().as_nanos() as f64;
        // Whatever pauses there were, ours lies between the two; a thousandth is far beyond calibration's error.
        assert!(
            inner_ns * 0.999 <= ours_ns && ours_ns <= outer_ns * 1.001,
            "{inner_ns} {ours_ns} {outer_ns}"
        );
    }
}
