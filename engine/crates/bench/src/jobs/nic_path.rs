//! The bar: a NIC's path of a 64-byte UDP frame over 4,096 flows, in batches of 32. Parse, Toeplitz, indirection
//! table, exact-match probe among 65,536 flows, push to one of 8 rings, pop.

use live::spsc::{Consumer, Producer, ring};
use nic::rss::{BoxedHash, RssKey, Table};
use nic::steering::{ExactMatch, FlowKey};
use nic::{Classified, Nic, NicConfig};
use stage::{BufferId, BufferPool, QueueId};

use crate::clock::thread_cpu_ns;
use crate::job::{Job, Sample};
use crate::workload::{BATCH_FRAMES, FLOWS, FRAME_BYTES, FRAME_STRIDE_BYTES, FRAMES, Workload};

pub(crate) const QUEUES: usize = 8;
const RING_RECORDS: usize = 1024;
const BUFFER_BYTES: u32 = 2048;
const BUFFERS: u32 = 8192;

/// What crosses a ring: 16 bytes, as the peer's.
#[derive(Clone, Copy, Default)]
#[repr(C, align(16))]
struct Record {
    hash: u32,
    flow: u32,
    /// The frame's number, or its buffer.
    place: u32,
    bytes: u16,
    queue: u16,
}

/// Whether the frames are parsed where they lie.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Frames {
    /// Parsed in place; only records move.
    InPlace,
    /// Copied into a 2 KiB buffer first, as DMA would, and the buffer given back at the end.
    Copied,
    /// The same beside a peer that keeps where the headers are, as ours does.
    CopiedAndDescribed,
}

/// The path.
pub(crate) struct NicPath {
    frames: Frames,
    bytes: Vec<u8>,
    nic: Nic,
    flows: ExactMatch,
    buffers: BufferPool,
    rings: Vec<(Producer<Record>, Consumer<Record>)>,
}

impl NicPath {
    /// With every flow of the workload in the table.
    pub(crate) fn new(workload: &Workload, frames: Frames) -> Result<Self, String> {
        Ok(NicPath {
            frames,
            bytes: workload.frames.clone(),
            nic: nic()?.0,
            flows: flow_table(workload)?,
            buffers: BufferPool::new(1, BUFFERS, BUFFER_BYTES),
            rings: (0..QUEUES).map(|_| ring(RING_RECORDS)).collect(),
        })
    }

    /// Once over all frames. Two programs, as the peer's are: no branch of one is in the other.
    fn pass<const COPIED: bool>(&mut self, batch: &mut Batch) -> u64 {
        let mut check = 0;
        for (number, frames) in self.bytes.chunks_exact(BATCH_FRAMES * FRAME_STRIDE_BYTES).enumerate() {
            let first = (number * BATCH_FRAMES) as u32;
            if COPIED {
                for (frame, place) in frames_of(frames).zip(&mut batch.places) {
                    let Some(buffer) = self.buffers.allocate(QueueId(0)) else { break };
                    if let Some(to) = self.buffers.bytes_mut(buffer).get_mut(..FRAME_BYTES) {
                        to.copy_from_slice(frame);
                    }
                    *place = buffer.0;
                }
                let buffer = |place| self.buffers.bytes(BufferId(place));
                let at = batch.places.map(|place| buffer(place).get(..FRAME_BYTES).unwrap_or_default());
                batch.classify(&self.nic, &at);
            } else {
                let mut at = [[].as_slice(); BATCH_FRAMES];
                for ((frame, to), (place, i)) in
                    frames_of(frames).zip(&mut at).zip(batch.places.iter_mut().zip(first..))
                {
                    (*to, *place) = (frame, i);
                }
                batch.classify(&self.nic, &at);
            }
            batch.find(&self.flows);
            batch.push(&self.nic, &self.flows, &mut self.rings);
            for (_, consumer) in &mut self.rings {
                consumer.drain(BATCH_FRAMES, |record| {
                    check += u64::from(record.hash) + u64::from(record.flow) + u64::from(record.bytes);
                    if COPIED {
                        self.buffers.release(BufferId(record.place));
                    } else {
                        check += u64::from(record.place);
                    }
                });
            }
        }
        check
    }
}

/// The frames of a batch.
#[inline]
fn frames_of(batch: &[u8]) -> impl Iterator<Item = &[u8]> {
    batch.chunks_exact(FRAME_STRIDE_BYTES).map(|place| place.get(..FRAME_BYTES).unwrap_or_default())
}

/// A NIC that hashes by the fastest form of this CPU and leaves checksums alone, as the peer does.
pub(crate) fn nic() -> Result<(Nic, BufferPool), String> {
    let config = NicConfig { queues: QUEUES as u16, rx_checksum: false, ..NicConfig::default() };
    let mut buffers = config.buffer_pool(1024);
    let nic = Nic::with_hasher(config, &mut buffers, &fastest_hash);
    nic.map(|nic| (nic, buffers)).map_err(|error| error.to_string())
}

