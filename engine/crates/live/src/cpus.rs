//! Threads and CPUs.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Keep this thread on a CPU. Where the system refuses, it runs where it is put: slower, not wrong.
pub(crate) fn pin(machine_cpu: usize) {
    let mut set = CpuSet::new();
    set.set(machine_cpu);
    let _ = sched_setaffinity(None, &set);
}

/// The machine CPUs this process may use.
pub(crate) fn machine_cpus() -> Vec<usize> {
    match sched_getaffinity(None) {
        Ok(set) => (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).collect(),
        // Not a Linux that says: as many as the standard library knows.
        Err(_) => (0..std::thread::available_parallelism().map_or(1, usize::from)).collect(),
    }
}
