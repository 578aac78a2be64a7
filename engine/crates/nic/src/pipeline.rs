//! The NIC's pipeline, in the packet's order: parse, hash, choose a queue (by rule, else by hash), merge (LRO), write to
//! the ring, coalesce.

use crate::Nic;
use crate::lro::Fate;
use crate::parser::{Classified, parse, parse_common, verify};
use crate::queue::Moving;
use crate::rss::{self, ContextId, HashInput, Symmetry};
use crate::steering::{Action, FlowKey, flow_of, packet_of};
use stage::{BufferId, BufferPool, DropReason, FrameId, HashType, Nanos, QueueId, RxPacket, Signal, Touch};
use wire::walk::{Headers, Untagged};

/// Frames hashed at once: enough for any vector width, and their inputs stay in the L1 cache.
const BATCH: usize = 32;

/// Where a frame goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steered {
    /// Its queue.
    pub queue: QueueId,
    /// A rule of the flow table chose it, not the hash.
    pub by_rule: bool,
    /// A rule says to drop it.
    pub discard: bool,
}

impl Nic {
    /// Parse and hash as many frames as both slices have. Pure: nothing is counted, dropped or stored.
    pub fn classify(&self, frames: &[&[u8]], out: &mut [Classified]) {
        // A vector of units takes no memory.
        self.classify_naming(frames, out, &mut vec![(); frames.len()], |(), _, _| ());
    }

    /// The same, and name each frame's flow for a table of flows; [`FlowKey::NONE`] where there is none.
    pub fn classify_flows(&self, frames: &[&[u8]], out: &mut [Classified], keys: &mut [FlowKey]) {
        self.classify_naming(frames, out, keys, |key, frame, headers| {
            *key = flow_of(frame, headers, self.rss.inner).unwrap_or(FlowKey::NONE);
        });
    }

    #[inline(always)]
    fn classify_naming<K>(
        &self,
        frames: &[&[u8]],
        out: &mut [Classified],
        names: &mut [K],
        name: impl Fn(&mut K, &[u8], &Headers),
    ) {
        let mut inputs = [HashInput::EMPTY; BATCH];
        let mut hashes = [0; BATCH];
        let batches = frames.chunks(BATCH).zip(out.chunks_mut(BATCH)).zip(names.chunks_mut(BATCH));
        for ((frames, out), names) in batches {
            // As many of each as there are frames and places for them.
            let filled = frames.len().min(out.len()).min(names.len());
            let (Some(out), Some(inputs)) = (out.get_mut(..filled), inputs.get_mut(..filled)) else {
                continue;
            };
            // What few NICs are asked for has loops of its own: the first one is to keep its numbers in registers.
            let places = out.iter_mut().zip(inputs.iter_mut()).zip(names);
            for (frame, ((classified, input), key)) in frames.iter().zip(places) {
                match parse_common(frame, self.max_frame_bytes) {
                    Some(common) if self.contexts.is_empty() => {
                        name(key, frame, &common.headers());
                        self.classify_common(frame, &common, classified, input);
                    }
                    _ => {
                        self.classify_any(frame, classified, input);
                        name(key, frame, &classified.headers);
                    }
                }
            }
            if self.rx_checksum {
                frames.iter().zip(out.iter_mut()).for_each(|(frame, classified)| verify(frame, classified));
            }
            if self.rss.symmetry != Symmetry::None {
                inputs.iter_mut().for_each(|input| self.rss.symmetry.apply(input));
            }
            self.hasher.hash_batch(inputs, &mut hashes);
            out.iter_mut().zip(hashes).for_each(|(classified, hash)| classified.hash = hash);
            if !self.contexts.is_empty() {
                self.hash_by_own_keys(inputs, out);
            }
            if !self.up {
                out.iter_mut().for_each(refuse);
            }
        }
    }

    /// Some contexts have a key of their own.
    #[inline(never)]
    fn hash_by_own_keys(&self, inputs: &[HashInput], out: &mut [Classified]) {
        for (classified, input) in out.iter_mut().zip(inputs) {
            if let Some(hasher) =
                self.contexts.get(classified.context).and_then(|context| context.hasher.as_ref())
            {
                classified.hash = hasher.hash(input);
            }
        }
    }

