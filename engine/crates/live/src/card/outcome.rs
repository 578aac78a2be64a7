//! What a card's run came to, and the laws.

use super::Card;
use graph::observe::Observations;
use graph::{LawBroken, Scenario, frames_are_conserved};
use nic::Nic;
use stage::{BufferPool, CpuId, Nanos, QueueId, Tally};

/// A finished run before this machine's kernel. A frame is delivered when the kernel took it.
pub struct CardOutcome {
    pub(super) scenario: Scenario,
    pub(super) observations: Observations,
    pub(super) nic: Nic,
    /// Frames found in the rings, by queue.
    pub(super) pending_frames: Vec<u64>,
    pub(super) cpus: Vec<CpuId>,
    buffers: Result<(), LawBroken>,
    offered_frames: u64,
    elapsed_ns: Nanos,
    written_ns: Nanos,
    missed_frames: u64,
    gone: bool,
}

impl CardOutcome {
    /// `missed_frames`: what the port had no room for; `gone`: the port the frames came from is.
    pub(crate) fn new(card: Card, elapsed_ns: Nanos, missed_frames: u64, source_gone: bool) -> Self {
        let Card { scenario, nic, buffers, observations, cpus, offered_frames, written_ns, gone, .. } = card;
        let posted = nic.queues().iter().map(|queue| u64::from(queue.ring().posted())).sum();
        let pending_frames: Vec<u64> = nic.queues().iter().map(|queue| queue.pending()).collect();
        CardOutcome {
            buffers: check(&buffers, posted, pending_frames.iter().sum()),
            pending_frames,
            nic,
            scenario,
            observations,
            cpus,
            offered_frames,
            elapsed_ns,
            written_ns,
            missed_frames,
            gone: gone || source_gone,
        }
    }

    /// From the start to the last frame's end.
    pub fn elapsed_ns(&self) -> Nanos {
        self.elapsed_ns
    }

    /// Time in the port's writes; without NAPI that is the kernel's receive path.
    pub fn written_ns(&self) -> Nanos {
        self.written_ns
    }

    /// Frames offered.
    pub fn offered_frames(&self) -> u64 {
        self.offered_frames
    }

    /// Frames that came and did not reach the NIC, for its port had no room: in addition to those offered.
    pub fn missed_frames(&self) -> u64 {
        self.missed_frames
    }

    /// An interface vanished while frames were taken from or handed to it.
    pub fn gone(&self) -> bool {
        self.gone
    }

    /// The verdicts of all queues together.
    pub fn tally(&self) -> Tally {
        self.observations.total()
    }

    /// Frames without a verdict, found where they wait.
    pub fn pending_frames(&self) -> u64 {
        self.pending_frames.iter().sum()
    }

    /// What was seen.
    pub fn observations(&self) -> &Observations {
        &self.observations
    }

    /// The laws: frames are conserved per queue and in total, every buffer is free or the NIC's.
    ///
    /// # Errors
    /// The first law that does not hold, with its numbers.
    pub fn check_laws(&self) -> Result<(), LawBroken> {
        let pending_of = |queue| self.pending_of(Some(queue));
        frames_are_conserved(&self.observations, self.offered_frames, self.pending_frames(), pending_of)?;
        self.buffers.clone()
    }

    pub(super) fn pending_of(&self, queue: Option<QueueId>) -> u64 {
        queue.and_then(|queue| self.pending_frames.get(queue.index()).copied()).unwrap_or(0)
    }
}

/// With nothing in the rings, a buffer that is not free is posted.
fn check(buffers: &BufferPool, posted: u64, pending: u64) -> Result<(), LawBroken> {
    let (capacity, free, owned) = (buffers.capacity(), buffers.free(), buffers.owned());
    if capacity == free + owned && (owned == posted || pending > 0 && owned > posted) {
        return Ok(());
    }
    Err(LawBroken(format!(
        "buffers: {capacity} allocated, {free} free, {owned} owned, {posted} posted, {pending} frames pending"
    )))
}
