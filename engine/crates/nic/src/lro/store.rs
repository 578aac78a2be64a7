//! Where a queue's frames are written: a ring in virtual time, an exchange with a host's thread in real time.

use stage::{BufferId, DropReason, Nanos, RxPacket};

/// The buffers of a frame that is being written, filled one after the other.
#[derive(Clone, Copy, Debug)]
pub struct Chain {
    /// First buffer.
    pub first: BufferId,
    /// The buffer that is being filled.
    pub last: BufferId,
    /// First descriptor.
    pub slot: u32,
    /// Descriptor of the last buffer.
    pub last_slot: u32,
    /// Bytes written.
    pub bytes: u32,
    /// Bytes that still fit in the last buffer.
    pub room_bytes: u32,
}

impl Chain {
    /// Nothing written; the first descriptor is to be `slot`.
    #[inline]
    pub fn at(slot: u32) -> Self {
        let none = BufferId(u32::MAX);
        Chain { first: none, last: none, slot, last_slot: slot, bytes: 0, room_bytes: 0 }
    }

    /// Note a buffer of `buffer_bytes` behind the last, with `bytes` in it; answers the one it is behind, if any.
    #[inline(always)]
    pub fn push(
        &mut self,
        buffer: BufferId,
        slot: u32,
        bytes: usize,
        buffer_bytes: usize,
    ) -> Option<BufferId> {
        let before = (self.bytes > 0).then_some(self.last);
        if before.is_none() {
            self.first = buffer;
        }
        (self.last, self.last_slot) = (buffer, slot);
        self.bytes += bytes as u32;
        self.room_bytes = (buffer_bytes - bytes) as u32;
        before
    }

    /// Nothing more goes into the last buffer.
    pub fn fill_up(&mut self) {
        self.room_bytes = 0;
    }

    /// Note bytes written to the last buffer.
    pub fn fill(&mut self, bytes: usize) {
        self.bytes += bytes as u32;
        self.room_bytes -= bytes as u32;
    }
}

/// Takes frames in pieces; the host sees them once they are pushed.
pub trait Store {
    /// Write a frame to buffers of its own.
    ///
    /// # Errors
    /// Why there is no room; nothing is written.
    fn open(&mut self, frame: &[u8]) -> Result<Chain, DropReason>;

    /// Append bytes to a frame.
    ///
    /// # Errors
    /// Why there is no room; nothing is written.
    fn append(&mut self, chain: &mut Chain, bytes: &[u8]) -> Result<(), DropReason>;

    /// Write `header` over the frame's first bytes, which are in one buffer.
    fn overwrite(&mut self, chain: &Chain, header: &[u8]);

    /// Show the frame to the host. Buffer, slot, length and time in `packet` are the store's to fill in.
    fn push(&mut self, now_ns: Nanos, chain: &Chain, packet: &RxPacket);
}
