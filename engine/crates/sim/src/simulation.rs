//! The run: arrivals and events in one order, slices on virtual CPUs, and the laws at the end.

use crate::cache::{CacheModel, Layout, Sizes};
use crate::costs::{CacheCosts, op_costs};
use crate::cpu::{BusyContext, Entity, Hardirq, SoftirqMode, VirtualCpu};
use crate::events::Events;
use crate::slice::{Books, Effect, Slice};
use graph::observe::Observations;
use graph::scenario::{Mode, ScenarioError};
use graph::{
    Administration, Change, CostTable, Hasher, Latencies, LawBroken, ReceivePath, Scenario, to_ethernet,
};
use host::app::AppStep;
use host::softirq::Progress;
use host::steering::WorkStep;
use nic::lro::Fate;
use nic::steering::FlowKey;
use nic::{Built, Classified, NicCounter, Reconfiguration};
use stage::{
    Counters, CpuId, Event, Executor, FrameId, Meter, Nanos, Observer, Op, QueueId, Random, Region, RxQueues,
    Signal, SocketId, Tally, TaskId, Touch,
};
use stats::{Ledger, PICOS_PER_NANO, Picos, Series};
use traffic::{BATCH_FRAMES, Batch, Captures, Source};

/// What is due at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Due {
    /// A CPU finished its slice, or leaves the idle state.
    Step(CpuId),
    /// A queue's interrupt reaches its CPU.
    Interrupt(QueueId),
    /// A queue's coalescing timer.
    Timer(QueueId),
    /// What a queue's LRO holds has been held as long as it may.
    Lro(QueueId),
    /// A timer interrupts a CPU for a queue's NAPI.
    NapiTimer(CpuId, QueueId),
    /// An inter-processor interrupt reaches its CPU.
    Ipi(CpuId),
    /// A task was woken.
    Wake(TaskId),
    /// The control script's next step.
    Control,
    /// A CPU's deferred work.
    Work(CpuId),
    /// A socket's acknowledgement timer runs out.
    AckTimer(CpuId, SocketId),
    /// The source has decided more.
    Source,
    /// The next task is moved by rate.
    Migration,
    /// A task is moved by hand.
    Move(TaskId, CpuId),
    /// A CPU goes offline.
    Unplug(CpuId),
}

/// A softirq on an interrupt's exit is restarted this often at most (kernel/softirq.c, MAX_SOFTIRQ_RESTART).
const MAX_SOFTIRQ_RESTART: u32 = 10;
/// And for this long at most (MAX_SOFTIRQ_TIME).
const MAX_SOFTIRQ_TIME_NS: Nanos = 2_000_000;
/// Frames are written, classified and received in batches of about so many bytes: half of a usual L1 cache.
const BATCH_BYTES: usize = 16_384;
/// sched_base_slice of one CPU, scaled by 1 + log2(CPUs), at most 8 of them (kernel/sched/fair.c).
const BASE_SLICE_PS: Picos = 700_000_000;

/// A task's place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Task {
    pub(crate) cpu: CpuId,
    pub(crate) pinned: bool,
}

/// A scenario in virtual time.
pub struct Simulation {
    pub(crate) scenario: Scenario,
    /// CPUs look at their queues themselves.
    pub(crate) polling: bool,
    /// Frames wait for room; how long they have, all in all.
    lossless: Option<Nanos>,
    /// When something happened last.
    last_ns: Nanos,
    pub(crate) path: ReceivePath,
    administration: Administration,
    pub(crate) books: Books,
    pub(crate) cpus: Vec<VirtualCpu>,
    pub(crate) series: Series,
    pub(crate) latencies: Latencies,
    pub(crate) tasks: Vec<Task>,
    /// Draws which task is moved, where to and when.
    pub(crate) migrations: Random,
    pub(crate) events: Events<Due>,
    pub(crate) source: Source,
    /// It awaits acknowledgements.
    closed_loop: bool,
    /// Something happened that it may answer with frames.
    pub(crate) source_moved: bool,
    /// When it is asked next, if it is.
    pub(crate) ask_source_ns: Option<Nanos>,
    /// Frames the host sent; those of them that answered nobody.
    pub(crate) sent_frames: u64,
    pub(crate) astray_frames: u64,
    pub(crate) batch: Batch,
    scratch: Vec<u8>,
    classified: [Classified; BATCH_FRAMES],
    ahead: Vec<Touch>,
    waiting: Vec<u32>,
    keys: [FlowKey; BATCH_FRAMES],
    next_in_batch: usize,
    pub(crate) now_ns: Nanos,
    offered_frames: u64,
    pub(crate) exhausted: bool,
    /// By queue: when its LRO is asked next.
    lro_watched_ns: Vec<Option<Nanos>>,
}

