//! How frames lie in a block (include/uapi/linux/if_packet.h: `tpacket_block_desc`, `tpacket3_hdr`).

use crate::ports::socket::Mapped;
use libc::{TP_STATUS_VLAN_TPID_VALID, TP_STATUS_VLAN_VALID};
use wire::virtio_net::{HEADER_BYTES, PartialChecksum, VirtioNetHeader};

/// Bytes of a block: four of the longest frames there are.
pub(super) const BLOCK_BYTES: usize = 1 << 18;

/// What a tag says it is where the kernel does not (IEEE 802.1Q).
const CUSTOMER_TAG: u16 = 0x8100;

/// Where a block says whose it is.
pub(super) fn status_at(block: usize) -> usize {
    block * BLOCK_BYTES + 8
}

/// What a block says of its frames.
pub(super) struct Head {
    pub(super) frames: u32,
    pub(super) first: usize,
}

impl Head {
    pub(super) fn of(ring: &Mapped, block: usize) -> Self {
        let start = block * BLOCK_BYTES;
        let frames = ring.u32(start + 12).unwrap_or(0);
        Head { frames, first: start + ring.u32(start + 16).unwrap_or(0) as usize }
    }
}

/// What is said of a frame, and where it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Frame {
    /// Bytes to what is said of the next one.
    pub(super) to_next: usize,
    pub(super) at: usize,
    pub(super) bytes: usize,
    /// A checksum the sender left to its card.
    pub(super) partial: Option<PartialChecksum>,
    /// The VLAN tag the kernel took off (`skb_vlan_untag`).
    pub(super) tag: Option<[u8; 4]>,
}

impl Frame {
    #[inline]
    pub(super) fn of(ring: &Mapped, head: usize) -> Self {
        let word = |at: usize| ring.u32(head + at).unwrap_or(0);
        let half = |at: usize| ring.u16(head + at).unwrap_or(0);
        let (status, at) = (word(20), head + usize::from(half(24)));
        let tag = (status & TP_STATUS_VLAN_VALID != 0).then(|| {
            let kind = if status & TP_STATUS_VLAN_TPID_VALID != 0 { half(36) } else { CUSTOMER_TAG };
            let ([a, b], [c, d]) = (kind.to_be_bytes(), (word(32) as u16).to_be_bytes());
            [a, b, c, d]
        });
        let virtio = at.checked_sub(HEADER_BYTES).and_then(|start| {
            // SAFETY: the block is ours: its status was read before.
            unsafe { ring.bytes(start, HEADER_BYTES) }.and_then(VirtioNetHeader::read)
        });
        Frame {
            to_next: word(0) as usize,
            at,
            bytes: word(12) as usize,
            partial: virtio.and_then(|virtio| virtio.partial),
            tag,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of 60 bytes at 96, with a tag, a checksum left out, and the next one 176 on.
    fn ring(status: u32) -> Mapped {
        let mut ring = Mapped::anonymous(4096).unwrap();
        // SAFETY: no kernel writes this mapping.
        let head = unsafe { ring.bytes_mut(0, 64) }.unwrap();
        head[0..4].copy_from_slice(&176u32.to_ne_bytes());
        head[12..16].copy_from_slice(&60u32.to_ne_bytes());
        head[16..20].copy_from_slice(&60u32.to_ne_bytes());
        head[20..24].copy_from_slice(&status.to_ne_bytes());
        head[24..26].copy_from_slice(&96u16.to_ne_bytes());
        head[32..36].copy_from_slice(&0x2064u32.to_ne_bytes());
        head[36..38].copy_from_slice(&0x88a8u16.to_ne_bytes());
        // SAFETY: no kernel writes this mapping.
        let virtio = unsafe { ring.bytes_mut(86, HEADER_BYTES) }.unwrap();
        virtio.copy_from_slice(&[1, 0, 0, 0, 0, 0, 34, 0, 16, 0]);
        ring
    }

    #[test]
    fn a_frame_is_read_as_the_kernel_describes_it() {
        let frame = Frame::of(&ring(TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID), 0);
        let partial = Some(PartialChecksum { start: 34, offset: 16 });
        let tag = Some([0x88, 0xa8, 0x20, 0x64]);
        assert_eq!(frame, Frame { to_next: 176, at: 96, bytes: 60, partial, tag });
        assert_eq!(Frame::of(&ring(TP_STATUS_VLAN_VALID), 0).tag, Some([0x81, 0, 0x20, 0x64]));
        assert_eq!(Frame::of(&ring(0), 0).tag, None);
    }

    #[test]
    fn beyond_the_ring_there_is_nothing() {
        let frame = Frame::of(&ring(0), 8192);
        assert_eq!((frame.to_next, frame.bytes, frame.partial), (0, 0, None));
    }
}
