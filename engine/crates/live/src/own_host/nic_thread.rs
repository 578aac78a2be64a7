//! The NIC's thread: take frames from the port, parse, hash, choose a queue, copy to its next buffer, hand over.

use super::attendance::Attendance;
use super::control::Control;
use super::interrupt::Interrupt;
use super::round_times::RoundTimes;
use super::settings::{Idle, Pacing};
use super::shared::{Alive, Shared};
use crate::exchange::NicEnd;
use crate::offers::Looked;
use crate::ports::{Port, PortError};
use graph::observe::Observations;
use graph::to_ethernet;
use nic::lro::{Fate, Lro};
use nic::steering::FlowKey;
use nic::{Classified, Nic, NicCounter, Steered};
use stage::{BufferId, Counters, DropReason, FrameId, HashType, Nanos, QueueId, RxPacket};
use std::sync::Arc;
use std::time::Duration;
use traffic::Offer;
use wire::Fault;

/// A wait longer than this is slept through but for its end.
const SLEEP_ABOVE_NS: Nanos = 2_000_000;

/// Longest sleep before a port, after which the thread looks whether something else is to be done.
const LISTEN_AT_MOST_NS: Nanos = 1_000_000;

/// What is due sooner than this is waited for awake: a sleep ends that late (`timer_slack_ns` is 50 µs).
const AWAKE_BELOW_NS: Nanos = 100_000;

/// One queue as the NIC's thread has it.
pub(crate) struct NicQueue {
    pub(crate) end: NicEnd,
    pub(crate) counters: Counters<NicCounter>,
    /// Which host thread it belongs to.
    pub(crate) host: usize,
    /// Frames written and not handed over.
    pub(crate) unpublished_frames: u32,
    pub(crate) interrupt: Interrupt,
    /// Large receive offload, where it is on.
    pub(crate) lro: Option<Box<Lro>>,
}

/// Everything the NIC's thread has but its port.
pub(crate) struct NicThread {
    pub(crate) nic: Nic,
    pub(crate) queues: Vec<NicQueue>,
    /// Frames handed over, by host thread.
    pub(crate) written_frames: Vec<u64>,
    pub(crate) observations: Observations,
    pub(crate) pacing: Pacing,
    pub(crate) idle: Idle,
    pub(crate) crowded: bool,
    pub(crate) offered_frames: u64,
    pub(crate) scratch: Vec<u8>,
    /// Large receive offload is on.
    pub(crate) merges: bool,
    /// Time slept while no frame was due.
    pub(crate) slept_ns: Nanos,
    /// Time without a CPU while it wanted one.
    pub(crate) lost_ns: Nanos,
    /// Time it waited: for a frame's time to come, or for room.
    pub(crate) waited_ns: Nanos,
    /// What its batches took, if that is asked for.
    pub(crate) batch_times: Option<RoundTimes>,
    pub(crate) control: Arc<Control>,
    /// Frames that found no room in front of the NIC.
    pub(crate) missed_frames: u64,
    /// Why the port ended before the run, if it did.
    pub(crate) lost_port: Option<PortError>,
}

