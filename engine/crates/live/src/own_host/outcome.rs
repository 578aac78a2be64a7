//! What a run came to: the threads' books put together, and the laws.

use super::host_thread::HostThread;
use super::nic_thread::NicThread;
use super::round_times::RoundTimes;
use crate::ports::PortError;
use graph::observe::Observations;
use graph::{LawBroken, Scenario, frames_are_conserved};
use nic::lro::LroCounter;
use nic::{Nic, NicCounter};
use stage::{Counters, CpuId, Nanos, QueueId, Tally};

/// A finished run in real time.
pub struct Outcome {
    pub(super) scenario: Scenario,
    /// Its rules and what they met; its rings stayed empty.
    pub(super) nic: Nic,
    pub(super) observations: Observations,
    pub(super) hosts: Vec<HostThread>,
    /// By queue.
    pub(super) counters: Vec<Counters<NicCounter>>,
    /// By queue, zeros where LRO is off.
    pub(super) lro_counters: Vec<Counters<LroCounter>>,
    /// Frames found without a verdict, by queue.
    pub(super) pending_frames: Vec<u64>,
    pub(super) elapsed_ns: Nanos,
    offered_frames: u64,
    lost_ns: Nanos,
    missed_frames: u64,
    lost_port: Option<PortError>,
    pub(super) batch_times: Option<RoundTimes>,
    buffers: Result<(), LawBroken>,
}

impl Outcome {
    pub(super) fn new(scenario: Scenario, thread: NicThread, mut hosts: Vec<HostThread>) -> Self {
        let NicThread { nic, queues, mut observations, offered_frames, lost_ns, batch_times, .. } = thread;
        let NicThread { missed_frames, lost_port, .. } = thread;
        let lost_ns = hosts.iter().map(|host| host.lost_ns).fold(lost_ns, Nanos::max);
        let mut counters = Vec::with_capacity(queues.len());
        let mut lro_counters = Vec::with_capacity(queues.len());
        let mut with_nic = vec![0; hosts.len()];
        for queue in queues {
            lro_counters.push(queue.lro.map_or_else(Counters::default, |lro| lro.counters().clone()));
            counters.push(queue.counters);
            if let Some(count) = with_nic.get_mut(queue.host) {
                *count += queue.end.into_buffers();
            }
        }
        let pending = |queue: QueueId| {
            let owner = hosts.iter().find(|host| host.queues.contains(&queue));
            owner.map_or(0, |owner| owner.host.pending_frames_of(queue))
        };
        let pending_frames = (0..scenario.nic.queues).map(|queue| pending(QueueId(queue))).collect();
        let empty = || Observations::new(scenario.observe.clone(), 0);
        for host in &mut hosts {
            host.books.note_alike();
            observations.absorb(std::mem::replace(&mut host.books.observations, empty()));
        }
        let buffers = hosts.iter_mut().zip(with_nic).try_for_each(|(host, with_nic)| check(host, with_nic));
        let elapsed_ns = hosts.iter().map(|host| host.ended_ns).max().unwrap_or(0);
        Outcome {
            scenario,
            nic,
            observations,
            hosts,
            counters,
            lro_counters,
            pending_frames,
            elapsed_ns,
            offered_frames,
            lost_ns,
            missed_frames,
            lost_port,
            batch_times,
            buffers,
        }
    }

    /// From the start to the end of the last thread's work.
    pub fn elapsed_ns(&self) -> Nanos {
        self.elapsed_ns
    }

    /// Time a thread wanted a CPU and had none, because others had it: of the thread that lost most. What a run measured
    /// while it lost much says more about the machine's other work than about the path.
    pub fn lost_ns(&self) -> Nanos {
        self.lost_ns
    }

    /// Frames that arrived at the port and found no room in front of the NIC, by the kernel's count; they are in no
    /// verdict.
    pub fn missed_frames(&self) -> u64 {
        self.missed_frames
    }

    /// Why the port ended before the run, if it did; what was received until then is accounted for.
    pub fn lost_port(&self) -> Option<&PortError> {
        self.lost_port.as_ref()
    }

    /// Frames offered.
    pub fn offered_frames(&self) -> u64 {
        self.offered_frames
    }

    /// The verdicts of all queues together.
    pub fn tally(&self) -> Tally {
        self.observations.total()
    }

    /// Frames without a verdict, found where they wait.
    pub fn pending_frames(&self) -> u64 {
        self.pending_frames.iter().sum()
    }

    /// Time a CPU spent in net_rx_action and in its applications; `None` for one that took no interrupts.
    pub fn busy_ns(&self, cpu: CpuId) -> Option<(Nanos, Nanos)> {
        self.hosts.iter().find(|host| host.cpu == cpu).map(|host| (host.softirq_ns, host.task_ns))
    }

    /// What was seen.
    pub fn observations(&self) -> &Observations {
        &self.observations
    }

    /// The laws: frames are conserved per queue and in total, every buffer is free, the NIC's or a socket's.
    ///
    /// # Errors
    /// The first law that does not hold, with its numbers.
    pub fn check_laws(&self) -> Result<(), LawBroken> {
        let pending_of = |queue: QueueId| self.pending_frames.get(queue.index()).copied().unwrap_or(0);
        frames_are_conserved(&self.observations, self.offered_frames, self.pending_frames(), pending_of)?;
        self.buffers.clone()
    }
}

/// Let the sockets' buffers go: those that are then not free must be the NIC's, and be there.
fn check(thread: &mut HostThread, with_nic: u64) -> Result<(), LawBroken> {
    let HostThread { host, buffers, driver, .. } = thread;
    host.release_all(buffers);
    let (capacity, free, owned) = (buffers.capacity(), buffers.free(), buffers.owned());
    let posted: u64 = driver.queues().iter().map(|queue| queue.posted()).sum();
    if capacity == free + owned && owned == posted && posted == with_nic {
        return Ok(());
    }
    Err(LawBroken(format!(
        "buffers of CPU {}: {capacity} allocated, {free} free, {owned} owned, {posted} posted, {with_nic} the NIC's",
        thread.cpu.0
    )))
}
