//! One receive descriptor.

/// DD, "descriptor done": the buffer has been written.
pub const DONE: u16 = 1 << 0;
/// EOP, "end of packet": it is the frame's last descriptor.
pub const END_OF_PACKET: u16 = 1 << 1;

/// A receive descriptor's 16 bytes: the driver posts the buffer, the NIC writes the rest back. What else the NIC
/// found out about the frame crosses in [`stage::RxPacket`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct Descriptor {
    /// Index of the posted buffer.
    pub buffer: u32,
    /// RSS hash of the frame.
    pub hash: u32,
    /// Bytes written to the buffer.
    pub length_bytes: u32,
    /// [`DONE`] and [`END_OF_PACKET`]; 0 while the descriptor is the NIC's.
    pub flags: u16,
}

const _: () = assert!(size_of::<Descriptor>() == 16);
