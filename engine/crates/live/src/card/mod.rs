//! The NIC before this machine's kernel: the same stages as in virtual time, and a driver that hands what is in the
//! rings to a port instead of a stack. One thread has all of it.

mod hand_over;
mod outcome;
mod tables;

pub use outcome::CardOutcome;

use crate::clock::Clock;
use crate::ports::Outlet;
use graph::observe::Observations;
use graph::scenario::Mode;
use graph::{Hasher, ReceivePath, Scenario, ScenarioError};
use nic::lro::Fate;
use nic::{Classified, Nic, Steered};
use stage::{BufferPool, CpuId, FrameId, Nanos, QueueId, RxPacket, RxQueues, Signal};
use std::collections::VecDeque;

/// Frames handed over between two looks at what has arrived.
const STEP_FRAMES: usize = 8;

/// NIC, packet memory, driver and books.
pub(crate) struct Card {
    scenario: Scenario,
    pub(crate) nic: Nic,
    buffers: BufferPool,
    pub(crate) observations: Observations,
    /// The CPU that receives each queue's frames in the kernel.
    cpus: Vec<CpuId>,
    offered_frames: u64,
    /// Queues whose interrupt was raised, in the order in which they are polled, as NAPI's list is.
    scheduled: VecDeque<QueueId>,
    /// Frames the first of them may still have taken before the next has its turn.
    quota_frames: u32,
    /// Large receive offload is on.
    merges: bool,
    /// When the earliest timer of a queue is due.
    timer_ns: Nanos,
    /// Frames taken from a ring and not handed over.
    taken: Vec<RxPacket>,
    /// A merged frame's headers while they are rewritten.
    head: Vec<u8>,
    /// Try again for as long as the kernel is behind, instead of dropping.
    lossless: bool,
    /// Time in the port's writes.
    written_ns: Nanos,
    /// The port is gone: there is nobody to hand frames to.
    gone: bool,
}

impl Card {
    /// The card of a scenario. `cpus`: where the kernel receives each queue's frames, in turn.
    ///
    /// # Errors
    /// Names the key that cannot be, or that this machine's kernel cannot honour.
    pub(crate) fn new(
        scenario: Scenario,
        hasher: &Hasher,
        cpus: &[CpuId],
        lossless: bool,
    ) -> Result<Card, ScenarioError> {
        check(&scenario)?;
        let ReceivePath { nic, buffers, .. } = ReceivePath::new(&scenario, hasher)?;
        let queues = usize::from(scenario.nic.queues);
        Ok(Card {
            observations: Observations::new(scenario.observe.clone(), scenario.nic.queues),
            cpus: cpus.iter().copied().cycle().take(queues).collect(),
            scheduled: VecDeque::with_capacity(queues),
            quota_frames: scenario.host.napi.weight_frames,
            merges: scenario.lro_enabled(),
            taken: Vec::with_capacity(STEP_FRAMES),
            head: Vec::with_capacity(hand_over::HEAD_BYTES),
            scenario,
            nic,
            buffers,
            offered_frames: 0,
            timer_ns: Nanos::MAX,
            lossless,
            written_ns: 0,
            gone: false,
        })
    }

    /// A frame arrives, for where [`Nic::steer`] sends it.
    #[inline]
    pub(crate) fn receive(
        &mut self,
        now_ns: Nanos,
        sent_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        to: Steered,
    ) {
        let id = FrameId(self.offered_frames);
        self.offered_frames += 1;
        let queue = classified.drop.is_none().then_some(to.queue);
        self.observations.offered(queue);
        self.observations.trace(now_ns, id, None, None, "wire", || format!("{} bytes", frame.len()));
        let buffers = &mut self.buffers;
        let taken = self.nic.receive(now_ns, frame, classified, to, id, sent_ns, buffers, &mut |_| {});
        match taken {
            Ok(received) => {
                self.observations.trace(now_ns, id, None, queue, "ring", || {
                    format!("hash 0x{:08x}, queue {}", classified.hash, queue.unwrap_or_default().0)
                });
                if received.fate == Fate::Merged {
                    self.observations.merged_by_nic(now_ns, id, queue);
                }
                self.follow(received.signal);
            }
            Err(reason) => self.observations.dropped_by_nic(now_ns, id, queue, reason),
        }
        if self.merges {
            self.timer_ns = self.timer_ns.min(self.nic.lro_deadline_ns(to.queue).unwrap_or(Nanos::MAX));
        }
    }

    /// Let the ring a frame is for have room for it, whatever its interrupt waits for.
    #[inline]
    pub(crate) fn make_room(
        &mut self,
        frame_bytes: usize,
        classified: &Classified,
        queue: QueueId,
        clock: &Clock,
        port: &mut dyn Outlet,
    ) {
        let room = |nic: &Nic| nic.has_room(queue, frame_bytes, classified);
        while !room(&self.nic) && self.hand_over(queue, STEP_FRAMES, clock, port) > 0 {}
        if self.merges && !room(&self.nic) {
            self.flush_merged(queue, clock.now_ns());
            while !room(&self.nic) && self.hand_over(queue, STEP_FRAMES, clock, port) > 0 {}
        }
    }