/// The hash by the fastest form of this CPU.
pub(crate) fn fastest_hash(key: &RssKey) -> BoxedHash {
    match live::Gfni::new(key) {
        Some(gfni) => Box::new(gfni),
        None => Box::new(Table::new(key)),
    }
}

/// All flows of the workload, each with its number from 1 as value.
pub(crate) fn flow_table(workload: &Workload) -> Result<ExactMatch, String> {
    let mut flows = ExactMatch::new(FLOWS as u32).map_err(|error| error.to_string())?;
    for ((key, hash), value) in workload.keys().zip(workload.hashes()).zip(1..) {
        flows.insert(key, hash, value).map_err(|_| "the flow table is full")?;
    }
    Ok(flows)
}

/// Everything a batch needs, made once.
struct Batch {
    places: [u32; BATCH_FRAMES],
    classified: [Classified; BATCH_FRAMES],
    keys: [FlowKey; BATCH_FRAMES],
    hashes: [u32; BATCH_FRAMES],
    slots: [Option<nic::steering::Slot>; BATCH_FRAMES],
}

impl Batch {
    fn new() -> Self {
        Batch {
            places: [0; BATCH_FRAMES],
            classified: [Classified::default(); BATCH_FRAMES],
            keys: [FlowKey::NONE; BATCH_FRAMES],
            hashes: [0; BATCH_FRAMES],
            slots: [None; BATCH_FRAMES],
        }
    }

    #[inline]
    fn classify(&mut self, nic: &Nic, frames: &[&[u8]; BATCH_FRAMES]) {
        nic.classify_flows(frames, &mut self.classified, &mut self.keys);
        for (classified, hash) in self.classified.iter().zip(&mut self.hashes) {
            *hash = classified.hash;
        }
    }

    #[inline]
    fn find(&mut self, flows: &ExactMatch) {
        flows.find_batch(&self.keys, &self.hashes, &mut self.slots);
    }

    #[inline]
    fn push(&mut self, nic: &Nic, flows: &ExactMatch, rings: &mut [(Producer<Record>, Consumer<Record>)]) {
        for ((classified, slot), place) in self.classified.iter().zip(&self.slots).zip(self.places) {
            let queue = nic.queue_of(classified);
            let flow = slot.map_or(0, |slot| flows.value(slot));
            let record =
                Record { hash: classified.hash, flow, place, bytes: FRAME_BYTES as u16, queue: queue.0 };
            if let Some((producer, _)) = rings.get_mut(queue.index()) {
                producer.stage(record);
            }
        }
        for (producer, _) in rings {
            producer.publish();
        }
    }
}

impl Job for NicPath {
    fn name(&self) -> &'static str {
        match self.frames {
            Frames::InPlace => "nic/path/64 B, 4096 flows, in place",
            Frames::Copied => "nic/path/64 B, 4096 flows, copied to 2 KiB buffers",
            Frames::CopiedAndDescribed => "nic/path/64 B, 4096 flows, copied, headers described",
        }
    }

    fn item(&self) -> &'static str {
        "frame"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        const PARTS: &str = "hand parse, rte_thash_gfni_bulk, reta, rte_hash bulk, rte_ring SPSC";
        match self.frames {
            Frames::InPlace => Some(("nic_path_in_place", PARTS)),
            Frames::Copied => Some(("nic_path_copied", "the same with rte_mbuf from an rte_mempool")),
            Frames::CopiedAndDescribed => {
                Some(("nic_path_ptype", "the same, rte_net_get_ptype kept in the mbuf"))
            }
        }
    }

    fn unequal(&self) -> &'static str {
        match self.frames {
            Frames::InPlace => {
                "no copy inside; ours keeps 64 B per frame of where its headers are, knows IPv6, tunnels and faults; peer keeps the key"
            }
            Frames::Copied => "60 B copied inside on both sides; otherwise as in place",
            Frames::CopiedAndDescribed => {
                "60 B copied inside on both sides, both keep where the headers are; ours also tells faults apart"
            }
        }
    }

    fn sample(&mut self, passes: u32) -> Sample {
        let mut batch = Batch::new();
        let mut check = 0u64;
        let start = thread_cpu_ns();
        for _ in 0..passes {
            check = check.wrapping_add(match self.frames {
                Frames::InPlace => self.pass::<false>(&mut batch),
                Frames::Copied | Frames::CopiedAndDescribed => self.pass::<true>(&mut batch),
            });
        }
        Sample::new((thread_cpu_ns() - start) / (f64::from(passes) * FRAMES as f64), check)
    }
}
