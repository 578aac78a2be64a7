//! Large receive offload: TCP segments of a flow that follow one another become one frame before the host sees them.
//!
//! What may be merged is decided in [`wire::coalesce`]. Here flows are held: in a fixed number of contexts, each until
//! a segment does not fit or is the last, its place is needed, or its time is over. Payload goes to the ring's buffers
//! as it arrives, behind that of the segments before; the header is written again when the context is closed.

mod config;
mod contexts;
mod counters;
mod store;

pub use config::LroConfig;
pub use counters::LroCounter;
pub use store::{Chain, Store};

use crate::Classified;
use contexts::Contexts;
use counters::Reason;
use stage::{Counters, DropReason, Nanos, RxPacket};
use wire::coalesce::{Checksum, Flow, MAX_HEADER_BYTES, Reading, Refusal, Segment, plain, read};

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It went to the host alone.
    Passed,
    /// It waits in a context.
    Held,
    /// It is part of a frame that waits, or that went to the host with it.
    Merged,
}

/// Large receive offload of one queue.
#[derive(Debug)]
pub struct Lro {
    config: LroConfig,
    contexts: Contexts,
    /// The ring had no room: what is held must go, so that its descriptors come back.
    starved: bool,
    counters: Counters<LroCounter>,
}

impl Lro {
    /// Nothing held.
    pub fn new(config: LroConfig) -> Self {
        Lro {
            config,
            contexts: Contexts::new(config.contexts),
            starved: false,
            counters: Counters::default(),
        }
    }

    /// A frame has arrived; `note` is what the host is told of it if it goes alone or comes first.
    ///
    /// # Errors
    /// There is no room for it: it is dropped, and [`Lro::timer`] must be called at once.
    #[inline]
    pub fn receive(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        note: impl FnOnce() -> RxPacket,
        store: &mut impl Store,
    ) -> Result<Fate, DropReason> {
        let checksum = Checksum::of(classified.checksum_good, classified.headers.fault);
        // Of a plain segment everything but five numbers is known, as long as it is looked at here.
        match plain(frame, frame.len()) {
            Some(segment) if checksum == Checksum::Good => self.join(now_ns, frame, &segment, note, store),
            _ => self.receive_any(now_ns, frame, classified, checksum, note, store),
        }
    }

    #[inline(never)]
    fn receive_any(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        classified: &Classified,
        checksum: Checksum,
        note: impl FnOnce() -> RxPacket,
        store: &mut impl Store,
    ) -> Result<Fate, DropReason> {
        match read(frame, frame.len(), &classified.headers, checksum, self.config.trim_padding) {
            Reading::Joins(segment) => return self.join(now_ns, frame, &segment, note, store),
            Reading::Ends(segment) => self.end(now_ns, frame, &segment.flow, Refusal::Length.into(), store),
            Reading::Passes(flow) if self.config.keeps_order() => {
                self.end(now_ns, frame, &flow, Reason::Unread, store);
            }
            Reading::Passes(_) | Reading::Apart => {}
        }
        self.pass(now_ns, frame, note, store)
    }

    #[inline(always)]
    fn join(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        segment: &Segment,
        note: impl FnOnce() -> RxPacket,
        store: &mut impl Store,
    ) -> Result<Fate, DropReason> {
        let limits = self.config.limits();
        let hash = segment.flow.hash(frame, self.config.secret);
        let mut after = None;
        while let Some((at, context)) = self.contexts.find(hash, after) {
            match context.aggregate.judge(frame, segment, &limits) {
                Ok(()) => {
                    let end = segment.header_bytes() + segment.payload_bytes as usize;
                    let payload = frame.get(segment.header_bytes()..end).unwrap_or(&[]);
                    if store.append(&mut context.chain, payload).is_err() {
                        self.close(now_ns, at, Reason::NoBuffer, store);
                        break;
                    }
                    let closing = context.aggregate.append(frame, segment);
                    self.counters.add(LroCounter::Aggregated, 1);
                    if let Some(closing) = closing {
                        self.close(now_ns, at, Reason::Closing(closing), store);
                    }
                    return Ok(Fate::Merged);
                }
                Err(refusal) if context.aggregate.is_of(frame, &{ segment.flow }, self.config.told) => {
                    self.close(now_ns, at, refusal.into(), store);
                    break;
                }
                Err(_) => after = Some(at),
            }
        }
        if !segment.may_lead() {
            return self.pass(now_ns, frame, note, store);
        }
        let end = segment.header_bytes() + segment.payload_bytes as usize;
        let frame = frame.get(..end).unwrap_or(frame);
        let chain = self.open(frame, store)?;
        if self.contexts.held() == self.config.contexts
            && let Some((oldest, _)) = self.contexts.oldest()
        {
            // gro_flush_oldest.
            self.close(now_ns, oldest, Reason::Evicted, store);
        }
        if let Some(context) = self.contexts.open(hash) {
            context.deadline_ns = now_ns + self.config.timer_ns();
            context.chain = chain;
            context.packet = note();
            context.aggregate.begin(frame, segment, self.config.stamps);
            self.counters.add(LroCounter::Aggregated, 1);
        }
        Ok(Fate::Held)
    }

