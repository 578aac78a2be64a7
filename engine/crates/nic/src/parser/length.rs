//! Length of a frame.

use stage::DropReason;
use wire::ethernet::HEADER_BYTES;

/// Refuse what is shorter than a link header or longer than the longest frame. A frame below Ethernet's minimum of
/// 60 bytes is taken: captures hold such, recorded before the sender padded them.
#[inline]
pub(super) fn check(frame: &[u8], max_frame_bytes: u32) -> Option<DropReason> {
    let taken = HEADER_BYTES..=max_frame_bytes as usize;
    (!taken.contains(&frame.len())).then_some(DropReason::RxLengthError)
}
