//! Header-data split (`ethtool -G ethX tcp-data-split on`): a TCP segment's headers get a buffer to themselves, so that
//! its payload begins with a buffer.

use stage::DropReason;
use wire::protocol::TCP;
use wire::walk::Headers;

/// Bytes in front of a TCP segment's payload if a buffer of `buffer_bytes` holds them; 0 for everything else, which is
/// written in one piece.
pub(crate) fn split_bytes(headers: &Headers, drop: Option<DropReason>, buffer_bytes: u32) -> u16 {
    let whole = headers.fault.is_none() && !headers.is_fragment() && drop.is_none();
    if headers.protocol() != TCP || headers.payload_len_bytes() == 0 || !whole {
        return 0;
    }
    let split_bytes = headers.payload_at() as u32;
    if split_bytes <= buffer_bytes { split_bytes.try_into().unwrap_or(0) } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_frames::{ethernet, ipv4, tcp, udp};
    use wire::walk::headers;

    #[test]
    fn tcp_payload_is_what_splits_a_frame() {
        let ip = |protocol, payload: &[u8]| ethernet(0x0800, &ipv4([1; 4], [2; 4], protocol, 0, payload));
        let split = |frame: &[u8], buffer_bytes| split_bytes(&headers(frame), None, buffer_bytes);
        let segment = ip(6, &[tcp(1, 2), vec![7; 1428]].concat());
        assert_eq!(split(&segment, 4096), 54);
        assert_eq!(split(&segment, 53), 0, "the headers do not fit");
        assert_eq!(split(&segment[..1000], 4096), 0, "cut");
        assert_eq!(split(&ip(6, &tcp(1, 2)), 4096), 0, "an acknowledgement");
        assert_eq!(split(&ip(17, &udp(1, 2, &[7; 100])), 4096), 0);
        assert_eq!(split_bytes(&headers(&segment), Some(DropReason::RxFilter), 4096), 0);
    }
}
