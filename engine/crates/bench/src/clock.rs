//! The clocks the samples are taken with, and the core they are taken on.

use rustix::thread::{CpuSet, sched_setaffinity};
use rustix::time::{ClockId, clock_gettime};

/// CPU time of this thread in ns: what a neighbour takes from the core is not counted.
pub(crate) fn thread_cpu_ns() -> f64 {
    read(ClockId::ThreadCPUTime)
}

/// Wall time in ns, for jobs that run on more than one thread.
pub(crate) fn wall_ns() -> f64 {
    read(ClockId::Monotonic)
}

fn read(clock: ClockId) -> f64 {
    let t = clock_gettime(clock);
    t.tv_sec as f64 * 1e9 + t.tv_nsec as f64
}

/// Keep this thread on one core; false where the system refuses.
pub(crate) fn pin(core: usize) -> bool {
    pin_to(&[core])
}

/// Keep this thread on these cores; false where the system refuses.
pub(crate) fn pin_to(cores: &[usize]) -> bool {
    let mut set = CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    sched_setaffinity(None, &set).is_ok()
}