    /// A common frame's headers are mostly constants: as long as they are only looked at here they never reach memory,
    /// and everything asked of them folds. They have one layer, so that `inner` makes no difference.
    #[inline(always)]
    fn classify_common(&self, frame: &[u8], common: &Untagged, out: &mut Classified, input: &mut HashInput) {
        (out.hash, out.context, out.checksum_good, out.drop) = (0, ContextId(0), false, None);
        out.hash_type = rss::select(frame, &common.headers(), &self.rss.fields, false, input);
        common.write(&mut out.headers);
    }

    #[inline(never)]
    fn classify_any(&self, frame: &[u8], classified: &mut Classified, input: &mut HashInput) {
        parse(frame, self.max_frame_bytes, classified);
        self.select(frame, classified, input);
    }

    /// Note the context and the hash type; `input` becomes what is to be hashed.
    #[inline]
    fn select(&self, frame: &[u8], classified: &mut Classified, input: &mut HashInput) {
        if classified.drop.is_some() {
            *input = HashInput::EMPTY;
            return;
        }
        let headers = &classified.headers;
        if !self.contexts.is_empty() {
            classified.context = self.context_of(frame, headers);
        }
        classified.hash_type = rss::select(frame, headers, &self.rss.fields, self.rss.inner, input);
    }

    /// The context of a frame: an explicit rule's, else that of a rule of its own.
    fn context_of(&self, frame: &[u8], headers: &Headers) -> ContextId {
        let inner = self.rss.inner;
        let rules = self.steering.as_ref().filter(|table| table.has_ntuple());
        let named = rules.and_then(|table| table.ntuple_context(&packet_of(frame, headers, inner)?));
        named.unwrap_or_else(|| self.contexts.of(frame, headers, inner))
    }

    /// The queue a classified frame goes to. One without a hash goes to queue 0, in a context to its table's first.
    #[inline]
    pub fn queue_of(&self, classified: &Classified) -> QueueId {
        match self.contexts.get(classified.context) {
            Some(context) => context.table.queue(classified.hash),
            None if classified.hash_type == HashType::None => QueueId(0),
            None => self.table.queue(classified.hash),
        }
    }

    /// Where a classified frame goes: the flow table first, if there is one, then its hash. `key` is its flow, as
    /// [`Nic::classify_flows`] names it; without a flow table it is not read.
    #[inline]
    pub fn steer(&mut self, now_ns: Nanos, frame: &[u8], classified: &Classified, key: &FlowKey) -> Steered {
        let by_hash = self.queue_of(classified);
        if self.steering.is_none() || classified.drop.is_some() {
            return Steered { queue: by_hash, by_rule: false, discard: false };
        }
        self.steer_by_rule(now_ns, frame, classified, key, by_hash)
    }

    #[inline(never)]
    fn steer_by_rule(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        key: &FlowKey,
        by_hash: QueueId,
    ) -> Steered {
        let Nic { steering, queues, rss, .. } = self;
        let nowhere = Steered { queue: by_hash, by_rule: false, discard: false };
        let Some(table) = steering else { return nowhere };
        if table.has_ntuple()
            && let Some(packet) = packet_of(frame, &classified.headers, rss.inner)
            && let Some(action) = table.ntuple_action(&packet)
        {
            return match action {
                Action::Queue(queue) => Steered { queue, by_rule: true, discard: false },
                // It was classified into the context.
                Action::Context(_) => Steered { by_rule: true, ..nowhere },
                Action::Drop => Steered { discard: true, ..nowhere },
            };
        }
        let mut queues = Moving(queues);
        match table.choose(now_ns, key, classified.hash, frame.len() as u32, by_hash, &mut queues) {
            Some(queue) => Steered { queue, by_rule: true, discard: false },
            None => nowhere,
        }
    }