    /// Show the driver all that a queue's LRO holds.
    fn flush_merged(&mut self, queue: QueueId, now_ns: Nanos) {
        let signal = self.nic.lro_flush(queue, now_ns, &mut self.buffers, &mut |_| {});
        self.follow(signal);
    }

    #[inline]
    fn follow(&mut self, signal: Signal) {
        match signal {
            Signal::Quiet => {}
            Signal::Raise(interrupt) => self.scheduled.push_back(interrupt.queue),
            Signal::Timer(interrupt) => self.timer_ns = self.timer_ns.min(interrupt.at_ns),
        }
    }

    /// When something is to be done without another frame; `Nanos::MAX` if never.
    #[inline]
    pub(crate) fn due_ns(&self) -> Nanos {
        if self.scheduled.is_empty() { self.timer_ns } else { 0 }
    }

    /// Do a little of what is due, at `now_ns`: timers, and some frames of the queue whose turn it is. Answers the
    /// time.
    #[inline]
    pub(crate) fn step(&mut self, now_ns: Nanos, clock: &Clock, port: &mut dyn Outlet) -> Nanos {
        if self.timer_ns <= now_ns {
            self.timers(now_ns);
        }
        let Some(queue) = self.scheduled.front().copied() else { return now_ns };
        let limit = STEP_FRAMES.min(self.quota_frames as usize);
        let taken = self.hand_over(queue, limit, clock, port);
        port.flush();
        let now_ns = clock.now_ns();
        self.quota_frames = self.quota_frames.saturating_sub(taken as u32);
        if taken < limit {
            self.scheduled.pop_front();
            let signal = self.nic.arm(queue, now_ns);
            self.follow(signal);
        } else if self.quota_frames == 0 {
            self.scheduled.rotate_left(1);
        }
        if self.scheduled.front() != Some(&queue) || self.quota_frames == 0 {
            self.quota_frames = self.scenario.host.napi.weight_frames;
        }
        now_ns
    }

    fn timers(&mut self, now_ns: Nanos) {
        self.timer_ns = Nanos::MAX;
        for queue in (0..self.scenario.nic.queues).map(QueueId) {
            if self.merges && self.nic.lro_deadline_ns(queue).is_some_and(|due_ns| due_ns <= now_ns) {
                let signal = self.nic.lro_timer(queue, now_ns, &mut self.buffers, &mut |_| {});
                self.follow(signal);
            }
            let signal = self.nic.timer(queue, now_ns);
            self.follow(signal);
            let left = self.nic.queues().get(queue.index()).and_then(|queue| queue.coalesce().deadline_ns());
            let held = self.nic.lro_deadline_ns(queue);
            let next_ns = left.into_iter().chain(held).min().unwrap_or(Nanos::MAX);
            self.timer_ns = self.timer_ns.min(next_ns);
        }
    }

    /// Nothing more arrives: hand over whatever is left, waiting for no timer.
    pub(crate) fn finish(&mut self, clock: &Clock, port: &mut dyn Outlet) {
        for queue in (0..self.scenario.nic.queues).map(QueueId) {
            self.flush_merged(queue, clock.now_ns());
            while self.hand_over(queue, STEP_FRAMES, clock, port) > 0 {}
        }
        port.flush();
    }

    /// Whether the port is gone.
    #[inline]
    pub(crate) fn gone(&self) -> bool {
        self.gone
    }
}

/// What a kernel's own stack cannot honour. The rest of `host` describes a modelled one and has no effect.
fn check(scenario: &Scenario) -> Result<(), ScenarioError> {
    if graph::has_senders(scenario) {
        let allowed = "generated or capture: before this machine's kernel its own TCP sends and receives";
        return Err(ScenarioError::new("traffic.streams", "tcp", allowed));
    }
    if !scenario.host.rps.cpus.is_empty() {
        let value = format!("{:?}", scenario.host.rps.cpus);
        let allowed = "empty with host = linux: the interface's own rps_cpus hold";
        return Err(ScenarioError::new("host.rps.cpus", value, allowed));
    }
    if matches!(scenario.steering.mode, Mode::Rps | Mode::Rfs | Mode::Arfs | Mode::Callback) {
        let allowed =
            "none, rss or ntuple with host = linux: the kernel's own RPS and RFS are set on the interface";
        return Err(ScenarioError::new("steering.mode", scenario.steering.mode.name(), allowed));
    }
    if !scenario.costs.is_empty() {
        let value = format!("{} rows", scenario.costs.len());
        let allowed = "none with clock = real: work costs what it costs";
        return Err(ScenarioError::new("costs", value, allowed));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
