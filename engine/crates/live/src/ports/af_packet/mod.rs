//! Every frame of an interface through a packet socket's ring (packet(7), TPACKET_V3): works with any interface, and
//! beside the kernel's own receiving of the same frames.

mod block;
mod open;

pub use open::PacketSettings;

use super::inlet::{BURST_FRAMES, Inlet};
use super::socket::{Mapped, lost, option, wait};
use super::{PortError, partial};
use block::{Frame, Head};
use libc::{PACKET_STATISTICS, SOL_PACKET, TP_STATUS_KERNEL, TP_STATUS_USER, tpacket_stats_v3};
use rustix::fd::{AsFd, OwnedFd};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Looks that find nothing between two questions whether the interface is still there.
const ASK_EVERY: u32 = 4_096;

/// A packet socket with its ring; it lives as long as this value.
pub struct AfPacket {
    interface: String,
    // Before the socket: a ring is unmapped before its socket is closed.
    ring: Mapped,
    socket: OwnedFd,
    blocks: usize,
    /// The block frames are taken from.
    block: usize,
    /// Whether it is ours until given back.
    held: bool,
    /// Frames of it not taken yet, and where the next one is.
    left_frames: u32,
    next: usize,
    /// Frames taken last.
    taken: [(usize, usize); BURST_FRAMES],
    looks: u32,
    missed_frames: u64,
}

impl AfPacket {
    /// Have the next block's frames, if the kernel has handed it over.
    fn take_block(&mut self) -> bool {
        if std::mem::take(&mut self.held) {
            if let Some(status) = self.ring.word(block::status_at(self.block)) {
                // Release: the frames have been read.
                status.store(TP_STATUS_KERNEL, Ordering::Release);
            }
            self.block = (self.block + 1) % self.blocks;
        }
        let status = self.ring.word(block::status_at(self.block));
        // Acquire: who sees the status sees the frames.
        if status.is_none_or(|status| status.load(Ordering::Acquire) & TP_STATUS_USER == 0) {
            return false;
        }
        self.held = true;
        let Head { frames, first } = Head::of(&self.ring, self.block);
        (self.left_frames, self.next) = (frames, first);
        frames > 0
    }

    /// Make a frame what it was on the wire: the tag the kernel took off, the checksum the sender left out.
    fn restore(&mut self, frame: &Frame) -> (usize, usize) {
        let (at, bytes) = (frame.at, frame.bytes);
        if let Some(partial) = frame.partial {
            // SAFETY: the block is ours until it is given back, which is not before the next burst.
            if let Some(bytes) = unsafe { self.ring.bytes_mut(at, bytes) } {
                partial::complete(bytes, partial);
            }
        }
        let Some(tag) = frame.tag.filter(|_| bytes >= 12) else { return (at, bytes) };
        let start = at - tag.len();
        // SAFETY: as above. In front of the frame is the virtio header, which was read.
        let Some(longer) = (unsafe { self.ring.bytes_mut(start, bytes + tag.len()) }) else {
            return (at, bytes);
        };
        longer.copy_within(4..16, 0);
        longer.iter_mut().skip(12).zip(tag).for_each(|(place, byte)| *place = byte);
        (start, bytes + tag.len())
    }
}

impl Inlet for AfPacket {
    fn fill(&mut self) -> Result<usize, PortError> {
        if self.left_frames == 0 && !self.take_block() {
            self.looks += 1;
            if self.looks.is_multiple_of(ASK_EVERY) {
                lost(&self.socket, &self.interface)?;
            }
            return Ok(0);
        }
        let count = (self.left_frames as usize).min(BURST_FRAMES);
        self.left_frames -= count as u32;
        for at in 0..count {
            let frame = Frame::of(&self.ring, self.next);
            self.next += frame.to_next;
            let restored = self.restore(&frame);
            if let Some(place) = self.taken.get_mut(at) {
                *place = restored;
            }
        }
        Ok(count)
    }

    fn frame(&self, at: usize) -> &[u8] {
        let (at, bytes) = self.taken.get(at).copied().unwrap_or_default();
        // SAFETY: the block it is in is given back by the next `fill`, which needs this borrow to have ended.
        unsafe { self.ring.bytes(at, bytes) }.unwrap_or(&[])
    }

    fn wait(&mut self, at_most: Duration) -> Result<(), PortError> {
        wait([&self.socket].into_iter(), &self.interface, at_most)?;
        lost(&self.socket, &self.interface)
    }

    fn missed_frames(&mut self) -> u64 {
        let none = tpacket_stats_v3 { tp_packets: 0, tp_drops: 0, tp_freeze_q_cnt: 0 };
        // The kernel counts from the last question on.
        if let Ok(counted) = option(self.socket.as_fd(), SOL_PACKET, PACKET_STATISTICS, none) {
            self.missed_frames += u64::from(counted.tp_drops);
        }
        self.missed_frames
    }
}