    /// A frame has arrived: write it to the ring of the queue [`Nic::steer`] chose, reporting each DMA write, and say
    /// what becomes of the queue's interrupt. `sent_ns` is when its sender meant to send it.
    ///
    /// # Errors
    /// The frame is dropped, and counted.
    #[inline]
    #[expect(
        clippy::too_many_arguments,
        reason = "a frame has that many sides, and a struct would only rename them"
    )]
    pub fn receive(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        to: Steered,
        id: FrameId,
        sent_ns: Nanos,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Result<Received, DropReason> {
        let queue_id = to.queue;
        let split_bytes = self.split_bytes(classified);
        let Some(queue) = self.queues.get_mut(queue_id.index()) else { return Err(DropReason::RxMissed) };
        if queue.lro.is_some() && classified.drop.is_none() && !to.discard {
            let note = || noted(frame, classified, to, id, sent_ns, split_bytes);
            return queue.coalesce_segments(now_ns, frame, classified, split_bytes, note, buffers, dma);
        }
        let written = match classified.drop {
            Some(reason) => Err(reason),
            None if to.discard => Err(DropReason::RxFilter),
            None => queue.ring.write(now_ns, frame, split_bytes, classified.hash, buffers, dma),
        };
        let written = match written {
            Ok(written) => written,
            Err(reason) => {
                queue.tally.dropped(reason);
                return Err(reason);
            }
        };
        queue.count_received(frame.len(), written.descriptors, classified);
        if split_bytes > 0 {
            queue.tally.split();
        }
        if let Some(place) = queue.ring.push() {
            *place = noted(frame, classified, to, id, sent_ns, split_bytes);
            (place.buffer, place.slot, place.ready_ns) = (written.buffer, written.slot, written.ready_ns);
        }
        let signal = queue.coalesce.frame(now_ns);
        Ok(Received { signal: queue.count_interrupt(signal), fate: Fate::Passed })
    }

    /// When a queue's LRO must be asked again, where it holds something.
    #[inline]
    pub fn lro_deadline_ns(&self, queue: QueueId) -> Option<Nanos> {
        self.queues.get(queue.index())?.lro.as_ref()?.deadline_ns()
    }

    /// Hand the host what a queue's LRO has held as long as it may.
    pub fn lro_timer(
        &mut self,
        queue: QueueId,
        now_ns: Nanos,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Signal {
        self.queues
            .get_mut(queue.index())
            .map_or(Signal::Quiet, |queue| queue.flush_segments(now_ns, false, buffers, dma))
    }

    /// Hand the host all that a queue's LRO holds.
    pub fn lro_flush(
        &mut self,
        queue: QueueId,
        now_ns: Nanos,
        buffers: &mut BufferPool,
        dma: &mut impl FnMut(Touch),
    ) -> Signal {
        self.queues
            .get_mut(queue.index())
            .map_or(Signal::Quiet, |queue| queue.flush_segments(now_ns, true, buffers, dma))
    }
}

/// What became of a frame that was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    /// What becomes of the queue's interrupt.
    pub signal: Signal,
    /// Whether it is in the ring, is held, or has become part of another frame.
    pub fate: Fate,
}

/// What the host is told of a frame; where it lies is filled in when it is written.
#[inline(always)]
fn noted(
    frame: &[u8],
    classified: &Classified,
    to: Steered,
    id: FrameId,
    sent_ns: Nanos,
    split_bytes: u16,
) -> RxPacket {
    RxPacket {
        frame: id,
        buffer: BufferId(u32::MAX),
        slot: 0,
        bytes: frame.len() as u32,
        queue: to.queue,
        segments: 1,
        gso_bytes: 0,
        split_bytes,
        hash: classified.hash,
        hash_type: classified.hash_type,
        checksum_good: classified.checksum_good,
        by_rule: to.by_rule,
        sent_ns,
        ready_ns: 0,
        headers: classified.headers,
    }
}

/// The interface is down: before a queue is chosen, the frame is dropped.
fn refuse(classified: &mut Classified) {
    classified.drop = Some(DropReason::DevReady);
    (classified.hash, classified.hash_type, classified.context) = (0, HashType::None, ContextId(0));
}

#[cfg(test)]
#[path = "pipeline_tests.rs"]
mod tests;
