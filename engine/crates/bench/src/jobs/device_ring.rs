//! The device's rings: a frame written to its queue's buffers and descriptors, taken by the driver in polls, the
//! buffers given back and the descriptors refilled. Interrupts stay off once raised, as under load.

use nic::{Classified, Nic};
use stage::{BufferPool, FlowKey, FrameId, QueueId, RxPacket, RxQueues};

use super::nic_path::{QUEUES, nic};
use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};
use crate::workload::{BATCH_FRAMES, FRAME_BYTES, FRAME_STRIDE_BYTES, FRAMES, Workload};

/// From one 64-byte frame to the next at 10 Gb/s.
const FRAME_NS: u64 = 67;

/// The rings and the frames, classified.
pub(crate) struct DeviceRing {
    bytes: Vec<u8>,
    classified: Vec<Classified>,
    nic: Nic,
    buffers: BufferPool,
    now_ns: u64,
}

impl DeviceRing {
    /// Over the workload's frames, by the rings a NIC has by default.
    pub(crate) fn new(workload: &Workload) -> Result<Self, String> {
        let (nic, buffers) = nic()?;
        let mut classified = vec![Classified::default(); FRAMES];
        nic.classify(&frames_of(&workload.frames).collect::<Vec<_>>(), &mut classified);
        Ok(DeviceRing { bytes: workload.frames.clone(), classified, nic, buffers, now_ns: 0 })
    }

    fn pass(&mut self, taken: &mut Vec<RxPacket>) -> u64 {
        let mut check = 0;
        let batches = self.bytes.chunks(BATCH_FRAMES * FRAME_STRIDE_BYTES);
        for (bytes, classified) in batches.zip(self.classified.chunks(BATCH_FRAMES)) {
            for (frame, classified) in frames_of(bytes).zip(classified) {
                self.now_ns += FRAME_NS;
                let (now_ns, id) = (self.now_ns, FrameId(0));
                let buffers = &mut self.buffers;
                // A frame that finds no room is missing in the check.
                let to = self.nic.steer(now_ns, frame, classified, &FlowKey::NONE);
                let _ = self.nic.receive(now_ns, frame, classified, to, id, now_ns, buffers, &mut |_| ());
            }
            for queue in (0..QUEUES as u16).map(QueueId) {
                self.nic.take(queue, self.now_ns, BATCH_FRAMES, taken);
                for packet in taken.drain(..) {
                    check += u64::from(packet.hash) + u64::from(packet.bytes);
                    self.buffers.release(packet.buffer);
                }
                self.nic.refill(queue, &mut self.buffers);
            }
        }
        check
    }
}

fn frames_of(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.chunks_exact(FRAME_STRIDE_BYTES).map(|place| place.get(..FRAME_BYTES).unwrap_or_default())
}

impl Job for DeviceRing {
    fn name(&self) -> &'static str {
        "nic/device ring/64 B, 8 queues"
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn unequal(&self) -> &'static str {
        "written to buffer and descriptor, counted, coalesced, taken, released, refilled; already classified"
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut taken = Vec::with_capacity(BATCH_FRAMES);
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            check = check.wrapping_add(self.pass(&mut taken));
        }
        Sample::new((thread_cpu_ns() - start) / (f64::from(passes) * FRAMES as f64), check)
    }
}