impl Simulation {
    /// Build what the scenario describes; nothing runs yet.
    ///
    /// # Errors
    /// Names the key that cannot be.
    pub fn new(scenario: Scenario, captures: &Captures, hasher: &Hasher) -> Result<Self, ScenarioError> {
        let costs = CostTable::of(&scenario)?;
        let mut source = Source::with_captures(&scenario.traffic, scenario.seed, captures)
            .map_err(|e| ScenarioError::new(format!("traffic.{}", e.key), e.value, e.allowed))?;
        source.agree(graph::window_scale(&scenario));
        let mut path = ReceivePath::new(&scenario, hasher)?;
        let administration = Administration::new(&scenario, hasher)?;
        let mut events = Events::new();
        scenario.control.iter().for_each(|step| events.schedule(step.at_ns, Due::Control));
        let polling = scenario.host.polling;
        if polling {
            path.nic.poll_only();
        }
        let cpus = scenario.host.cpus;
        let cache = scenario.host.cache.enabled.then(|| {
            let layout = layout(&scenario);
            CacheModel::new(&scenario.host.cache, CacheCosts::of(&costs), cpus, layout)
        });
        let books = Books {
            costs: op_costs(&costs),
            ledger: Ledger::new(cpus, scenario.nic.queues),
            cache,
            observations: Observations::new(scenario.observe.clone(), scenario.nic.queues),
            effects: Vec::new(),
            sent: Vec::new(),
        };
        let base_slice_ps = BASE_SLICE_PS * u64::from(1 + cpus.min(8).ilog2());
        let apps = &scenario.host.apps;
        let cpu_of = |task: u32| match apps.cpus.as_slice() {
            [] => task as u16 % cpus,
            listed => listed[task as usize % listed.len()],
        };
        let tasks = (0..scenario.app_count())
            .map(|task| Task { cpu: CpuId(cpu_of(task)), pinned: apps.pinned })
            .collect();
        let mut simulation = Simulation {
            series: Series::new(scenario.observe.bin_ns, usize::from(cpus) * BusyContext::ALL.len()),
            batch: source.batch().within(BATCH_BYTES),
            latencies: costs.latency,
            cpus: (0..cpus).map(|_| VirtualCpu::new(base_slice_ps)).collect(),
            path,
            administration,
            books,
            tasks,
            migrations: Random::for_component(scenario.seed, "sim.migrations"),
            events,
            closed_loop: source.is_closed_loop(),
            source_moved: false,
            ask_source_ns: None,
            sent_frames: 0,
            astray_frames: 0,
            source,
            scratch: Vec::new(),
            classified: [Classified::default(); BATCH_FRAMES],
            ahead: Vec::with_capacity(BATCH_FRAMES),
            waiting: vec![0; usize::from(scenario.nic.queues)],
            keys: [FlowKey::NONE; BATCH_FRAMES],
            next_in_batch: 0,
            now_ns: 0,
            offered_frames: 0,
            exhausted: false,
            polling,
            lossless: None,
            last_ns: 0,
            lro_watched_ns: vec![None; usize::from(scenario.nic.queues)],
            scenario,
        };
        simulation.plan_moves();
        Ok(simulation)
    }

    /// The source waits for room in the ring instead of losing a frame, and all later frames come so much later: what
    /// the path takes at most is then what it does take. A frame for which nobody will make room is dropped.
    #[must_use]
    pub fn lossless(mut self) -> Self {
        self.lossless = Some(0);
        self
    }

    /// When something happened last: with everything offered and done, how long that took.
    pub fn last_ns(&self) -> Nanos {
        self.last_ns
    }

    /// Virtual time now.
    pub fn now_ns(&self) -> Nanos {
        self.now_ns
    }

