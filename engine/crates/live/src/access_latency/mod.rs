//! What single memory accesses take on this machine, timed one by one with the processor's cycle counter.
//!
//! Where there is no PMU this is what can be measured of caches: a line another CPU has written must be fetched from its
//! cache, a flushed one from memory. Lines are visited in an order no prefetcher follows.

mod timed;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::fmt::{self, Display};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;
use timed::Timer;

/// Pages, one line of each is visited in a round.
const PAGES: usize = 256;
/// Lines of 64 bytes in a page.
const LINES_PER_PAGE: usize = 64;
/// Turns of a busy wait before the CPU is offered to others: the other thread may be waiting for it.
const PATIENCE: u32 = 10_000;

/// What was accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Nothing: what timing itself takes, contained in all others.
    Nothing,
    /// The same line a second time.
    Again,
    /// A line another CPU has just written.
    WrittenElsewhere,
    /// A line that is in no cache.
    Flushed,
}

impl Access {
    /// All, from the cheapest.
    pub const ALL: [Access; 4] = [Access::Nothing, Access::Again, Access::WrittenElsewhere, Access::Flushed];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Access::Nothing => "nothing",
            Access::Again => "line read before",
            Access::WrittenElsewhere => "line another CPU wrote",
            Access::Flushed => "line in no cache",
        }
    }
}

/// Accesses of each kind, in cycles of the counter.
#[derive(Clone, Debug)]
pub struct AccessLatency {
    /// Samples by kind, in the order of [`Access::ALL`].
    pub cycles: Vec<(Access, Vec<u64>)>,
    /// Nanoseconds in a cycle of the counter.
    pub ns_per_cycle: f64,
}

/// Why nothing was measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProbeError {
    /// This processor has no counter that a program may read and order.
    NoCounter,
    /// A CPU this process may not use, and those it may.
    NotUsable(usize, Vec<usize>),
    /// The two CPUs are one.
    SameCpu(usize),
    /// A thread could not be started.
    NoThread(String),
}

impl Display for ProbeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ProbeError::NoCounter => {
                write!(f, "no cycle counter: single accesses are timed on x86-64 with rdtscp only")
            }
            ProbeError::NotUsable(cpu, usable) => {
                write!(f, "CPU {cpu} is not usable: this process may use {usable:?}")
            }
            ProbeError::SameCpu(cpu) => write!(f, "CPU {cpu} cannot be another CPU than itself: name two"),
            ProbeError::NoThread(reason) => write!(f, "no thread: {reason}"),
        }
    }
}

impl std::error::Error for ProbeError {}

/// A line of the cache, and nothing else in it.
#[repr(align(64))]
struct Line(AtomicU64);

/// What the two threads share.
struct Ground {
    lines: Vec<Line>,
    /// Rounds begun by the reader and finished by the writer: odd while the writer is at work.
    turn: AtomicU32,
    stop: AtomicBool,
}

impl Ground {
    fn new() -> Ground {
        let lines = (0..PAGES * LINES_PER_PAGE).map(|_| Line(AtomicU64::new(0))).collect();
        Ground { lines, turn: AtomicU32::new(0), stop: AtomicBool::new(false) }
    }

    /// One line of each page, in an order without a stride.
    fn visited(&self) -> impl Iterator<Item = &AtomicU64> {
        (0..PAGES).filter_map(|i| {
            let (page, line) = (i * 167 % PAGES, i * 37 % LINES_PER_PAGE);
            self.lines.get(page * LINES_PER_PAGE + line).map(|line| &line.0)
        })
    }

