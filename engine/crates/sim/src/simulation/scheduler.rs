//! Where tasks run: woken, moved by rate or by hand, driven off a CPU that goes offline; and the driver told of it.

use super::step::enter_softirq;
use super::{Due, Simulation, Task};
use crate::cpu::{Entity, SoftirqMode};
use stage::{CpuId, Event, NANOS_PER_SECOND, TaskId};
use stats::PICOS_PER_NANO;

impl Simulation {
    /// Put everything the scenario moves by itself among the events.
    pub(super) fn plan_moves(&mut self) {
        for task in (0..self.tasks.len() as u32).map(TaskId) {
            self.tell_host(task);
        }
        let host = &self.scenario.host;
        for each in &host.apps.migrations {
            self.events.schedule(each.at_ns, Due::Move(TaskId(each.task), CpuId(each.cpu)));
        }
        for each in &host.unplug {
            self.events.schedule(each.at_ns, Due::Unplug(CpuId(each.cpu)));
        }
        self.plan_migration();
    }

    /// The next move by rate: half to one and a half of the mean from now, as long as frames are offered.
    fn plan_migration(&mut self) {
        let Some(mean_ns) = NANOS_PER_SECOND.checked_div(self.scenario.host.apps.migrations_per_second)
        else {
            return;
        };
        let at_ns = self.now_ns + mean_ns / 2 + self.migrations.below(mean_ns + 1);
        if at_ns < self.scenario.duration_ns {
            self.events.schedule(at_ns, Due::Migration);
        }
    }

    /// Move some task to some other CPU.
    pub(super) fn migrate_any(&mut self) {
        let task = TaskId(self.migrations.below(self.tasks.len() as u64) as u32);
        let from = self.tasks.get(task.0 as usize).map(|task| task.cpu);
        let other = |cpu: &CpuId| Some(*cpu) != from && self.online(*cpu);
        let others: Vec<CpuId> = (0..self.scenario.host.cpus).map(CpuId).filter(other).collect();
        if let Some(cpu) = others.get(self.migrations.below(others.len() as u64) as usize) {
            self.migrate(task, *cpu);
        }
        self.plan_migration();
    }

    pub(super) fn online(&self, cpu: CpuId) -> bool {
        self.path.host.is_online(cpu)
    }

    /// Let an idle CPU leave its idle state.
    pub(super) fn rouse(&mut self, cpu: CpuId) {
        // A CPU that polls never rests.
        let exit_ns = if self.polling { 0 } else { self.latencies.idle_exit_ns };
        let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()).filter(|c| c.idle) else { return };
        virtual_cpu.idle = false;
        let at_ns = self.now_ns + exit_ns;
        virtual_cpu.resume_ps = virtual_cpu.resume_ps.max(at_ns * PICOS_PER_NANO);
        self.events.schedule(virtual_cpu.resume_ps.div_ceil(PICOS_PER_NANO), Due::Step(cpu));
    }

    /// `try_to_wake_up`: choose a CPU (`select_idle_sibling`, in short), queue the task there.
    pub(super) fn wake(&mut self, task: TaskId) {
        let Some(Task { cpu: previous, pinned }) = self.tasks.get(task.0 as usize).copied() else { return };
        let idle = |cpu: CpuId| self.cpus.get(cpu.index()).is_some_and(|c| c.idle) && self.online(cpu);
        let target = if pinned || idle(previous) {
            previous
        } else {
            let cpus = self.scenario.host.cpus;
            (1..cpus).map(|i| CpuId((previous.0 + i) % cpus)).find(|cpu| idle(*cpu)).unwrap_or(previous)
        };
        if target != previous {
            self.place(task, previous, target);
        }
        self.books.observations.event(self.now_ns, target, None, Event::Woken(task));
        self.make_runnable(Entity::App(task), target);
    }

    /// Move a task, whatever it does: by hand, by rate, or off a CPU.
    pub(super) fn migrate(&mut self, task: TaskId, target: CpuId) {
        let Some(previous) = self.tasks.get(task.0 as usize).map(|task| task.cpu) else { return };
        if previous == target || !self.online(target) {
            return;
        }
        self.place(task, previous, target);
        let entity = Entity::App(task);
        let queue = self.cpus.get_mut(previous.index()).map(|cpu| &mut cpu.run_queue);
        if let Some(queue) = queue.filter(|queue| queue.contains(entity)) {
            queue.dequeue(entity);
            self.make_runnable(entity, target);
        }
    }

    fn place(&mut self, task: TaskId, previous: CpuId, target: CpuId) {
        if let Some(task) = self.tasks.get_mut(task.0 as usize) {
            task.cpu = target;
        }
        self.books.observations.event(self.now_ns, previous, None, Event::Migrated(task, target));
        self.tell_host(task);
    }

    /// The callback: the driver hears where a task is.
    fn tell_host(&mut self, task: TaskId) {
        let Some(cpu) = self.tasks.get(task.0 as usize).map(|task| task.cpu) else { return };
        if let Ok(Some(due_ns)) = self.path.host.task_moved(task, cpu, self.now_ns) {
            self.events.schedule(due_ns, Due::Work(cpu));
        }
    }

    fn make_runnable(&mut self, entity: Entity, cpu: CpuId) {
        if let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) {
            virtual_cpu.need_resched |= virtual_cpu.run_queue.enqueue(entity);
        }
        self.rouse(cpu);
    }

    /// A CPU's deferred work is due. What an offline CPU had, another has.
    pub(super) fn start_work(&mut self, cpu: CpuId) {
        if self.online(cpu) {
            self.make_runnable(Entity::Worker, cpu);
        }
    }

    /// A CPU goes offline: its interrupts, polls and backlog go to the next one, its tasks to all others in turn.
    pub(super) fn unplug(&mut self, cpu: CpuId) {
        let cpus = self.scenario.host.cpus;
        let others: Vec<CpuId> =
            (1..cpus).map(|i| CpuId((cpu.0 + i) % cpus)).filter(|other| self.online(*other)).collect();
        let Some(heir) = others.first().copied().filter(|_| self.online(cpu)) else { return };
        self.books.observations.event(self.now_ns, cpu, None, Event::Unplugged);
        self.path.move_interrupts(cpu, heir);
        self.path.host.unplug(cpu, heir);
        if let Some(dead) = self.cpus.get_mut(cpu.index()) {
            dead.softirq = SoftirqMode::None;
            dead.ipi = false;
            dead.run_queue.dequeue(Entity::Ksoftirqd);
            dead.run_queue.dequeue(Entity::Worker);
            let waiting = std::mem::take(&mut dead.hardirqs);
            if let Some(heir) = self.cpus.get_mut(heir.index()) {
                heir.hardirqs.extend(waiting);
                enter_softirq(heir, self.now_ns);
            }
        }
        self.start_work(heir);
        let driven: Vec<TaskId> = (0..self.tasks.len() as u32)
            .map(TaskId)
            .filter(|task| self.tasks.get(task.0 as usize).is_some_and(|task| task.cpu == cpu))
            .collect();
        for (task, other) in driven.into_iter().zip(others.into_iter().cycle()) {
            self.migrate(task, other);
        }
    }

    /// An inter-processor interrupt reaches its CPU, unless that went offline meanwhile: its backlog went elsewhere.
    pub(super) fn interrupt_cpu(&mut self, cpu: CpuId) {
        if !self.online(cpu) {
            return;
        }
        if let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) {
            virtual_cpu.ipi = true;
        }
        self.rouse(cpu);
    }
}