    /// When the run ends at the latest.
    pub fn end_ns(&self) -> Nanos {
        self.scenario.duration_ns + self.scenario.drain_ns
    }

    /// Frames offered so far.
    pub fn offered_frames(&self) -> u64 {
        self.offered_frames
    }

    /// Whether nothing more will happen.
    pub fn finished(&self) -> bool {
        self.now_ns >= self.end_ns()
    }

    /// The document as it is now, the control script left out.
    pub fn document(&self) -> &Scenario {
        self.administration.document()
    }

    /// What the NIC was built with, and cannot exceed.
    pub fn built(&self) -> Built {
        self.administration.built()
    }

    /// What the NIC counted so far.
    pub fn nic_counters(&self) -> Counters<NicCounter> {
        self.path.nic.counters()
    }

    /// Change what is running, now: between two frames, all of it or none.
    ///
    /// # Errors
    /// Names the key that cannot be; nothing has changed then.
    pub fn apply(&mut self, change: &Change, hasher: &Hasher) -> Result<(), ScenarioError> {
        let ready = self.administration.change(change, hasher)?;
        self.reconfigure(ready);
        Ok(())
    }

    fn reconfigure(&mut self, to: Reconfiguration) {
        let mut signals = Vec::new();
        let memory_ns = self.now_ns + self.latencies.dma_ns;
        self.path.nic.reconfigure(memory_ns, to, &mut |signal| signals.push(signal));
        signals.into_iter().for_each(|signal| self.follow(signal));
        self.classify();
    }

    /// Run up to and including `until_ns`, or to the end.
    pub fn advance(&mut self, until_ns: Nanos) {
        let until_ns = until_ns.min(self.end_ns());
        let mut next_arrival_ns = self.next_arrival_ns();
        loop {
            let due_ns = self.events.next_ns().unwrap_or(Nanos::MAX);
            if self.lossless.is_some() {
                next_arrival_ns = self.next_admission_ns(due_ns);
            }
            match next_arrival_ns {
                // Of an arrival and an event at the same time the arrival comes first.
                Some(arrival_ns) if arrival_ns <= due_ns.min(until_ns) => {
                    self.receive(arrival_ns);
                    next_arrival_ns = self.next_arrival_ns();
                }
                None if due_ns == Nanos::MAX && self.exhausted => {
                    self.now_ns = self.end_ns();
                    return;
                }
                _ if due_ns <= until_ns => {
                    if let Some((at_ns, due)) = self.events.pop() {
                        self.now_ns = at_ns.max(self.now_ns);
                        self.last_ns = self.now_ns;
                        self.happen(due);
                        if std::mem::take(&mut self.source_moved) {
                            next_arrival_ns = self.next_arrival_ns();
                        }
                    }
                }
                _ => break,
            }
        }
        self.now_ns = until_ns;
    }

    /// When the next frame is on the wire, if one is within the duration.
    #[inline]
    fn next_arrival_ns(&mut self) -> Option<Nanos> {
        if self.next_in_batch >= self.batch.len() && !self.exhausted {
            self.next_in_batch = 0;
            if self.closed_loop {
                self.fill_decided();
            } else {
                let filled = self.source.fill(self.scenario.duration_ns, &mut self.batch);
                self.exhausted = filled == 0;
            }
            self.classify();
            self.look_ahead();
        }
        self.batch.frame(self.next_in_batch).map(|(offer, _)| offer.arrived_ns)
    }

    /// The same for a source that waits: `Nanos::MAX` while the ring has no room and something is under way that may
    /// make some.
    #[inline(never)]
    fn next_admission_ns(&mut self, due_ns: Nanos) -> Option<Nanos> {
        let planned_ns = self.next_arrival_ns()?;
        let (_, frame) = self.batch.frame(self.next_in_batch)?;
        let classified = self.classified.get(self.next_in_batch)?;
        let queue = self.path.nic.queue_of(classified);
        if due_ns < Nanos::MAX && classified.drop.is_none() && !self.path.nic.has_room(queue, frame.len()) {
            return Some(Nanos::MAX);
        }
        let waited_ns = self.lossless.get_or_insert(0);
        let arrival_ns = (planned_ns + *waited_ns).max(self.now_ns);
        *waited_ns = arrival_ns - planned_ns;
        Some(arrival_ns)
    }

