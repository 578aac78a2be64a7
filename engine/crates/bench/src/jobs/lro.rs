//! Large receive offload: 1,460-byte segments, one flow or 64 that take turns, in bursts of 64. The segments lie in
//! buffers and are parsed and verified, as the peer's are marked; merging them is reading the TCP header, choosing a context,
//! comparing headers, linking a buffer, and writing the header of the whole. `lro_card.rs` has the whole way.

use nic::Classified;
use nic::lro::{Chain, Lro, LroConfig, Store};
use stage::{BufferId, DropReason, Nanos, RxPacket};

use crate::clock::wall_ns;
use crate::job::{Job, Sample};

const BURST: usize = 64;
const PAYLOAD_BYTES: usize = 1460;
const FRAME_BYTES: usize = 54 + PAYLOAD_BYTES;
/// From one frame to the next: an odd number of lines, so that their headers do not meet in the same sets of the cache.
const STRIDE_BYTES: usize = 25 * 64;
const BUFFER_BYTES: usize = 2048;

/// From the EtherType on: IPv4 of 1,500 bytes that may not be fragmented, TCP with ACK.
const HEADER: [u8; 42] = [
    8, 0, 0x45, 0, 0x05, 0xdc, 0, 0, 0x40, 0, 64, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 80, 0, 0, 0, 0,
    0, 0, 0, 1, 0x50, 0x10, 1, 0, 0, 0, 0, 0,
];

/// Which of the peer's ways stands beside.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// `rte_gro_reassemble_burst`, which forgets everything between bursts.
    Burst,
    /// `rte_gro_reassemble`, which keeps flows until they are flushed.
    Kept,
}

/// The flows' segments and who merges them.
pub(crate) struct Merge {
    flows: u32,
    beside: Beside,
    lro: Lro,
    frames: Vec<u8>,
    classified: Classified,
    sequence: Vec<u32>,
    store: Links,
    now_ns: Nanos,
}

/// Buffers linked and not copied, as the peer links its mbufs.
struct Links {
    next: Vec<u32>,
    headers: Vec<[u8; 64]>,
    /// The buffer of the frame that arrives.
    place: u32,
    /// Segments of the frames handed on.
    out_segments: u64,
}

impl Store for Links {
    #[inline]
    fn open(&mut self, frame: &[u8]) -> Result<Chain, DropReason> {
        let mut chain = Chain::at(self.place);
        self.append(&mut chain, frame)?;
        Ok(chain)
    }

    #[inline]
    fn append(&mut self, chain: &mut Chain, bytes: &[u8]) -> Result<(), DropReason> {
        let place = BufferId(self.place);
        if let Some(before) = chain.push(place, self.place, bytes.len(), BUFFER_BYTES)
            && let Some(next) = self.next.get_mut(before.0 as usize)
        {
            *next = self.place;
        }
        Ok(())
    }

    #[inline]
    fn overwrite(&mut self, chain: &Chain, header: &[u8]) {
        if let Some(place) =
            self.headers.get_mut(chain.first.0 as usize).and_then(|h| h.get_mut(..header.len()))
        {
            place.copy_from_slice(header);
        }
    }

    #[inline]
    fn push(&mut self, _now_ns: Nanos, _chain: &Chain, packet: &RxPacket) {
        self.out_segments += u64::from(packet.segments);
    }
}

impl Merge {
    /// So many flows, interleaved segment by segment.
    pub(crate) fn new(flows: u32, beside: Beside) -> Self {
        let mut frames = vec![0; BURST * STRIDE_BYTES];
        frames.chunks_exact_mut(STRIDE_BYTES).for_each(|frame| put(frame, 12, &HEADER));
        let first = frames.get(..FRAME_BYTES).unwrap_or_default();
        let classified =
            Classified { headers: wire::walk::headers(first), checksum_good: true, ..Classified::default() };
        let config = LroConfig { contexts: 64, timer_us: 1_000_000, secret: 7, ..LroConfig::default() };
        let store =
            Links { next: vec![u32::MAX; BURST], headers: vec![[0; 64]; BURST], place: 0, out_segments: 0 };
        let sequence = vec![0; flows as usize];
        Merge { flows, beside, lro: Lro::new(config), frames, classified, sequence, store, now_ns: 0 }
    }

    /// Write the next burst's headers; not timed.
    fn prepare(&mut self) {
        for (i, frame) in self.frames.chunks_exact_mut(STRIDE_BYTES).enumerate() {
            let flow = i as u32 % self.flows;
            let Some(sequence) = self.sequence.get_mut(flow as usize) else { continue };
            put(frame, 26, &(flow + 1).to_be_bytes());
            put(frame, 34, &(flow as u16).to_be_bytes());
            put(frame, 38, &sequence.to_be_bytes());
            *sequence = sequence.wrapping_add(PAYLOAD_BYTES as u32);
        }
    }

    fn burst(&mut self) {
        let Merge { lro, frames, classified, store, now_ns, .. } = self;
        for (i, frame) in frames.chunks_exact(STRIDE_BYTES).enumerate() {
            store.place = i as u32;
            let frame = frame.get(..FRAME_BYTES).unwrap_or_default();
            // There is always room.
            let _ = lro.receive(*now_ns, frame, classified, || note(classified), store);
        }
        lro.timer(*now_ns, store);
    }
}

/// What the card tells the host of a frame.
fn note(classified: &Classified) -> RxPacket {
    RxPacket {
        segments: 1,
        checksum_good: classified.checksum_good,
        headers: classified.headers,
        ..RxPacket::default()
    }
}

fn put(frame: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = frame.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

impl Job for Merge {
    fn name(&self) -> &'static str {
        match (self.flows, self.beside) {
            (1, _) => "lro/one flow/1460 B",
            (_, Beside::Burst) => "lro/64 flows in turn/1460 B",
            (_, Beside::Kept) => "lro/64 flows in turn, kept/1460 B",
        }
    }

    fn item(&self) -> &'static str {
        "segment"
    }

    fn peer(&self) -> Option<(&'static str, &'static str)> {
        Some(match (self.flows, self.beside) {
            (1, _) => ("gro_burst_1", "rte_gro_reassemble_burst"),
            (_, Beside::Burst) => ("gro_burst_64", "rte_gro_reassemble_burst"),
            (_, Beside::Kept) => ("gro_kept_64", "rte_gro_reassemble, flushed after 50 us"),
        })
    }

    fn unequal(&self) -> &'static str {
        match self.beside {
            Beside::Burst => {
                "both link buffers that hold parsed and verified segments (the peer's are marked so); ours keeps flows between \
                 bursts, compares the whole header, counts, and writes the checksum of the whole; the peer forgets flows \
                 at the end of a burst (64 flows: merges nothing)"
            }
            Beside::Kept => {
                "both link buffers that hold parsed and verified segments (the peer's are marked so); ours compares the \
                 whole header, counts, and writes the checksum of the whole"
            }
        }
    }

    fn sample(&mut self, passes: u32) -> Sample {
        self.store.out_segments = 0;
        let mut ns = 0.0;
        for _ in 0..passes {
            self.prepare();
            self.now_ns += 1_000;
            let start = wall_ns();
            self.burst();
            ns += wall_ns() - start;
        }
        // Every segment has to come out.
        self.lro.flush(self.now_ns, &mut self.store);
        let check = self.store.out_segments;
        Sample { ns_per_item: ns / (f64::from(passes) * BURST as f64), check, lost: None }
    }
}
