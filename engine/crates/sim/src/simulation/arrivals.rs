//! Frames on the wire, in batches filled and classified ahead, each received when its last bit is there; and the times
//! at which the NIC's LRO is asked.

use super::{Due, Simulation};
use crate::slice::Books;
use graph::to_ethernet;
use nic::lro::Fate;
use stage::{FrameId, Nanos, QueueId, Region, Touch};
use traffic::BATCH_FRAMES;

impl Simulation {
    /// When the next frame is on the wire, if one is within the duration.
    #[inline]
    pub(super) fn next_arrival_ns(&mut self) -> Option<Nanos> {
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
    pub(super) fn next_admission_ns(&mut self, due_ns: Nanos) -> Option<Nanos> {
        let planned_ns = self.next_arrival_ns()?;
        let (_, frame) = self.batch.frame(self.next_in_batch)?;
        let classified = self.classified.get(self.next_in_batch)?;
        let queue = self.path.nic.queue_of(classified);
        if due_ns < Nanos::MAX
            && classified.drop.is_none()
            && !self.path.nic.has_room(queue, frame.len(), classified)
        {
            return Some(Nanos::MAX);
        }
        let waited_ns = self.lossless.get_or_insert(0);
        let arrival_ns = (planned_ns + *waited_ns).max(self.now_ns);
        *waited_ns = arrival_ns - planned_ns;
        Some(arrival_ns)
    }

    /// Parse and hash a batch ahead of its arrival: pure work, so that it may be done early.
    pub(super) fn classify(&mut self) {
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
    pub(super) fn receive(&mut self, now_ns: Nanos) {
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

    pub(super) fn lro_due(&mut self, queue: QueueId) {
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
}
