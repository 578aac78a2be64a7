//! The checksum of merged payload, without reading payload.
//!
//! A segment's checksum is right: all its terms together are 0xffff. So its payload sums up to the complement of the other
//! terms, and these are few: what all segments of an aggregate have in common, and what is their own. Nothing is
//! complemented or multiplied before the aggregate is complete.

use super::header::STAMP_AT;
use crate::checksum::Sum;

/// What the payload of so many segments sums up to, but for what they have in common.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PayloadSum {
    own: Sum,
    /// Segments behind an even, and behind an odd number of payload bytes.
    even: u32,
    odd: u32,
}

impl PayloadSum {
    /// Add the payload of a segment by its [`own_sum`]. Behind an odd number of bytes, high and low bytes of a sum change
    /// places (RFC 1071 section 2 B).
    #[inline(always)]
    pub(super) fn add(&mut self, own: Sum, behind_odd: bool) {
        if behind_odd {
            self.own = self.own.add_sum(own.swapped());
            self.odd += 1;
        } else {
            self.own = self.own.add_sum(own);
            self.even += 1;
        }
    }

    /// The sum of all payload, where `common` is what the segments have in common.
    pub(super) fn of(&self, common: Sum) -> Sum {
        let all = common.times(self.even).add_sum(common.swapped().times(self.odd)).add_sum(self.own);
        Sum::new().add_u16(all.checksum())
    }
}

/// The terms of the checksum that differ from segment to segment; the checksum field is one of them.
#[inline(always)]
pub(super) fn own_sum(frame: &[u8], tcp_at: usize, tcp_bytes: u32, stamped: bool) -> Sum {
    let Some(tcp) = frame.get(tcp_at..).and_then(|tcp| tcp.first_chunk::<20>()) else { return Sum::new() };
    let [_, _, _, _, s0, s1, s2, s3, _, _, _, _, f0, f1, _, _, c0, c1, u0, u1] = *tcp;
    let sum = Sum::new()
        .add_u32(tcp_bytes)
        .add_u32(u32::from_be_bytes([s0, s1, s2, s3]))
        .add_u16(u16::from_be_bytes([f0, f1]))
        .add_u32(u32::from_be_bytes([c0, c1, u0, u1]));
    if stamped {
        sum.add_bytes(frame.get(tcp_at + STAMP_AT..tcp_at + STAMP_AT + 8).unwrap_or(&[]))
    } else {
        sum
    }
}