    /// Close the context of this flow, if it has one.
    fn end(&mut self, now_ns: Nanos, frame: &[u8], flow: &Flow, reason: Reason, store: &mut impl Store) {
        let hash = flow.hash(frame, self.config.secret);
        let mut after = None;
        while let Some((at, context)) = self.contexts.find(hash, after) {
            if context.aggregate.is_of(frame, flow, self.config.told) {
                return self.close(now_ns, at, reason, store);
            }
            after = Some(at);
        }
    }

    fn pass(
        &mut self,
        now_ns: Nanos,
        frame: &[u8],
        note: impl FnOnce() -> RxPacket,
        store: &mut impl Store,
    ) -> Result<Fate, DropReason> {
        let chain = self.open(frame, store)?;
        store.push(now_ns, &chain, &note());
        Ok(Fate::Passed)
    }

    fn open(&mut self, frame: &[u8], store: &mut impl Store) -> Result<Chain, DropReason> {
        let opened = store.open(frame);
        self.starved |= opened.is_err();
        opened
    }

    /// Hand a context's frame to the host.
    fn close(&mut self, now_ns: Nanos, at: u32, reason: Reason, store: &mut impl Store) {
        let Some(context) = self.contexts.close(at) else { return };
        let (aggregate, chain) = (&context.aggregate, &context.chain);
        let segments = aggregate.segments();
        let packet = &mut context.packet;
        self.counters.add(LroCounter::Flushed, 1);
        self.counters.add(reason.counter(), 1);
        if segments > 1 {
            let mut header = [0; MAX_HEADER_BYTES];
            let header_bytes = aggregate.write_header(&mut header);
            store.overwrite(chain, header.get(..header_bytes).unwrap_or(&[]));
            let appended = aggregate.payload_bytes() - aggregate.mss();
            packet.headers = packet.headers.lengthened(appended);
            (packet.segments, packet.gso_bytes) = (segments, aggregate.mss() as u16);
            let headers = u64::from(segments - 1) * header_bytes as u64;
            self.counters.add(LroCounter::HwGroPackets, 1);
            self.counters.add(LroCounter::HwGroBytes, u64::from(chain.bytes));
            self.counters.add(LroCounter::HwGroWirePackets, u64::from(segments));
            self.counters.add(LroCounter::HwGroWireBytes, u64::from(chain.bytes) + headers);
        }
        store.push(now_ns, chain, packet);
    }

    /// Hand everything to the host whose time is over, and everything there is if the ring had no room.
    pub fn timer(&mut self, now_ns: Nanos, store: &mut impl Store) {
        let starved = std::mem::take(&mut self.starved);
        let reason = if starved { Reason::NoBuffer } else { Reason::Timer };
        while let Some((oldest, context)) = self.contexts.oldest() {
            if !starved && context.deadline_ns > now_ns {
                break;
            }
            self.close(now_ns, oldest, reason, store);
        }
    }

    /// Hand everything to the host, because the ring has no room or because the card stops.
    pub fn flush(&mut self, now_ns: Nanos, store: &mut impl Store) {
        self.starved = true;
        self.timer(now_ns, store);
    }

    /// When [`Lro::timer`] must be called; 0: at once.
    #[inline]
    pub fn deadline_ns(&self) -> Option<Nanos> {
        let (_, oldest) = self.contexts.oldest()?;
        Some(if self.starved { 0 } else { oldest.deadline_ns })
    }

    /// What is held of the flow held longest.
    #[inline]
    pub fn oldest_held(&self) -> Option<&RxPacket> {
        self.contexts.oldest().map(|(_, context)| &context.packet)
    }

    /// Frames held that have no verdict: one per context, as the others are consumed.
    pub fn held_frames(&self) -> u32 {
        self.contexts.held()
    }

    /// What it counted.
    pub fn counters(&self) -> &Counters<LroCounter> {
        &self.counters
    }
}

#[cfg(test)]
mod tests;
