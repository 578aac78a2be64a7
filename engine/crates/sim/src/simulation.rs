//! The run: arrivals and events in one order.

mod arrivals;
mod closed_loop;
mod laws;
mod memory;
mod polling;
mod scheduler;
mod step;

use crate::cache::CacheModel;
use crate::costs::{CacheCosts, op_costs};
use crate::cpu::{BusyContext, Hardirq, VirtualCpu};
use crate::events::Events;
use crate::slice::Books;
use graph::observe::Observations;
use graph::scenario::ScenarioError;
use graph::{Administration, Change, CostTable, Hasher, Latencies, ReceivePath, Scenario};
use nic::steering::FlowKey;
use nic::{Built, Classified, NicCounter, Reconfiguration};
use stage::{Counters, CpuId, Nanos, Op, QueueId, Random, RxQueues, Signal, SocketId, TaskId, Touch};
use stats::{Ledger, Picos, Series};
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
    /// A frame of so many bytes that shares a queue's vector was sent.
    Completed(QueueId, u32),
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
            let layout = memory::layout(&scenario);
            CacheModel::new(&scenario.host.cache, CacheCosts::of(&costs), cpus, layout)
        });
        let books = Books {
            ways: vec![[0; Op::COUNT]; usize::from(cpus)].into(),
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
            Due::Completed(queue, bytes) => self.completed(queue, bytes),
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
}
