//! Senders that await acknowledgements: what the host sends reaches the source, and the source is asked again as far
//! ahead as the present decides.

use super::{Due, Simulation};
use graph::LawBroken;
use stage::{CpuId, Nanos, QueueId, SocketId};
use traffic::FlowRecord;

impl Simulation {
    /// Fill the batch with what is decided by now: a frame sent later than a round trip from now may depend on an
    /// acknowledgement that has not been sent.
    pub(super) fn fill_decided(&mut self) {
        let lookahead_ns = self.source.lookahead_ns();
        // An acknowledgement sent now arrives a round trip later, at the earliest.
        let decided_ns = self.now_ns.saturating_add(lookahead_ns).saturating_sub(1);
        let duration_ns = self.scenario.duration_ns;
        if self.source.fill_until(decided_ns, duration_ns, &mut self.batch) > 0 {
            return;
        }
        self.exhausted = self.source.is_finished() || self.now_ns > duration_ns;
        if let Some(at_ns) = self.source.next_ns().filter(|_| !self.exhausted) {
            let ask_ns = at_ns.saturating_add(1).saturating_sub(lookahead_ns).max(self.now_ns + 1);
            if ask_ns <= duration_ns && self.ask_source_ns.is_none_or(|earlier_ns| ask_ns < earlier_ns) {
                self.ask_source_ns = Some(ask_ns);
                self.events.schedule(ask_ns, Due::Source);
            }
        }
    }

    /// It is time to ask the source again.
    pub(super) fn ask_source(&mut self) {
        if self.ask_source_ns.is_some_and(|at_ns| at_ns <= self.now_ns) {
            self.ask_source_ns = None;
        }
        self.source_moved = true;
    }

    /// Every flow of every sender.
    pub fn flow_records(&self) -> impl Iterator<Item = FlowRecord> + '_ {
        self.source.flow_records()
    }

    /// A frame left the host.
    pub(super) fn sent(&mut self, at_ns: Nanos, start: usize, bytes: usize) {
        let Some(frame) = self.books.sent.get(start..start + bytes) else { return };
        self.sent_frames += 1;
        self.books.observations.sent(at_ns, frame);
        self.astray_frames += u64::from(!self.source.acknowledge(at_ns, frame));
        self.source_moved = true;
    }

    /// A frame that left from a CPU is complete when the card has read it, and shares the vector of that CPU's queue
    /// (XPS: `xps_cpus`).
    pub(super) fn await_completion(&mut self, at_ns: Nanos, cpu: CpuId, bytes: u32) {
        if !self.path.nic.notes_sent() {
            return;
        }
        let queues = self.scenario.nic.queues;
        let own = (0..queues).map(QueueId).find(|queue| self.path.irq_cpu(*queue) == cpu);
        let queue = own.unwrap_or(QueueId(cpu.0 % queues));
        self.events.schedule(at_ns + self.latencies.dma_ns, Due::Completed(queue, bytes));
    }

    /// A frame was sent.
    pub(super) fn completed(&mut self, queue: QueueId, bytes: u32) {
        let signal = self.path.nic.sent(queue, self.now_ns, bytes);
        self.follow(signal);
    }

    /// A socket's acknowledgement timer runs out on a CPU.
    pub(super) fn ack_timer(&mut self, cpu: CpuId, socket: SocketId) {
        if let Some(virtual_cpu) = self.cpus.get_mut(cpu.index()) {
            virtual_cpu.ack_timers.push_back(socket);
        }
        self.rouse(cpu);
    }

    /// What senders and path counted adds up: every data frame was lost, offered or is under way, every acknowledgement
    /// the host sent was lost, has arrived or is under way.
    pub(super) fn check_senders(&self) -> Result<(), LawBroken> {
        let mut acks = self.astray_frames;
        for (i, (path, (frames, under_way))) in self.source.path_tallies().enumerate() {
            acks += path.host_acks;
            let ends = path.lost_frames + path.overflowed_frames + path.offered_frames + frames;
            let ack_ends = path.lost_acks + path.arrived_acks + under_way;
            if path.sent_frames != ends || path.host_acks != ack_ends {
                return Err(LawBroken(format!(
                    "senders {i}: {path:?}, under way {frames} frames and {under_way} acknowledgements"
                )));
            }
        }
        if acks != self.sent_frames {
            return Err(LawBroken(format!(
                "frames the host sent: {}, taken by senders or astray {acks}",
                self.sent_frames
            )));
        }
        Ok(())
    }
}