    /// Wait until it is `turn`'s turn; whether it is.
    fn wait_for(&self, turn: u32) -> bool {
        let mut waited = 0;
        while self.turn.load(Ordering::Acquire) != turn {
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            waited += 1;
            if waited % PATIENCE == 0 {
                thread::yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
        true
    }

    /// The other CPU's part.
    fn write(&self, rounds: u32) {
        for round in 0..rounds {
            if !self.wait_for(2 * round + 1) {
                return;
            }
            for line in self.visited() {
                line.fetch_add(1, Ordering::Relaxed);
            }
            self.turn.store(2 * round + 2, Ordering::Release);
        }
    }

    /// This CPU's part: samples in the order of [`Access::ALL`].
    fn read(&self, rounds: u32, timer: Timer) -> [Vec<u64>; 4] {
        let samples = PAGES * rounds as usize;
        let mut cycles = [const { Vec::new() }; 4];
        cycles.iter_mut().for_each(|kind| kind.reserve(samples));
        let [nothing, again, written, flushed] = &mut cycles;
        for round in 0..rounds {
            self.turn.store(2 * round + 1, Ordering::Release);
            self.wait_for(2 * round + 2);
            for line in self.visited() {
                nothing.push(timer.nothing());
                written.push(timer.load(line));
                again.push(timer.load(line));
                timer.flush(line);
                flushed.push(timer.load(line));
            }
        }
        cycles
    }
}

/// Time accesses on one CPU while another writes.
///
/// # Errors
/// A CPU that cannot be used, or a processor that cannot tell; before anything ran.
pub fn access_latency(cpu: usize, other_cpu: usize, rounds: u32) -> Result<AccessLatency, ProbeError> {
    let timer = Timer::detect().ok_or(ProbeError::NoCounter)?;
    let allowed = sched_getaffinity(None).unwrap_or_else(|_| CpuSet::new());
    let usable = || (0..CpuSet::MAX_CPU).filter(|cpu| allowed.is_set(*cpu)).collect::<Vec<_>>();
    for wanted in [cpu, other_cpu] {
        if wanted >= CpuSet::MAX_CPU || !allowed.is_set(wanted) {
            return Err(ProbeError::NotUsable(wanted, usable()));
        }
    }
    if cpu == other_cpu {
        return Err(ProbeError::SameCpu(cpu));
    }
    let ground = Ground::new();
    let (start, start_cycles) = (Instant::now(), timer.now());
    let measured = thread::scope(|scope| {
        let ground = &ground;
        let writer = thread::Builder::new().name("writer".into()).spawn_scoped(scope, move || {
            pin(other_cpu);
            ground.write(rounds);
        });
        let reader = thread::Builder::new().name("reader".into()).spawn_scoped(scope, move || {
            pin(cpu);
            ground.read(rounds, timer)
        });
        let outcome = match (&writer, reader) {
            (Ok(_), Ok(reader)) => reader.join().map_err(|_| "the reader failed".to_owned()),
            (Err(error), Ok(_)) => Err(error.to_string()),
            (_, Err(error)) => Err(error.to_string()),
        };
        ground.stop.store(true, Ordering::Relaxed);
        outcome
    });
    let samples = measured.map_err(ProbeError::NoThread)?;
    let elapsed_cycles = timer.now().saturating_sub(start_cycles).max(1);
    Ok(AccessLatency {
        cycles: Access::ALL.into_iter().zip(samples).collect(),
        ns_per_cycle: start.elapsed().as_nanos() as f64 / elapsed_cycles as f64,
    })
}

/// Keep this thread on a CPU that was found usable.
fn pin(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu);
    let _ = sched_setaffinity(None, &set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_is_visited_once() {
        let ground = Ground::new();
        let first = ground.lines.as_ptr() as usize;
        let place = |line| (std::ptr::from_ref::<AtomicU64>(line) as usize - first) / (LINES_PER_PAGE * 64);
        let mut pages: Vec<_> = ground.visited().map(place).collect();
        pages.sort_unstable();
        assert_eq!(pages, (0..PAGES).collect::<Vec<_>>());
    }

    #[test]
    fn a_cpu_that_is_not_there_is_named() {
        let Some(_) = Timer::detect() else { return };
        let refused = access_latency(0, CpuSet::MAX_CPU - 1, 1);
        assert!(matches!(refused, Err(ProbeError::NotUsable(..))));
        assert_eq!(access_latency(0, 0, 1).err(), Some(ProbeError::SameCpu(0)));
    }

    #[test]
    fn as_many_samples_of_each_kind_as_asked() {
        match access_latency(0, 1, 2) {
            Ok(found) => {
                assert!(found.cycles.iter().all(|(_, samples)| samples.len() == 2 * PAGES));
                assert!(found.ns_per_cycle > 0.0);
            }
            Err(ProbeError::NoCounter | ProbeError::NotUsable(..)) => {}
            Err(other) => unreachable!("{other}"),
        }
    }
}