impl NicThread {
    /// Offer the port's frames until there are no more or the run is stopped.
    pub(crate) fn run(mut self, mut port: Port, shared: &Shared) -> NicThread {
        let _alive = Alive(shared);
        shared.enter();
        self.tell(true);
        let mut attendance = Attendance::begin();
        let mut looked = Looked::new();
        let mut now_ns = shared.now_ns();
        while !shared.stopped()
            && let Some(batch) = port.next(now_ns)
        {
            if self.control.is_due(now_ns) {
                self.reconfigure(now_ns, shared);
            }
            if batch.is_empty() {
                now_ns = self.await_frames(&mut port, now_ns, shared);
                continue;
            }
            let (began_ns, waited_ns) = (now_ns, self.waited_ns);
            looked.at_batch(&self.nic, batch, &mut self.scratch);
            now_ns = shared.now_ns();
            for ((offer, frame), (classified, key)) in batch.iter().zip(looked.iter()) {
                if self.pacing == Pacing::Paced && offer.arrived_ns > now_ns {
                    self.publish(now_ns, shared);
                    now_ns = self.wait_until(offer.arrived_ns, shared);
                }
                now_ns = self.receive(now_ns, offer, frame, (classified, key), shared);
            }
            self.publish(now_ns, shared);
            if let Some(times) = &mut self.batch_times {
                now_ns = shared.now_ns();
                times
                    .record(batch.len() as u64, now_ns.saturating_sub(began_ns + self.waited_ns - waited_ns));
            }
            if self.idle == Idle::Sleep || self.merges {
                self.timers(now_ns, shared);
            }
        }
        // The last frames' interrupts come at their time too, and what is held goes when it must.
        while let Some(due_ns) = self.due_ns().filter(|_| !shared.stopped()) {
            now_ns = self.wait_until(due_ns, shared);
            self.timers(now_ns, shared);
        }
        for queue in 0..self.queues.len() {
            self.merged_all(QueueId(queue as u16), now_ns);
        }
        self.publish(now_ns, shared);
        self.tell(false);
        shared.finish();
        (self.missed_frames, self.lost_port) = port.end();
        attendance.slept(self.slept_ns);
        self.lost_ns = attendance.lost_ns();
        self
    }

    /// Say what was counted so far, and whether one may ask again.
    fn tell(&self, listening: bool) {
        let mut sum = Counters::default();
        self.queues.iter().for_each(|queue| sum.add_all(&queue.counters));
        self.control.tell(sum, listening);
    }

    /// Nothing has come: let time pass, asleep if that is asked for; answers the time.
    fn await_frames(&mut self, port: &mut Port, now_ns: Nanos, shared: &Shared) -> Nanos {
        self.timers(now_ns, shared);
        let due_ns = self.due_ns().map_or(LISTEN_AT_MOST_NS, |due_ns| due_ns.saturating_sub(now_ns));
        let asleep = self.idle == Idle::Sleep && due_ns > AWAKE_BELOW_NS;
        if asleep {
            port.wait(Duration::from_nanos(due_ns.min(LISTEN_AT_MOST_NS)));
        } else {
            self.pause();
        }
        let passed_ns = shared.now_ns().saturating_sub(now_ns);
        self.waited_ns += passed_ns;
        self.slept_ns += if asleep { passed_ns } else { 0 };
        now_ns + passed_ns
    }

    fn reconfigure(&mut self, now_ns: Nanos, shared: &Shared) {
        self.control.take(now_ns, |ready| self.nic.reconfigure(now_ns, ready, &mut |_| {}));
        for (queue, card) in self.queues.iter_mut().zip(self.nic.queues()) {
            let gate = shared.gates.get(queue.host);
            if gate.is_some_and(|gate| queue.interrupt.follow(now_ns, card.coalesce(), gate)) {
                queue.counters.add(NicCounter::Interrupts, 1);
            }
        }
        self.tell(true);
    }

    /// One frame; answers the time, which has passed if it had to wait.
    #[inline]
    fn receive(
        &mut self,
        mut now_ns: Nanos,
        offer: &Offer,
        frame: &[u8],
        (classified, key): (&Classified, &FlowKey),
        shared: &Shared,
    ) -> Nanos {
        let mut scratch = std::mem::take(&mut self.scratch);
        let frame = to_ethernet(offer.link, frame, &mut scratch);
        let id = FrameId(self.offered_frames);
        self.offered_frames += 1;
        let to = self.nic.steer(now_ns, frame, classified, key);
        let (queue_id, split_bytes) = (to.queue, self.nic.split_bytes(classified));
        let queue = classified.drop.is_none().then_some(queue_id);
        self.observations.offered(queue);
        self.observations.trace(now_ns, id, None, None, "wire", || format!("{} bytes", frame.len()));
        let placed = match classified.drop {
            Some(reason) => Err(reason),
            None if to.discard => Err(DropReason::RxFilter),
            None => self.room(queue_id, frame.len(), split_bytes, &mut now_ns, shared),
        };
        match placed {
            Ok(()) => self.write(now_ns, id, offer, frame, classified, to),
            Err(reason) => self.drop_frame(now_ns, id, queue_id, queue, reason),
        }
        self.scratch = scratch;
        now_ns
    }

