//! The scheduler's callback: each time the reads of a socket move to another CPU, the driver is told, and writes a rule
//! that sends the socket's flow there. Announcements are cheap and made where the reader is; rules are written by
//! deferred work of that CPU, a few at a time.

use crate::CallbackConfig;
use crate::path::Host;
use crate::steering::SockSteeringCounter;
use stage::{
    Context, CpuId, Errno, Nanos, Op, RuleId, RxQueues, SocketId, SteerRequest, SteeringError, TaskId,
};
use std::collections::VecDeque;

/// Sockets announced, and rules written, in one step of deferred work.
const SOCKETS_PER_STEP: usize = 16;
const RULES_PER_STEP: u32 = 4;

/// Why the reads of a socket move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The scheduler moved the task that reads it.
    Migration,
    /// Another task read it, or the first one did.
    Read,
    /// The task that accepted it hands it over.
    Accept,
}

/// Something deferred.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// Announce a task's sockets from the `next`th on.
    Task { task: TaskId, next: usize, since_ns: Nanos },
    /// Have a socket's rule written.
    Socket { socket: SocketId, since_ns: Nanos },
}

/// How far a step of deferred work came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkStep {
    /// There is more.
    More,
    /// The next is due then.
    Later(Nanos),
    /// Nothing is left.
    Done,
}

/// What is announced and not yet written.
#[derive(Debug)]
pub(crate) struct Callback {
    config: CallbackConfig,
    /// By CPU.
    work: Vec<VecDeque<Work>>,
    /// Where each task is.
    task_cpus: Vec<CpuId>,
    /// By a rule's place in the device: which rule, and whose.
    owners: Vec<Option<(u32, SocketId)>>,
}

impl Callback {
    pub(crate) fn new(config: CallbackConfig, cpus: u16, tasks: u32) -> Self {
        Callback {
            config,
            work: (0..cpus).map(|_| VecDeque::new()).collect(),
            task_cpus: vec![CpuId(0); tasks as usize],
            owners: Vec::new(),
        }
    }

    fn due_ns(&self, work: &Work) -> Nanos {
        let (Work::Task { since_ns, .. } | Work::Socket { since_ns, .. }) = work;
        since_ns + self.config.window_ns
    }

    fn push(&mut self, cpu: CpuId, work: Work) {
        if let Some(queue) = self.work.get_mut(cpu.index()) {
            queue.push_back(work);
        }
    }

    /// The socket a rule was written for.
    pub(crate) fn owner(&self, rule: RuleId) -> Option<SocketId> {
        let (serial, socket) = (*self.owners.get(rule.place as usize)?)?;
        (serial == rule.serial).then_some(socket)
    }

    fn own(&mut self, rule: RuleId, socket: SocketId) {
        let place = rule.place as usize;
        if self.owners.len() <= place {
            self.owners.resize(place + 1, None);
        }
        if let Some(owner) = self.owners.get_mut(place) {
            *owner = Some((rule.serial, socket));
        }
    }

    /// A CPU's work becomes another's.
    pub(crate) fn hand_work(&mut self, from: CpuId, to: CpuId) {
        let work = self.work.get_mut(from.index()).map(std::mem::take).unwrap_or_default();
        if let Some(queue) = self.work.get_mut(to.index()) {
            queue.extend(work);
        }
    }
}

impl Host {
    /// Say where a task starts, or was moved to: its sockets' flows are to follow it. Answers when the CPU's deferred
    /// work ([`Host::work_step`]) is due, where there is some.
    ///
    /// # Errors
    /// ENOENT: no such task or CPU; counted.
    pub fn task_moved(
        &mut self,
        task: TaskId,
        cpu: CpuId,
        now_ns: Nanos,
    ) -> Result<Option<Nanos>, SteeringError> {
        let Some(callback) = &mut self.callback else { return Ok(None) };
        let place = callback.task_cpus.get_mut(task.0 as usize);
        let Some(place) = place.filter(|_| cpu.index() < callback.work.len()) else {
            self.sock_steering.add(SockSteeringCounter::Unknown, 1);
            return Err(SteeringError::new(
                Errno::ENOENT,
                "task",
                task.0.into(),
                "a task, on a CPU there is",
            ));
        };
        *place = cpu;
        if self.sockets.of_reader(task).is_empty() {
            return Ok(None);
        }
        let work = Work::Task { task, next: 0, since_ns: now_ns };
        let due_ns = callback.due_ns(&work);
        callback.push(cpu, work);
        Ok(Some(due_ns))
    }

