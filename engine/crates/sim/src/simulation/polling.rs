//! CPUs that poll: each looks at the rings of its queues, does one run of net_rx_action, lets its applications read until
//! they all sleep, and looks again, as the engine's own host does in real time. No interrupts, no switches, no ksoftirqd.

use super::{Due, Simulation};
use crate::cpu::{Hardirq, SoftirqMode};
use stage::{CpuId, Nanos, QueueId};
use stats::{PICOS_PER_NANO, Picos};

impl Simulation {
    /// If nothing else is left to do: take the queues with frames in hand, as interrupts to be taken now, and go on with
    /// what the last run put off.
    #[inline]
    pub(super) fn look(&mut self, cpu: CpuId) {
        let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) else { return };
        let working = matches!(virtual_cpu.softirq, SoftirqMode::Inline { .. });
        if working || !virtual_cpu.hardirqs.is_empty() || !virtual_cpu.run_queue.is_empty() {
            return;
        }
        let now_ns = virtual_cpu.resume_ps / PICOS_PER_NANO;
        if virtual_cpu.softirq == SoftirqMode::Deferred {
            virtual_cpu.softirq = SoftirqMode::Inline { restarts: 0, started_ns: now_ns };
        }
        for queue in (0..self.scenario.nic.queues).map(QueueId) {
            if self.path.irq_cpu(queue) == cpu && self.path.nic.look(queue, now_ns) {
                virtual_cpu.hardirqs.push_back(Hardirq::Device(queue));
            }
        }
    }

    /// A frame is there at `at_ns`: a CPU that found nothing, sees it then.
    #[inline]
    pub(super) fn let_see(&mut self, queue: QueueId, at_ns: Nanos) {
        let cpu = self.path.irq_cpu(queue);
        let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()).filter(|cpu| cpu.idle) else { return };
        virtual_cpu.idle = false;
        virtual_cpu.resume_ps = virtual_cpu.resume_ps.max(at_ns as Picos * PICOS_PER_NANO);
        self.events.schedule(virtual_cpu.resume_ps.div_ceil(PICOS_PER_NANO), Due::Step(cpu));
    }

    /// The CPU has found nothing: frames on their way to its rings are seen when they are there.
    pub(super) fn await_frames(&mut self, cpu: CpuId) {
        let coming = (0..self.scenario.nic.queues)
            .map(QueueId)
            .filter(|queue| self.path.irq_cpu(*queue) == cpu)
            .filter_map(|queue| {
                Some((self.path.nic.queues().get(queue.index())?.ring().oldest_ready_ns()?, queue))
            })
            .min();
        if let Some((at_ns, queue)) = coming {
            self.let_see(queue, at_ns);
        }
    }
}