    /// Parse and hash a batch ahead of its arrival: pure work, so that it may be done early.
    fn classify(&mut self) {
        let mut frames: [&[u8]; BATCH_FRAMES] = [&[]; BATCH_FRAMES];
        for (slot, (_, frame)) in frames.iter_mut().zip(self.batch.iter()) {
            *slot = frame;
        }
        let filled = self.batch.len();
        let nic = &self.path.nic;
        if nic.steers() {
            nic.classify_flows(&frames[..filled], &mut self.classified, &mut self.keys);
        } else {
            nic.classify(&frames[..filled], &mut self.classified);
        }
        for (i, (offer, frame)) in self.batch.iter().enumerate() {
            if offer.link != traffic::LinkType::Ethernet {
                let frame = to_ethernet(offer.link, frame, &mut self.scratch);
                nic.classify_flows(&[frame], &mut self.classified[i..=i], &mut self.keys[i..=i]);
            }
        }
    }

    /// Where the batch will be written, for the cache model's benefit: by hash, for the flow table is asked on arrival.
    fn look_ahead(&mut self) {
        let Some(cache) = &self.books.cache else { return };
        let nic = &self.path.nic;
        self.ahead.clear();
        self.waiting.fill(0);
        for (classified, (offer, _)) in self.classified.iter().zip(self.batch.iter()) {
            let queue = nic.queue_of(classified).index();
            let (Some(ring), Some(before)) = (nic.queues().get(queue), self.waiting.get_mut(queue)) else {
                continue;
            };
            if let Some(buffer) = ring.ring().upcoming(*before) {
                self.ahead.push(Touch::write(Region::Buffer, buffer.0, 0, offer.bytes));
            }
            *before += 1;
        }
        cache.look_ahead(&self.ahead);
    }

    /// The frame's last bit is on the wire: the NIC takes it.
    #[inline]
    fn receive(&mut self, now_ns: Nanos) {
        (self.now_ns, self.last_ns) = (now_ns, now_ns);
        let index = self.next_in_batch;
        self.next_in_batch += 1;
        let (Some((offer, frame)), Some(classified), Some(key)) =
            (self.batch.frame(index), self.classified.get(index), self.keys.get(index))
        else {
            return;
        };
        let frame = to_ethernet(offer.link, frame, &mut self.scratch);
        let id = FrameId(self.offered_frames);
        self.offered_frames += 1;
        let memory_ns = now_ns + self.latencies.dma_ns;
        let to = self.path.nic.steer(memory_ns, frame, classified, key);
        let queue = classified.drop.is_none().then_some(to.queue);
        let Books { cache, observations, .. } = &mut self.books;
        observations.offered(queue);
        observations.trace(now_ns, id, None, None, "wire", || format!("{} bytes", frame.len()));
        let mut dma = |touch| {
            if let Some(cache) = cache {
                cache.dma(&touch);
            }
        };
        let taken = self.path.nic.receive(
            memory_ns,
            frame,
            classified,
            to,
            id,
            self.lossless.map_or(offer.sent_ns, |_| now_ns),
            &mut self.path.buffers,
            &mut dma,
        );
        let lro = self.scenario.lro_enabled();
        match taken {
            Ok(received) => {
                observations.trace(memory_ns, id, None, queue, "ring", || {
                    format!("hash 0x{:08x}, queue {}", classified.hash, queue.unwrap_or_default().0)
                });
                if received.fate == Fate::Merged {
                    observations.merged_by_nic(memory_ns, id, queue);
                }
                self.follow(received.signal);
                if self.polling {
                    self.let_see(queue.unwrap_or_default(), memory_ns);
                }
            }
            Err(reason) => observations.dropped_by_nic(now_ns, id, queue, reason),
        }
        if lro && let Some(queue) = queue {
            self.watch_lro(queue);
        }
    }

