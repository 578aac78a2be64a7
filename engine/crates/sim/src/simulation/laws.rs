//! What holds at any time.

use super::Simulation;
use crate::slice::Books;
use graph::{LawBroken, frames_are_conserved};
use stage::{CpuId, QueueId, Tally};
use stats::Picos;

impl Simulation {
    /// The verdicts of all queues together.
    pub fn tally(&self) -> Tally {
        self.books.observations.total()
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
        let Books { observations, ledger, .. } = &self.books;
        let pending_of = |queue| self.pending_of(queue);
        frames_are_conserved(observations, self.offered_frames, self.pending_frames(), pending_of)?;
        self.check_senders()?;
        let buffers = &self.path.buffers;
        let (capacity, free, owned) = (buffers.capacity(), buffers.free(), buffers.owned());
        if capacity != free + owned {
            return Err(LawBroken(format!("buffers: {capacity} allocated, {free} free, {owned} owned")));
        }
        for (i, cpu) in self.cpus.iter().enumerate() {
            let busy_ps: Picos = cpu.busy_ps.iter().sum();
            let ledger_ps = ledger.busy_ps(CpuId(i as u16));
            if busy_ps != ledger_ps {
                return Err(LawBroken(format!("time of CPU {i}: busy {busy_ps} ps, ledger {ledger_ps} ps")));
            }
        }
        Ok(())
    }
}
