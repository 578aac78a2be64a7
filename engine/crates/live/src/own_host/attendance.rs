//! How long a thread wanted a CPU and had none: other threads had it, or the hypervisor's other guests.

use rustix::time::{ClockId, clock_gettime};
use stage::{NANOS_PER_SECOND, Nanos};

/// A thread's time since it began: on a CPU, asleep by its own will, and the rest.
pub(crate) struct Attendance {
    began_ns: Nanos,
    on_cpu_before_ns: Nanos,
    slept_ns: Nanos,
}

impl Attendance {
    /// Begin, on the thread it is about.
    pub(crate) fn begin() -> Self {
        Attendance {
            began_ns: read(ClockId::Monotonic),
            on_cpu_before_ns: read(ClockId::ThreadCPUTime),
            slept_ns: 0,
        }
    }

    /// The thread gave its CPU away for so long.
    pub(crate) fn slept(&mut self, ns: Nanos) {
        self.slept_ns += ns;
    }

    /// Time without a CPU that it did not give away, so far. Linux counts neither what other threads nor what the
    /// hypervisor took as the thread's own (kernel/sched/cputime.c, `CONFIG_PARAVIRT_TIME_ACCOUNTING`).
    pub(crate) fn lost_ns(&self) -> Nanos {
        let passed_ns = read(ClockId::Monotonic).saturating_sub(self.began_ns);
        let on_cpu_ns = read(ClockId::ThreadCPUTime).saturating_sub(self.on_cpu_before_ns);
        passed_ns.saturating_sub(on_cpu_ns + self.slept_ns)
    }
}

fn read(clock: ClockId) -> Nanos {
    let time = clock_gettime(clock);
    // Both clocks start at or after 0.
    time.tv_sec as Nanos * NANOS_PER_SECOND + time.tv_nsec as Nanos
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_wait_for_others_counts_and_a_sleep_of_ones_own_does_not() {
        let attendance = Attendance::begin();
        std::thread::sleep(Duration::from_millis(5));
        let lost_ns = attendance.lost_ns();
        assert!(lost_ns >= 4_000_000, "{lost_ns}");
        let slept = Attendance { slept_ns: lost_ns, ..Attendance::begin() };
        assert_eq!(slept.lost_ns(), 0);
    }
}