    /// Have a queue's LRO asked when it must be. An aggregate that is closed before its time leaves its event under
    /// way, which then finds out when the next is due; one that is overtaken finds nothing to do.
    fn watch_lro(&mut self, queue: QueueId) {
        let Some(deadline_ns) = self.path.nic.lro_deadline_ns(queue) else { return };
        let Some(watched_ns) = self.lro_watched_ns.get_mut(queue.index()) else { return };
        if watched_ns.is_none_or(|watched_ns| deadline_ns < watched_ns) {
            *watched_ns = Some(deadline_ns);
            self.events.schedule(deadline_ns.max(self.now_ns), Due::Lro(queue));
        }
    }

    fn lro_due(&mut self, queue: QueueId) {
        let Some(watched_ns) = self.lro_watched_ns.get_mut(queue.index()) else { return };
        if watched_ns.is_none_or(|watched_ns| watched_ns > self.now_ns) {
            return;
        }
        *watched_ns = None;
        let cache = &mut self.books.cache;
        let mut dma = |touch| {
            if let Some(cache) = cache {
                cache.dma(&touch);
            }
        };
        let signal = self.path.nic.lro_timer(queue, self.now_ns, &mut self.path.buffers, &mut dma);
        self.follow(signal);
        if self.polling {
            self.let_see(queue, self.now_ns);
        }
        self.watch_lro(queue);
    }

    fn follow(&mut self, signal: Signal) {
        match signal {
            Signal::Quiet => {}
            Signal::Raise(interrupt) => {
                self.events
                    .schedule(interrupt.at_ns + self.latencies.irq_ns, Due::Interrupt(interrupt.queue));
            }
            Signal::Timer(interrupt) => self.events.schedule(interrupt.at_ns, Due::Timer(interrupt.queue)),
        }
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Step(cpu) => self.step(cpu),
            Due::Timer(queue) => {
                let signal = self.path.nic.timer(queue, self.now_ns);
                self.follow(signal);
            }
            Due::Lro(queue) => self.lro_due(queue),
            Due::Interrupt(queue) => {
                let cpu = self.path.irq_cpu(queue);
                if let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) {
                    virtual_cpu.hardirqs.push_back(Hardirq::Device(queue));
                }
                self.rouse(cpu);
            }
            Due::NapiTimer(cpu, queue) => {
                let cpu = if self.online(cpu) { cpu } else { self.path.irq_cpu(queue) };
                if let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) {
                    virtual_cpu.hardirqs.push_back(Hardirq::NapiTimer(queue, self.now_ns));
                }
                self.rouse(cpu);
            }
            Due::Ipi(cpu) => self.interrupt_cpu(cpu),
            Due::Wake(task) => self.wake(task),
            Due::Control => {
                if let Some(ready) = self.administration.step(self.now_ns) {
                    self.reconfigure(ready);
                }
            }
            Due::Work(cpu) => self.start_work(cpu),
            Due::AckTimer(cpu, socket) => self.ack_timer(cpu, socket),
            Due::Source => self.ask_source(),
            Due::Migration => self.migrate_any(),
            Due::Move(task, cpu) => self.migrate(task, cpu),
            Due::Unplug(cpu) => self.unplug(cpu),
        }
    }

    /// One slice on a CPU: hardirq before softirq before tasks.
    fn step(&mut self, cpu: CpuId) {
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

    fn settle_effects(&mut self) {
        for i in 0..self.books.effects.len() {
            match self.books.effects[i] {
                Effect::Wake(at_ns, task) => self.events.schedule(at_ns, Due::Wake(task)),
                Effect::Ipi(at_ns, cpu) => self.events.schedule(at_ns + self.latencies.irq_ns, Due::Ipi(cpu)),
                Effect::Signal(signal) => self.follow(signal),
                Effect::Work(at_ns, cpu) => self.events.schedule(at_ns, Due::Work(cpu)),
                Effect::NapiTimer(at_ns, cpu, queue) => {
                    self.events.schedule(at_ns, Due::NapiTimer(cpu, queue));
                }
                Effect::Sent(at_ns, start, bytes) => self.sent(at_ns, start as usize, bytes as usize),
                Effect::AckTimer(at_ns, cpu, socket) => {
                    self.events.schedule(at_ns, Due::AckTimer(cpu, socket));
                }
            }
        }
        self.books.effects.clear();
        self.books.sent.clear();
    }

    /// The verdicts of all queues together.
    pub fn tally(&self) -> Tally {
        let mut total = Tally::default();
        self.books.observations.tallies.iter().for_each(|tally| total.add(tally));
        total
    }

    /// Frames inside, found by walking every ring, LRO context, backlog and out-of-order queue.
    pub fn pending_frames(&self) -> u64 {
        self.path.nic.pending() + self.path.host.pending_frames()
    }

    /// The same for one queue.
    pub(crate) fn pending_of(&self, queue: QueueId) -> u64 {
        let in_nic = self.path.nic.queues().get(queue.index()).map_or(0, |q| q.pending());
        in_nic + self.path.host.pending_frames_of(queue)
    }

    /// The laws: frames are conserved per queue and in total, buffers are free or owned, the ledger is the busy time.
    ///
    /// # Errors
    /// The first law that does not hold, with its numbers.
    pub fn check_laws(&self) -> Result<(), LawBroken> {
        let total = self.tally();
        let found = self.pending_frames();
        if !total.holds(found) || total.rx != self.offered_frames {
            return Err(LawBroken(format!(
                "frames: rx {} of {} offered, delivered {}, dropped {}, consumed {}, found pending {found}",
                total.rx,
                self.offered_frames,
                total.delivered,
                total.dropped_total(),
                total.consumed
            )));
        }
        for (i, tally) in self.books.observations.tallies.iter().enumerate().skip(1) {
            let found = self.pending_of(QueueId((i - 1) as u16));
            if !tally.holds(found) {
                return Err(LawBroken(format!(
                    "frames of queue {}: {tally:?}, found pending {found}",
                    i - 1
                )));
            }
        }
        self.check_senders()?;
        let buffers = &self.path.buffers;
        let (capacity, free, owned) = (buffers.capacity(), buffers.free(), buffers.owned());
        if capacity != free + owned {
            return Err(LawBroken(format!("buffers: {capacity} allocated, {free} free, {owned} owned")));
        }
        for (i, cpu) in self.cpus.iter().enumerate() {
            let busy_ps: Picos = cpu.busy_ps.iter().sum();
            let ledger_ps = self.books.ledger.busy_ps(CpuId(i as u16));
            if busy_ps != ledger_ps {
                return Err(LawBroken(format!("time of CPU {i}: busy {busy_ps} ps, ledger {ledger_ps} ps")));
            }
        }
        Ok(())
    }
}