    /// `queue_id` counts the drop, `queue` has the verdict.
    fn drop_frame(
        &mut self,
        now_ns: Nanos,
        id: FrameId,
        queue_id: QueueId,
        queue: Option<QueueId>,
        reason: DropReason,
    ) {
        if let Some(queue) = self.queues.get_mut(queue_id.index()) {
            queue.counters.add(counter_of(reason), 1);
        }
        self.observations.dropped_by_nic(now_ns, id, queue, reason);
    }

    /// Room for a frame now, or, without loss, as soon as there is: the host thread is behind. None will be once it
    /// has done with all it was given.
    #[inline]
    fn room(
        &mut self,
        queue_id: QueueId,
        frame_bytes: usize,
        split_bytes: u16,
        now_ns: &mut Nanos,
        shared: &Shared,
    ) -> Result<(), DropReason> {
        let Some(queue) = self.queues.get_mut(queue_id.index()) else { return Err(DropReason::RxMissed) };
        let first = queue.end.room(frame_bytes, split_bytes);
        if first.is_ok() {
            return first;
        }
        let host = queue.host;
        // What is held takes descriptors as well.
        self.merged_all(queue_id, *now_ns);
        if self.pacing == Pacing::Paced {
            return first;
        }
        self.publish(*now_ns, shared);
        let began_ns = shared.now_ns();
        loop {
            let written = self.written_frames.get(host).copied().unwrap_or(0);
            let all_done = shared.gates.get(host).is_none_or(|gate| gate.done_frames() == written);
            let Some(queue) = self.queues.get_mut(queue_id.index()) else { return first };
            let room = queue.end.room(frame_bytes, split_bytes);
            if room.is_ok() || all_done || shared.stopped() {
                *now_ns = shared.now_ns();
                self.waited_ns += now_ns.saturating_sub(began_ns);
                return room;
            }
            if self.idle == Idle::Sleep
                && shared.gates.get(host).is_some_and(|gate| queue.interrupt.out_of_descriptors(gate))
            {
                queue.counters.add(NicCounter::Interrupts, 1);
            }
            self.pause();
        }
    }

    #[inline]
    fn write(
        &mut self,
        now_ns: Nanos,
        id: FrameId,
        offer: &Offer,
        frame: &[u8],
        classified: &Classified,
        to: Steered,
    ) {
        let (queue_id, split_bytes) = (to.queue, self.nic.split_bytes(classified));
        let Some(queue) = self.queues.get_mut(queue_id.index()) else { return };
        let packet = RxPacket {
            frame: id,
            buffer: BufferId(u32::MAX),
            slot: 0,
            bytes: frame.len() as u32,
            queue: queue_id,
            segments: 1,
            gso_bytes: 0,
            split_bytes,
            hash: classified.hash,
            hash_type: classified.hash_type,
            checksum_good: classified.checksum_good,
            by_rule: to.by_rule,
            sent_ns: match self.pacing {
                Pacing::Paced => offer.sent_ns,
                // The source does not keep its times: the frame is sent when it is taken.
                Pacing::Lossless => now_ns,
            },
            ready_ns: now_ns,
            headers: classified.headers,
        };
        let (mut descriptors, mut split) = (0, split_bytes > 0);
        if queue.lro.is_some() {
            match self.merge(now_ns, frame, classified, &packet) {
                Some(Ok((fate, taken))) => {
                    descriptors = taken;
                    if fate == Fate::Merged {
                        split = false;
                        self.observations.merged_by_nic(now_ns, id, Some(queue_id));
                    }
                }
                Some(Err(reason)) => return self.drop_frame(now_ns, id, queue_id, Some(queue_id), reason),
                None => {}
            }
        } else {
            descriptors = queue.end.write(frame, packet);
            queue.unpublished_frames += 1;
            if let Some(written) = self.written_frames.get_mut(queue.host) {
                *written += 1;
            }
        }
        let Some(queue) = self.queues.get_mut(queue_id.index()) else { return };
        count(&mut queue.counters, frame.len(), descriptors, classified);
        queue.counters.add(NicCounter::Split, u64::from(split));
        self.observations.trace(now_ns, id, None, Some(queue_id), "ring", || {
            format!("hash 0x{:08x}, queue {}", classified.hash, queue_id.0)
        });
    }

