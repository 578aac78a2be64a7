//! The parser: what the NIC finds out about a frame before it chooses a queue.

mod checksum;
mod length;

use crate::rss::ContextId;
use stage::{DropReason, HashType, drop_reason, is_dropped_by_nic};
use wire::walk::Headers;

/// What classification found out about a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classified {
    /// Where its headers are, and the first fault.
    pub headers: Headers,
    /// RSS hash; 0 if not hashed.
    pub hash: u32,
    /// What was hashed.
    pub hash_type: HashType,
    /// The RSS context whose table applies.
    pub context: ContextId,
    /// The transport checksum was verified and is right.
    pub checksum_good: bool,
    /// The NIC drops the frame. Other faults travel up with the headers, and the host drops the frame.
    pub drop: Option<DropReason>,
}

/// Check the length, find the headers, verify checksums if asked. The hash is left at none.
#[inline]
pub(crate) fn parse(frame: &[u8], max_frame_bytes: u32, rx_checksum: bool) -> Classified {
    if let Some(drop) = length::check(frame, max_frame_bytes) {
        return Classified { drop: Some(drop), ..Classified::default() };
    }
    let mut classified = Classified { headers: wire::walk::headers(frame), ..Classified::default() };
    if let Some(fault) = classified.headers.fault {
        classified.drop = is_dropped_by_nic(fault).then(|| drop_reason(fault));
    } else if rx_checksum {
        match checksum::verify(frame, &classified.headers) {
            Ok(good) => classified.checksum_good = good,
            // As in Linux, the frame still goes up, and the stack judges.
            Err(fault) => classified.headers.fault = Some(fault),
        }
    }
    classified
}
