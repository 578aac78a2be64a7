//! What of a header must be equal, as a mask over its bytes.

use super::MAX_HEADER_BYTES;
use super::flow::Flow;
use super::read::Segment;
use crate::tcp::flag;
use crate::walk::L3;
use core::ops::Range;

/// Copy the first `bytes` of a frame; what follows them is not read by anyone.
#[inline]
pub(super) fn copy(to: &mut [u8; MAX_HEADER_BYTES], frame: &[u8], bytes: usize) {
    if let (Some(to), Some(from)) = (to.get_mut(..bytes), frame.get(..bytes)) {
        to.copy_from_slice(from);
    }
}

/// Whether the first `words` words of 8 bytes are equal where `mask` has ones.
#[inline]
pub(super) fn same_words(
    mine: &[u8; MAX_HEADER_BYTES],
    theirs: &[u8],
    mask: &[u8; MAX_HEADER_BYTES],
    words: usize,
) -> bool {
    let (Some(mine), Some(mask)) =
        (mine.as_chunks::<8>().0.get(..words), mask.as_chunks::<8>().0.get(..words))
    else {
        return false;
    };
    let Some(whole) = theirs.as_chunks::<8>().0.get(..words) else {
        return same_words_at_end(mine, theirs, mask);
    };
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    let pairs = mine.iter().zip(whole).zip(mask);
    pairs.fold(0, |all, ((a, b), mask)| all | ((word(a) ^ word(b)) & word(mask))) == 0
}

/// The same for a frame that ends within its header's last word.
#[cold]
fn same_words_at_end(mine: &[[u8; 8]], theirs: &[u8], mask: &[[u8; 8]]) -> bool {
    let bytes = mine.as_flattened().iter().zip(theirs).zip(mask.as_flattened());
    bytes.fold(0, |all, ((a, b), mask)| all | ((a ^ b) & mask)) == 0
}

/// Whether the bytes in `range` differ where `mask` has ones.
pub(super) fn differs(mine: &[u8], theirs: &[u8], mask: &[u8], range: Range<usize>) -> bool {
    let bytes = mine.iter().zip(theirs).zip(mask).take(range.end).skip(range.start);
    bytes.into_iter().any(|((a, b), mask)| (a ^ b) & mask != 0)
}

/// Ones where the headers of two segments of an aggregate must be equal; the last word is filled with zeros.
pub(super) fn mask(mask: &mut [u8; MAX_HEADER_BYTES], segment: &Segment, any_stamp: bool) {
    let end = segment.header_bytes();
    set(mask, 0, end, 0xff);
    set(mask, end, end.next_multiple_of(8) - end, 0);
    let Flow { outer, inner, tcp_at, .. } = segment.flow;
    for network in [outer, inner] {
        let at = usize::from(network.at);
        match network.kind {
            // Total length and identification; checksum.
            L3::V4 => {
                set(mask, at + 2, 4, 0);
                set(mask, at + 10, 2, 0);
            }
            // Payload length.
            _ => set(mask, at + 4, 2, 0),
        }
    }
    let tcp_at = usize::from(tcp_at);
    set(mask, tcp_at + 4, 4, 0);
    set(mask, tcp_at + 13, 1, !((flag::FIN | flag::PSH) as u8));
    // Checksum and urgent pointer, which does not count without URG.
    set(mask, tcp_at + 16, 4, 0);
    if any_stamp {
        set(mask, tcp_at + STAMP_AT, 8, 0);
    }
}

fn set(mask: &mut [u8], at: usize, bytes: usize, value: u8) {
    if let Some(range) = mask.get_mut(at..at + bytes) {
        range.fill(value);
    }
}

/// Where value and echo of a timestamp option are that stands alone behind two no-operations (RFC 7323 appendix A).
pub(super) const STAMP_AT: usize = 24;

/// The timestamp value of such a header.
pub(super) fn stamp(frame: &[u8], segment: &Segment) -> Option<u32> {
    let tcp_at = usize::from(segment.flow.tcp_at);
    let options = frame.get(tcp_at + 20..segment.header_bytes())?;
    match *options {
        [1, 1, 8, 10, a, b, c, d, _, _, _, _] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}
