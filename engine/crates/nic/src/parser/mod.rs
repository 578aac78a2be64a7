//! The parser: what the NIC finds out about a frame before it chooses a queue.

mod checksum;
mod length;

use crate::rss::ContextId;
use stage::{DropReason, HashType, drop_reason, is_dropped_by_nic};
use wire::walk::{Headers, Untagged};

/// What classification found out about a frame, in one cache line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(align(64))]
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

const _: () = assert!(size_of::<Classified>() == 64);

/// What a common frame is, of a length that is taken; it has no fault but perhaps in its checksums.
#[inline(always)]
pub(crate) fn parse_common(frame: &[u8], max_frame_bytes: u32) -> Option<Untagged> {
    if length::check(frame, max_frame_bytes).is_some() { None } else { Untagged::new(frame) }
}

/// Check the length, find the headers. The hash is left at none. Written in place, as copies cost more than the parse.
#[inline]
pub(crate) fn parse(frame: &[u8], max_frame_bytes: u32, out: &mut Classified) {
    (out.hash, out.hash_type, out.context, out.checksum_good) = (0, HashType::None, ContextId(0), false);
    out.drop = length::check(frame, max_frame_bytes);
    if out.drop.is_some() {
        out.headers = Headers::default();
        return;
    }
    out.headers = wire::walk::headers(frame);
    if let Some(fault) = out.headers.fault {
        out.drop = is_dropped_by_nic(fault).then(|| drop_reason(fault));
    }
}

/// Verify the checksums of a frame that is not dropped and has no other fault.
#[inline]
pub(crate) fn verify(frame: &[u8], out: &mut Classified) {
    if out.drop.is_some() || out.headers.fault.is_some() {
        return;
    }
    match checksum::verify(frame, &out.headers) {
        Ok(good) => out.checksum_good = good,
        // As in Linux, the frame still goes up, and the stack judges.
        Err(fault) => out.headers.fault = Some(fault),
    }
}