    /// Hand over what is written. Who sleeps is woken when the queue's interrupt says so.
    #[inline]
    fn publish(&mut self, now_ns: Nanos, shared: &Shared) {
        for queue in &mut self.queues {
            let frames = std::mem::take(&mut queue.unpublished_frames);
            if frames == 0 {
                continue;
            }
            queue.end.publish();
            if self.idle == Idle::Sleep
                && let Some(gate) = shared.gates.get(queue.host)
                && queue.interrupt.handed_over(frames, now_ns, gate)
            {
                queue.counters.add(NicCounter::Interrupts, 1);
            }
        }
    }

    /// When the first interrupt, or frame held, is due that waits for nothing but time.
    fn due_ns(&self) -> Option<Nanos> {
        let interrupts = self.queues.iter().filter_map(|queue| queue.interrupt.due_ns());
        interrupts.chain(self.queues.iter().filter_map(NicQueue::lro_due_ns)).min()
    }

    /// Hand over the frames and raise the interrupts that are due.
    fn timers(&mut self, now_ns: Nanos, shared: &Shared) {
        if self.merges {
            self.merged_due(now_ns);
            self.publish(now_ns, shared);
        }
        for queue in &mut self.queues {
            if shared.gates.get(queue.host).is_some_and(|gate| queue.interrupt.timer(now_ns, gate)) {
                queue.counters.add(NicCounter::Interrupts, 1);
            }
        }
    }

    fn wait_until(&mut self, at_ns: Nanos, shared: &Shared) -> Nanos {
        let began_ns = shared.now_ns();
        loop {
            let now_ns = shared.now_ns();
            let due_ns = self.due_ns();
            if due_ns.is_some_and(|due_ns| due_ns <= now_ns) {
                self.timers(now_ns, shared);
            }
            if now_ns >= at_ns || shared.stopped() {
                self.waited_ns += now_ns.saturating_sub(began_ns);
                return now_ns;
            }
            let left_ns = due_ns.map_or(at_ns, |due_ns| due_ns.min(at_ns)).saturating_sub(now_ns);
            if left_ns > SLEEP_ABOVE_NS {
                let sleep_ns = (left_ns - SLEEP_ABOVE_NS / 2).min(10 * SLEEP_ABOVE_NS);
                std::thread::sleep(Duration::from_nanos(sleep_ns));
                self.slept_ns += shared.now_ns().saturating_sub(now_ns);
            } else {
                self.pause();
            }
        }
    }

    #[inline]
    fn pause(&self) {
        if self.crowded {
            std::thread::yield_now();
        } else {
            std::hint::spin_loop();
        }
    }
}

/// Count a frame written to a ring, as the NIC in virtual time does.
#[inline]
fn count(counters: &mut Counters<NicCounter>, bytes: usize, descriptors: u32, classified: &Classified) {
    use Fault::{IcmpChecksum, IgmpChecksum, Ipv4Checksum, TcpChecksum, UdpChecksum};
    counters.add(NicCounter::Packets, 1);
    counters.add(NicCounter::Bytes, bytes as u64);
    counters.add(NicCounter::Descriptors, u64::from(descriptors));
    counters.add(
        match classified.hash_type {
            HashType::None => NicCounter::HashNone,
            HashType::L3 => NicCounter::HashL3,
            HashType::L4 => NicCounter::HashL4,
        },
        1,
    );
    match classified.headers.fault {
        _ if classified.checksum_good => counters.add(NicCounter::CsumGood, 1),
        Some(Ipv4Checksum | TcpChecksum | UdpChecksum | IcmpChecksum | IgmpChecksum) => {
            counters.add(NicCounter::CsumErrors, 1);
        }
        _ => {}
    }
}

fn counter_of(reason: DropReason) -> NicCounter {
    match reason {
        DropReason::RxMissed => NicCounter::RxMissed,
        DropReason::RxNoBuffer => NicCounter::RxNoBuffer,
        DropReason::RxLengthError => NicCounter::RxLengthErrors,
        DropReason::RxFilter => NicCounter::RxFiltered,
        DropReason::DevReady => NicCounter::RxDown,
        _ => NicCounter::RxHeaderErrors,
    }
}
