//! What LRO costs where there is nothing to merge: segments of one byte, of flows that never come again, out of
//! sequence, with lengths that lie. The whole way through the card, with LRO and without.

use nic::lro::LroConfig;
use nic::{Classified, Nic, NicConfig};
use stage::{BufferPool, FlowKey, FrameId, QueueId, Random, RxPacket, RxQueues, Touch};
use wire::checksum::{Sum, internet};
use wire::protocol::TCP;

use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};

const BATCH: usize = 32;
const FRAMES: usize = 4096;
/// From one frame to the next at 10 Gb/s.
const FRAME_NS: u64 = 67;

/// The frames and a card of one queue.
pub(crate) struct Strangers {
    merging: bool,
    frames: Vec<Vec<u8>>,
    nic: Nic,
    buffers: BufferPool,
    now_ns: u64,
}

impl Strangers {
    /// With LRO or without.
    pub(crate) fn new(merging: bool) -> Result<Self, String> {
        let lro = LroConfig { contexts: 64, secret: 7, ..LroConfig::default() };
        let config = NicConfig { lro: merging.then_some(lro), ..NicConfig::default() };
        let mut buffers = config.buffer_pool(2048);
        let nic = Nic::new(config, &mut buffers).map_err(|error| error.to_string())?;
        let mut random = Random::for_component(1, "strangers");
        let frames = (0..FRAMES as u32).map(|i| stranger(i, &mut random)).collect();
        Ok(Strangers { merging, frames, nic, buffers, now_ns: 0 })
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
                self.now_ns += FRAME_NS;
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

/// A frame of 60 bytes in which nothing follows anything.
fn stranger(i: u32, random: &mut Random) -> Vec<u8> {
    let (source, destination) = ((random.next_u64() as u32).to_be_bytes(), [10, 0, 0, 1]);
    // One in four is of one of 16 flows, with a sequence number that jumps to and fro.
    let known = i.is_multiple_of(4);
    let source = if known { [10, 1, 0, (i / 4 % 16) as u8] } else { source };
    let payload_bytes = if i % 4 == 1 { 1 } else { 6 };
    let mut tcp = vec![0, if known { 1 } else { random.below(256) as u8 }, 0, 80];
    tcp.extend((if i % 8 < 4 { 1000 } else { 9000_u32 }).to_be_bytes());
    tcp.extend([0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0]);
    tcp.resize(20 + payload_bytes, 7);
    let sum = Sum::pseudo_v4(source, destination, TCP, tcp.len() as u16).add_bytes(&tcp).checksum();
    // One in four says it is shorter than it is.
    let lie = if i % 4 == 3 { 2 } else { 0 };
    let total = (20 + tcp.len() - lie) as u16;
    let mut ip = vec![0x45, 0];
    ip.extend(total.to_be_bytes());
    ip.extend([0, 0, 0x40, 0, 64, TCP, 0, 0]);
    ip.extend(source);
    ip.extend(destination);
    let header_sum = internet(&ip);
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0];
    frame.extend(ip);
    frame.extend(tcp);
    for (at, sum) in [(24, header_sum), (50, sum)] {
        if let Some(place) = frame.get_mut(at..at + 2) {
            place.copy_from_slice(&sum.to_be_bytes());
        }
    }
    frame
}

impl Job for Strangers {
    fn name(&self) -> &'static str {
        if self.merging {
            "lro/nothing to merge, on/55 to 60 B"
        } else {
            "lro/nothing to merge, off/55 to 60 B"
        }
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn unequal(&self) -> &'static str {
        "classified, checksums verified, received, taken, released, refilled: one byte each, strangers, jumps, lies"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut taken = Vec::with_capacity(2 * BATCH);
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            check += self.pass(&mut taken);
        }
        Sample {
            ns_per_item: (thread_cpu_ns() - start) / (f64::from(passes) * FRAMES as f64),
            check,
            lost: None,
        }
    }
}
