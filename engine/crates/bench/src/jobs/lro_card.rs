//! The whole way through a card with LRO and without: what LRO costs where nothing follows anything (segments of one
//! byte, flows that never come again, sequence numbers that jump, lengths that lie), and where everything does.

use nic::lro::LroConfig;
use nic::{Classified, Nic, NicConfig};
use stage::{BufferPool, FlowKey, FrameId, QueueId, RxPacket, RxQueues, Touch};

use super::lro_frames::{following, strangers};
use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};

const BATCH: usize = 32;
const PAYLOAD_BYTES: usize = 1460;

/// What arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arriving {
    /// Nothing that merges.
    Strangers,
    /// Segments of one flow.
    OneFlow,
}

/// The frames and a card of one queue.
pub(crate) struct Card {
    arriving: Arriving,
    merging: bool,
    frames: Vec<Vec<u8>>,
    /// From one frame to the next at 10 Gb/s.
    frame_ns: u64,
    nic: Nic,
    buffers: BufferPool,
    now_ns: u64,
}

impl Card {
    /// With LRO or without.
    pub(crate) fn new(arriving: Arriving, merging: bool) -> Result<Self, String> {
        let lro = LroConfig { contexts: 64, secret: 7, ..LroConfig::default() };
        let config = NicConfig { lro: merging.then_some(lro), ..NicConfig::default() };
        let mut buffers = config.buffer_pool(2048);
        let nic = Nic::new(config, &mut buffers).map_err(|error| error.to_string())?;
        let (frames, frame_ns) = match arriving {
            Arriving::Strangers => (strangers(4096), 67),
            Arriving::OneFlow => (following(512, PAYLOAD_BYTES), 1_230),
        };
        Ok(Card { arriving, merging, frames, frame_ns, nic, buffers, now_ns: 0 })
    }

    fn pass(&mut self, taken: &mut Vec<RxPacket>) -> u64 {
        let mut check = 0;
        let mut classified = [Classified::default(); BATCH];
        let mut nothing = |_: Touch| ();
        for frames in self.frames.chunks(BATCH) {
            let mut at = [[].as_slice(); BATCH];
            at.iter_mut().zip(frames).for_each(|(at, frame)| *at = frame);
            self.nic.classify(&at, &mut classified);
            for (frame, classified) in at.iter().zip(&classified) {
                self.now_ns += self.frame_ns;
                let now_ns = self.now_ns;
                let to = self.nic.steer(now_ns, frame, classified, &FlowKey::NONE);
                let buffers = &mut self.buffers;
                let _ = self.nic.receive(
                    now_ns,
                    frame,
                    classified,
                    to,
                    FrameId(0),
                    now_ns,
                    buffers,
                    &mut nothing,
                );
            }
            let queue = QueueId(0);
            if self.nic.lro_deadline_ns(queue).is_some_and(|deadline_ns| deadline_ns <= self.now_ns) {
                self.nic.lro_timer(queue, self.now_ns, &mut self.buffers, &mut nothing);
            }
            self.nic.take(queue, self.now_ns, 2 * BATCH, taken);
            for packet in taken.drain(..) {
                check += u64::from(packet.segments);
                self.buffers.release(packet.buffer);
            }
            self.nic.refill(queue, &mut self.buffers);
        }
        check
    }
}

impl Job for Card {
    fn name(&self) -> &'static str {
        match (self.arriving, self.merging) {
            (Arriving::Strangers, false) => "lro/nothing to merge, off/55 to 60 B",
            (Arriving::Strangers, true) => "lro/nothing to merge, on/55 to 60 B",
            (Arriving::OneFlow, false) => "lro/one flow through the card, off/1460 B",
            (Arriving::OneFlow, true) => "lro/one flow through the card, on/1460 B",
        }
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn unequal(&self) -> &'static str {
        match self.arriving {
            Arriving::Strangers => {
                "classified, checksums verified, received, taken, released, refilled: one byte each, strangers, jumps, lies"
            }
            Arriving::OneFlow => {
                "classified, checksums verified and payload copied to buffers, received, taken, released, refilled"
            }
        }
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut taken = Vec::with_capacity(2 * BATCH);
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            check += self.pass(&mut taken);
        }
        Sample {
            ns_per_item: (thread_cpu_ns() - start) / (f64::from(passes) * self.frames.len() as f64),
            check,
            lost: None,
        }
    }
}
