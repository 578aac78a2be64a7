//! What crosses with a filled buffer.

use stage::{BufferId, FrameId, HashType, QueueId, RxPacket};
use wire::walk::Headers;

/// A receive descriptor's write-back. A frame has one per buffer: the first carries what the NIC knows of the frame,
/// the others their buffer.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) packet: RxPacket,
    /// Buffers of this frame in the records behind this one.
    pub(super) following: u32,
}

impl Default for Record {
    fn default() -> Self {
        let packet = RxPacket {
            frame: FrameId(0),
            buffer: BufferId(u32::MAX),
            slot: 0,
            bytes: 0,
            queue: QueueId(0),
            segments: 0,
            hash: 0,
            hash_type: HashType::None,
            checksum_good: false,
            sent_ns: 0,
            ready_ns: 0,
            headers: Headers::default(),
        };
        Record { packet, following: 0 }
    }
}
