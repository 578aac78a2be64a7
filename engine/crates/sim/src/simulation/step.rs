//! One slice on a CPU, and what follows from it.

use super::{Due, Simulation};
use crate::cpu::{BusyContext, Entity, Hardirq, SoftirqMode, VirtualCpu};
use crate::slice::{Effect, Slice};
use host::app::AppStep;
use host::softirq::Progress;
use host::steering::WorkStep;
use stage::{CpuId, Event, Executor, Meter, Nanos, Observer, Op};
use stats::PICOS_PER_NANO;

/// A softirq on an interrupt's exit is restarted this often at most (kernel/softirq.c, MAX_SOFTIRQ_RESTART).
const MAX_SOFTIRQ_RESTART: u32 = 10;
/// And for this long at most (MAX_SOFTIRQ_TIME).
const MAX_SOFTIRQ_TIME_NS: Nanos = 2_000_000;

impl Simulation {
    /// One slice on a CPU: hardirq before softirq before tasks.
    pub(super) fn step(&mut self, cpu: CpuId) {
        if self.polling {
            self.look(cpu);
        }
        let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) else { return };
        let start_ps = virtual_cpu.resume_ps;
        let mut slice = Slice::new(&mut self.books, cpu, start_ps);
        let host = &mut self.path.host;
        let context = if let Some(hardirq) = virtual_cpu.hardirqs.pop_front() {
            match hardirq {
                Hardirq::Device(queue) => {
                    if !self.polling {
                        slice.event(Some(queue), Event::Interrupt);
                    }
                    host.hard_interrupt(queue, &mut slice);
                }
                Hardirq::NapiTimer(queue, due_ns) => host.napi_timer(queue, due_ns, &mut slice),
            }
            enter_softirq(virtual_cpu, slice.now_ns());
            BusyContext::Hardirq
        } else if std::mem::take(&mut virtual_cpu.ipi) {
            slice.event(None, Event::Ipi);
            host.ipi(&mut slice);
            enter_softirq(virtual_cpu, slice.now_ns());
            BusyContext::Hardirq
        } else if let Some(socket) = virtual_cpu.ack_timers.pop_front() {
            host.ack_timer(socket, &mut slice);
            BusyContext::Softirq
        } else if let SoftirqMode::Inline { restarts, started_ns } = virtual_cpu.softirq {
            let progress = host.net_rx_step(&mut self.path.nic, &mut self.path.buffers, &mut slice);
            match progress {
                Progress::More => {}
                Progress::Done => virtual_cpu.softirq = SoftirqMode::None,
                Progress::RaisedAgain => {
                    let elapsed_ns = slice.now_ns().saturating_sub(started_ns);
                    let again = elapsed_ns < MAX_SOFTIRQ_TIME_NS
                        && !virtual_cpu.need_resched
                        && restarts + 1 < MAX_SOFTIRQ_RESTART;
                    if self.polling {
                        virtual_cpu.softirq = SoftirqMode::Deferred;
                    } else if again {
                        virtual_cpu.softirq = SoftirqMode::Inline { restarts: restarts + 1, started_ns };
                    } else {
                        virtual_cpu.softirq = SoftirqMode::Deferred;
                        virtual_cpu.need_resched |= virtual_cpu.run_queue.enqueue(Entity::Ksoftirqd);
                        slice.event(None, Event::KsoftirqdWoken);
                    }
                }
            }
            BusyContext::Softirq
        } else {
            // A softirq run is not preempted by tasks, also not in ksoftirqd.
            let resched = virtual_cpu.need_resched && !host.softirq_running(cpu);
            let Some((entity, switched)) = virtual_cpu.run_queue.pick(resched) else {
                virtual_cpu.idle = true;
                if self.polling {
                    self.await_frames(cpu);
                }
                return;
            };
            if resched {
                virtual_cpu.need_resched = false;
            }
            // A CPU that polls calls its applications itself.
            if switched && !self.polling {
                slice.op(Op::Switch, 1);
            }
            let context = match entity {
                Entity::Ksoftirqd => {
                    let progress = host.net_rx_step(&mut self.path.nic, &mut self.path.buffers, &mut slice);
                    if progress == Progress::Done {
                        virtual_cpu.softirq = SoftirqMode::None;
                        virtual_cpu.run_queue.dequeue(entity);
                    }
                    BusyContext::Ksoftirqd
                }
                Entity::Worker => {
                    match host.work_step(&mut self.path.nic, &mut slice) {
                        WorkStep::More => {}
                        WorkStep::Done => virtual_cpu.run_queue.dequeue(entity),
                        WorkStep::Later(due_ns) => {
                            virtual_cpu.run_queue.dequeue(entity);
                            slice.defer(cpu, due_ns);
                        }
                    }
                    BusyContext::Task
                }
                Entity::App(task) => {
                    let (nic, buffers) = (&mut self.path.nic, &mut self.path.buffers);
                    let step = match host.busy_polls(task) {
                        true => host.busy_poll_step(task, nic, buffers, &mut slice),
                        false => host.app_step(task, buffers, &mut slice),
                    };
                    if step == AppStep::Sleep {
                        virtual_cpu.run_queue.dequeue(entity);
                        slice.event(None, Event::Slept(task));
                    }
                    if host.raised_by_task(cpu) {
                        enter_softirq(virtual_cpu, slice.now_ns());
                    }
                    BusyContext::Task
                }
            };
            virtual_cpu.run_queue.charge(entity, slice.spent_ps());
            context
        };
        let spent_ps = slice.spent_ps();
        virtual_cpu.busy_ps[context as usize] += spent_ps;
        virtual_cpu.resume_ps = start_ps + spent_ps;
        let cell = cpu.index() * BusyContext::ALL.len() + context as usize;
        self.series.add(cell, start_ps, spent_ps);
        self.events.schedule(virtual_cpu.resume_ps.div_ceil(PICOS_PER_NANO), Due::Step(cpu));
        self.settle_effects();
    }

    pub(super) fn settle_effects(&mut self) {
        for i in 0..self.books.effects.len() {
            match self.books.effects[i] {
                Effect::Wake(at_ns, task) => self.events.schedule(at_ns, Due::Wake(task)),
                Effect::Ipi(at_ns, cpu) => self.events.schedule(at_ns + self.latencies.irq_ns, Due::Ipi(cpu)),
                Effect::Signal(signal) => self.follow(signal),
                Effect::Work(at_ns, cpu) => self.events.schedule(at_ns, Due::Work(cpu)),
                Effect::NapiTimer(at_ns, cpu, queue) => {
                    self.events.schedule(at_ns, Due::NapiTimer(cpu, queue));
                }
                Effect::Sent(at_ns, cpu, start, bytes) => {
                    self.sent(at_ns, start as usize, bytes as usize);
                    self.await_completion(at_ns, cpu, bytes);
                }
                Effect::AckTimer(at_ns, cpu, socket) => {
                    self.events.schedule(at_ns, Due::AckTimer(cpu, socket));
                }
            }
        }
        self.books.effects.clear();
        self.books.sent.clear();
    }
}

/// An interrupt's exit starts pending softirqs, also when ksoftirqd was asked to (since Linux 6.5, which took back
/// "softirq: Let ksoftirqd do its job").
pub(super) fn enter_softirq(cpu: &mut VirtualCpu, now_ns: Nanos) {
    if !matches!(cpu.softirq, SoftirqMode::Inline { .. }) {
        cpu.softirq = SoftirqMode::Inline { restarts: 0, started_ns: now_ns };
    }
}