/// An interrupt's exit starts pending softirqs, also when ksoftirqd was asked to (since Linux 6.5, which took back
/// "softirq: Let ksoftirqd do its job").
pub(crate) fn enter_softirq(cpu: &mut VirtualCpu, now_ns: Nanos) {
    if !matches!(cpu.softirq, SoftirqMode::Inline { .. }) {
        cpu.softirq = SoftirqMode::Inline { restarts: 0, started_ns: now_ns };
    }
}

/// How large each region is, for the cache model.
fn layout(scenario: &Scenario) -> Layout {
    let (nic, host) = (&scenario.nic, &scenario.host);
    let buffers = u32::from(nic.queues) * scenario.buffers_per_queue();
    let sockets = host.sockets.max_sockets;
    let rfs = matches!(scenario.steering.mode, Mode::Rfs | Mode::Arfs);
    Layout::new(|region| {
        let (instances, bytes) = match region {
            Region::Ring => (nic.queues.into(), nic.ring_size * 16),
            Region::Buffer => (buffers, nic.buffer_bytes),
            Region::Page => (buffers, 64),
            Region::Skb => (buffers, 256),
            Region::Napi => (nic.queues.into(), 512),
            Region::Softnet => (host.cpus.into(), 512),
            Region::RpsTable => (host.cpus.into(), 4096),
            Region::SocketTable => (sockets * 2, 8),
            Region::Socket => (sockets, 1024),
            Region::Task => (scenario.app_count(), 65_536 + 256),
            Region::Shared => (1, 4096),
            Region::SockFlow => (1, if rfs { 4 * scenario.steering.rfs.sock_flow_entries } else { 64 }),
            Region::DevFlow => {
                (nic.queues.into(), if rfs { 16 * scenario.steering.rfs.flow_entries } else { 64 })
            }
        };
        Sizes { instances, bytes }
    })
}