    /// Say that a socket is read on a CPU from now on. Answers when the CPU's deferred work is due.
    ///
    /// # Errors
    /// ENOENT: no such socket or CPU; counted.
    pub fn announce(
        &mut self,
        socket: SocketId,
        cpu: CpuId,
        reason: Reason,
        now_ns: Nanos,
    ) -> Result<Option<Nanos>, SteeringError> {
        let Some(callback) = &mut self.callback else { return Ok(None) };
        let Some(known) = self.sockets.at_mut(socket).filter(|_| cpu.index() < callback.work.len()) else {
            self.sock_steering.add(SockSteeringCounter::Unknown, 1);
            let allowed = "a socket, and a CPU there is";
            return Err(SteeringError::new(Errno::ENOENT, "socket", socket.0.into(), allowed));
        };
        let steering = &mut known.steering;
        steering.announced = Some(cpu);
        let counter = match reason {
            Reason::Migration => SockSteeringCounter::Migrated,
            Reason::Read => SockSteeringCounter::Read,
            Reason::Accept => SockSteeringCounter::HandedOver,
        };
        self.sock_steering.add(counter, 1);
        if std::mem::replace(&mut steering.deferred, true) {
            self.sock_steering.add(SockSteeringCounter::Merged, 1);
            return Ok(None);
        }
        let work = Work::Socket { socket, since_ns: now_ns };
        let due_ns = callback.due_ns(&work);
        callback.push(cpu, work);
        Ok(Some(due_ns))
    }

    /// A task has read a message of a socket, and where: RFS notes it, the callback is told if that is news.
    pub(crate) fn note_read<C: Context>(&mut self, socket: SocketId, hash: u32, context: &mut C) {
        let (cpu, now_ns) = (context.cpu(), context.now_ns());
        if let Some(rfs) = self.rfs.as_mut().filter(|_| hash != 0) {
            context.op(Op::RfsRecord, 1);
            let at = rfs.sock_flow_at(hash);
            let touch = if rfs.record(hash, cpu) { stage::Touch::write } else { stage::Touch::read };
            context.touch(Op::RfsRecord, touch(stage::Region::SockFlow, 0, at, 4));
        }
        if self.callback.is_none() {
            return;
        }
        let Some(known) = self.sockets.at(socket) else { return };
        if known.steering.announced == Some(cpu) || now_ns < known.steering.retry_ns {
            return;
        }
        context.op(Op::Announce, 1);
        if let Ok(Some(due_ns)) = self.announce(socket, cpu, Reason::Read, now_ns) {
            context.defer(cpu, due_ns);
        }
    }

    /// A socket goes over to a task that will read it elsewhere.
    pub(crate) fn hand_over<C: Context>(&mut self, socket: SocketId, to: TaskId, context: &mut C) {
        let Some(cpu) = self.callback.as_ref().and_then(|c| c.task_cpus.get(to.0 as usize).copied()) else {
            return;
        };
        context.op(Op::Announce, 1);
        let now_ns = context.now_ns();
        if let Ok(Some(due_ns)) = self.announce(socket, cpu, Reason::Accept, now_ns) {
            context.defer(cpu, due_ns);
        }
    }

    /// Some deferred work of the CPU of `context`: sockets announced, rules written.
    pub fn work_step<C: Context>(&mut self, rx: &mut impl RxQueues, context: &mut C) -> WorkStep {
        let cpu = context.cpu();
        let mut rules = 0;
        context.queue(None);
        while rules < RULES_PER_STEP {
            let now_ns = context.now_ns();
            let Some(callback) = &mut self.callback else { return WorkStep::Done };
            let Some(queue) = callback.work.get_mut(cpu.index()) else { return WorkStep::Done };
            let Some(work) = queue.front().copied() else { return WorkStep::Done };
            let due_ns = callback.due_ns(&work);
            if due_ns > now_ns {
                return WorkStep::Later(due_ns);
            }
            if let Some(queue) = callback.work.get_mut(cpu.index()) {
                queue.pop_front();
            }
            match work {
                Work::Socket { socket, .. } => rules += u32::from(self.write_rule(socket, rx, context)),
                Work::Task { task, next, since_ns } => {
                    self.announce_sockets(task, next, since_ns, context);
                    return WorkStep::More;
                }
            }
        }
        WorkStep::More
    }

