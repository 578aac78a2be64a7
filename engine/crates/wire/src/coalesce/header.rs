//! Headers copied and compared where a mask has ones.

use super::MAX_HEADER_BYTES;
use core::ops::Range;

/// Headers, or a mask over them; what follows the headers is not read by anyone.
pub(super) type Bytes = [u8; MAX_HEADER_BYTES];

/// Headers are compared and copied in blocks, of which the last one ends where they end; there is at least one, for
/// Ethernet, IPv4 and TCP are 54 bytes.
const BLOCK: usize = 32;

/// Copy the first `bytes` of a frame.
#[inline]
pub(super) fn copy(to: &mut Bytes, frame: &[u8], bytes: usize) {
    let (Some(to), Some(from)) = (to.get_mut(..bytes), frame.get(..bytes)) else { return };
    let (blocks, _) = from.as_chunks::<BLOCK>();
    to.as_chunks_mut::<BLOCK>().0.iter_mut().zip(blocks).for_each(|(to, from)| *to = *from);
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<BLOCK>(), from.last_chunk::<BLOCK>()) {
        *to = *from;
    }
}

/// Whether the first `bytes` are there in both and equal where `mask` has ones.
#[inline(always)]
pub(super) fn same(mine: &Bytes, theirs: &[u8], mask: &Bytes, bytes: usize) -> bool {
    let (Some(mine), Some(theirs), Some(mask)) = (mine.get(..bytes), theirs.get(..bytes), mask.get(..bytes))
    else {
        return false;
    };
    let (Some(my_last), Some(their_last), Some(last_mask)) =
        (mine.last_chunk(), theirs.last_chunk(), mask.last_chunk())
    else {
        return false;
    };
    // The first that differs ends it: a loop over all is made to gather lanes of many blocks, and there are few.
    let mut blocks = mine.as_chunks().0.iter().zip(theirs.as_chunks().0).zip(mask.as_chunks().0);
    is_same(my_last, their_last, last_mask)
        && blocks.all(|((mine, theirs), mask)| is_same(mine, theirs, mask))
}

/// Whether two blocks are equal where `mask` has ones: by words, as of bytes under a constant mask only some are looked
/// at, one by one.
#[inline(always)]
fn is_same(mine: &[u8; BLOCK], theirs: &[u8; BLOCK], mask: &[u8; BLOCK]) -> bool {
    let words = mine.as_chunks().0.iter().zip(theirs.as_chunks().0).zip(mask.as_chunks().0);
    words.fold(0, |all, ((mine, theirs), mask)| all | ((word(mine) ^ word(theirs)) & word(mask))) == 0
}

/// Whether the bytes in `range` differ where `mask` has ones.
pub(super) fn differs(mine: &Bytes, theirs: &[u8], mask: &Bytes, range: Range<usize>) -> bool {
    let piece = |bytes| <[u8]>::get(bytes, range.clone());
    if let (Some(mine), Some(theirs), Some(mask)) = (piece(mine), piece(theirs), piece(mask))
        && let (Some(my_last), Some(their_last), Some(last_mask)) =
            (mine.last_chunk(), theirs.last_chunk(), mask.last_chunk())
    {
        let words = mine.as_chunks().0.iter().zip(theirs.as_chunks().0).zip(mask.as_chunks().0);
        let mut all = words.chain([((my_last, their_last), last_mask)]);
        return all.any(|((a, b), mask)| (word(a) ^ word(b)) & word(mask) != 0);
    }
    let from = |bytes| <[u8]>::get(bytes, range.start..).unwrap_or(&[]);
    let mut bytes = from(mine).iter().zip(from(theirs)).zip(from(mask)).take(range.len());
    bytes.any(|((a, b), mask)| (a ^ b) & mask != 0)
}

/// The same for a field of `N` bytes.
#[inline(always)]
pub(super) fn field_differs<const N: usize>(mine: &Bytes, theirs: &[u8], mask: &Bytes, at: usize) -> bool {
    let field = |bytes| <[u8]>::get(bytes, at..).and_then(|rest| rest.first_chunk::<N>());
    let (Some(mine), Some(theirs), Some(mask)) = (field(mine), field(theirs), field(mask)) else {
        return false;
    };
    let bytes = mine.iter().zip(theirs).zip(mask);
    bytes.fold(0, |all, ((a, b), mask)| all | ((a ^ b) & mask)) != 0
}

#[inline(always)]
fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_ne_bytes(*bytes)
}

/// Where value and echo of a timestamp option are that stands alone behind two no-operations (RFC 7323 appendix A).
pub(super) const STAMP_AT: usize = 24;

/// The timestamp value of such a header, whose TCP header begins and ends there.
pub(super) fn stamp(frame: &[u8], tcp_at: usize, end: usize) -> Option<u32> {
    match *frame.get(tcp_at + 20..end)? {
        [1, 1, 8, 10, a, b, c, d, _, _, _, _] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Blocks that overlap see every byte, and none behind the header.
        #[test]
        fn blocks_are_bytes(
            bytes in 54usize..=MAX_HEADER_BYTES, more in 0usize..4, changes in prop::collection::vec((0usize..260, 1u8..), 0..3),
            mask_seed in prop::collection::vec(prop::sample::select(vec![0u8, 0xff, 0xf6]), MAX_HEADER_BYTES),
        ) {
            let mut theirs: Vec<u8> = (0..bytes + more).map(|i| i as u8).collect();
            let mut mine = [0x55; MAX_HEADER_BYTES];
            copy(&mut mine, &theirs, bytes);
            prop_assert_eq!(&mine[..bytes], &theirs[..bytes]);
            prop_assert!(mine[bytes..].iter().all(|byte| *byte == 0x55));
            for (at, change) in changes {
                if let Some(byte) = theirs.get_mut(at) {
                    *byte ^= change;
                }
            }
            let mask: [u8; MAX_HEADER_BYTES] = mask_seed.try_into().unwrap();
            let expected = (0..bytes).all(|at| (mine[at] ^ theirs[at]) & mask[at] == 0);
            prop_assert_eq!(same(&mine, &theirs, &mask, bytes), expected);
            prop_assert_eq!(differs(&mine, &theirs, &mask, 0..bytes), !expected);
            for range in [0..14, 14..34, 20..23, 40..bytes, bytes - 2..bytes + 9] {
                let end = range.end.min(theirs.len()).min(MAX_HEADER_BYTES);
                let expected = (range.start..end).any(|at| (mine[at] ^ theirs[at]) & mask[at] != 0);
                prop_assert_eq!(differs(&mine, &theirs, &mask, range), expected);
            }
            let expected = (46..48).any(|at| (mine[at] ^ theirs[at]) & mask[at] != 0);
            prop_assert_eq!(field_differs::<2>(&mine, &theirs, &mask, 46), expected);
            prop_assert!(!same(&mine, &theirs[..bytes - 1], &mask, bytes));
        }
    }
}
