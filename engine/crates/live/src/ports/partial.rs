//! A checksum the sender left to its NIC, which in front of ours is this port.

use wire::checksum::Sum;
use wire::virtio_net::PartialChecksum;

/// Write the checksum of a frame that has the pseudo-header's sum in its place (`skb_checksum_help`). One that lies
/// outside the frame is left alone, and the receiver finds it wrong.
pub(super) fn complete(frame: &mut [u8], partial: PartialChecksum) {
    let start = usize::from(partial.start);
    let Some(bytes) = frame.get(start..) else { return };
    let checksum = match Sum::new().add_bytes(bytes).checksum() {
        // Over UDP 0 would say "none"; over TCP both mean the same (RFC 1624 section 3).
        0 => 0xffff,
        checksum => checksum,
    };
    let at = start + usize::from(partial.offset);
    if let Some(place) = frame.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = checksum.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wire::walk::{headers, verify_l4_checksum};

    #[test]
    fn a_partial_checksum_becomes_right() {
        // 10.78.0.2:20000 to 10.78.0.1:5001, eight bytes; the field holds 0x14c1, the pseudo-header's sum.
        let mut frame = [
            2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0, 0x45, 0, 0, 48, 0, 1, 0x40, 0, 64, 6, 0x26, 0x32, 10,
            78, 0, 2, 10, 78, 0, 1, 0x4e, 0x20, 0x13, 0x89, 0, 0, 3, 0xe9, 0, 0, 0, 1, 0x50, 0x18, 0xff,
            0xff, 0x14, 0xc1, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
        ];
        assert!(verify_l4_checksum(&frame, &headers(&frame)).is_err());
        complete(&mut frame, PartialChecksum { start: 34, offset: 16 });
        assert_eq!(verify_l4_checksum(&frame, &headers(&frame)), Ok(()));
    }

    #[test]
    fn one_outside_the_frame_is_left_alone() {
        for (start, offset) in [(100, 0), (60, 1), (62, 0), (u16::MAX, u16::MAX)] {
            let mut frame = [7; 62];
            complete(&mut frame, PartialChecksum { start, offset });
            assert_eq!(frame, [7; 62], "{start} {offset}");
        }
    }
}