    /// Announce the next few sockets of a task, for where it is by now.
    fn announce_sockets<C: Context>(&mut self, task: TaskId, next: usize, since_ns: Nanos, context: &mut C) {
        let here = context.cpu();
        let Some(cpu) = self.callback.as_ref().and_then(|c| c.task_cpus.get(task.0 as usize).copied()) else {
            return;
        };
        let last = self.sockets.of_reader(task).len().min(next + SOCKETS_PER_STEP);
        for at in next..last {
            let Some(socket) = self.sockets.of_reader(task).get(at).copied() else { break };
            if self.sockets.at(socket).is_some_and(|known| known.steering.announced == Some(cpu)) {
                continue;
            }
            context.op(Op::Announce, 1);
            if let Ok(Some(due_ns)) = self.announce(socket, cpu, Reason::Migration, since_ns)
                && cpu != here
            {
                context.defer(cpu, due_ns);
            }
        }
        if last < self.sockets.of_reader(task).len()
            && let Some(queue) = self.callback.as_mut().and_then(|c| c.work.get_mut(here.index()))
        {
            queue.push_front(Work::Task { task, next: last, since_ns });
        }
    }

    /// Have the rule of a socket's flow written; whether the device was asked.
    fn write_rule<C: Context>(&mut self, socket: SocketId, rx: &mut impl RxQueues, context: &mut C) -> bool {
        let now_ns = context.now_ns();
        let Some(callback) = &self.callback else { return false };
        let CallbackConfig { hysteresis_ns, retry_ns, .. } = callback.config;
        let Some(known) = self.sockets.at(socket) else { return false };
        let (steering, hash, key) = (known.steering, known.hash, known.key.device_key());
        let mut after = steering;
        after.deferred = false;
        let wanted = steering.announced.filter(|cpu| self.is_online(*cpu));
        let queue = wanted.and_then(|cpu| self.queue_for(cpu, hash));
        let mut asked = false;
        if wanted.is_none() {
            self.sock_steering.add(SockSteeringCounter::Unplugged, 1);
        } else if steering.rule.is_some() && now_ns < steering.moved_ns + hysteresis_ns {
            // Whoever reads it later announces it again.
            self.sock_steering.add(SockSteeringCounter::Damped, 1);
            (after.announced, after.retry_ns) = (None, steering.moved_ns + hysteresis_ns);
        } else if let Some(queue) = queue.filter(|queue| steering.rule.is_none_or(|(_, old)| old != *queue)) {
            asked = true;
            let request =
                SteerRequest { key, hash, queue, priority: known.priority, rate_fps: known.rate_fps(now_ns) };
            match rx.steer_flow(now_ns, &request) {
                Ok(written) => {
                    context.op(Op::SteerProgram, 1);
                    self.sock_steering.add(SockSteeringCounter::Programmed, 1);
                    (after.rule, after.moved_ns) = (Some((written.rule, queue)), now_ns);
                    if let Some(evicted) = written.evicted {
                        self.forget_rule(evicted, now_ns + retry_ns);
                    }
                    if let Some(callback) = &mut self.callback {
                        callback.own(written.rule, socket);
                    }
                }
                Err(_) => {
                    self.sock_steering.add(SockSteeringCounter::Refused, 1);
                    (after.announced, after.retry_ns) = (None, now_ns + retry_ns);
                }
            }
        }
        if let Some(known) = self.sockets.at_mut(socket) {
            known.steering = after;
        }
        asked
    }

    /// A rule is gone: its socket announces itself again, at `retry_ns` at the earliest.
    pub(crate) fn forget_rule(&mut self, rule: RuleId, retry_ns: Nanos) {
        let owner = self.callback.as_ref().and_then(|callback| callback.owner(rule));
        if let Some(known) = owner.and_then(|socket| self.sockets.at_mut(socket))
            && known.steering.rule.is_some_and(|(own, _)| own == rule)
        {
            (known.steering.rule, known.steering.announced) = (None, None);
            known.steering.retry_ns = retry_ns;
        }
    }
}
