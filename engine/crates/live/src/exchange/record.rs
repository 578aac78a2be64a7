//! What crosses with a filled buffer.

use stage::RxPacket;

/// A receive descriptor's write-back. A frame has one per buffer: the first carries what the NIC knows of the frame,
/// the others their buffer.
#[derive(Clone, Copy, Default)]
pub(super) struct Record {
    pub(super) packet: RxPacket,
    /// Buffers of this frame in the records behind this one.
    pub(super) following: u32,
}
