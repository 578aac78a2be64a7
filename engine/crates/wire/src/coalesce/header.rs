//! What of a header must be equal, as a mask over its bytes.

use super::MAX_HEADER_BYTES;
use super::flow::Flow;
use crate::tcp::flag;
use crate::walk::L3;
use core::ops::Range;

/// Headers are compared and copied in blocks, of which the last one ends where they end; there is at least one, for
/// Ethernet, IPv4 and TCP are 54 bytes.
const BLOCK: usize = 32;

/// Copy the first `bytes` of a frame; what follows them is not read by anyone.
#[inline]
pub(super) fn copy(to: &mut [u8; MAX_HEADER_BYTES], frame: &[u8], bytes: usize) {
    let (Some(to), Some(from)) = (to.get_mut(..bytes), frame.get(..bytes)) else { return };
    let (blocks, _) = from.as_chunks::<BLOCK>();
    to.as_chunks_mut::<BLOCK>().0.iter_mut().zip(blocks).for_each(|(to, from)| *to = *from);
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<BLOCK>(), from.last_chunk::<BLOCK>()) {
        *to = *from;
    }
}

/// Whether the first `bytes` are there in both and equal where `mask` has ones.
#[inline(always)]
pub(super) fn same(
    mine: &[u8; MAX_HEADER_BYTES],
    theirs: &[u8],
    mask: &[u8; MAX_HEADER_BYTES],
    bytes: usize,
) -> bool {
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
    let word = |bytes: &[u8; 8]| u64::from_ne_bytes(*bytes);
    words.fold(0, |all, ((mine, theirs), mask)| all | ((word(mine) ^ word(theirs)) & word(mask))) == 0
}

/// Whether the bytes in `range` differ where `mask` has ones.
pub(super) fn differs(mine: &[u8], theirs: &[u8], mask: &[u8], range: Range<usize>) -> bool {
    let from = |bytes| <[u8]>::get(bytes, range.start..).unwrap_or(&[]);
    let bytes = from(mine).iter().zip(from(theirs)).zip(from(mask)).take(range.len());
    bytes.fold(0, |all, ((a, b), mask)| all | ((a ^ b) & mask)) != 0
}

/// The mask of a plain segment ([`super::plain`]) without a timestamp that may rise.
pub(super) const PLAIN_MASK: [u8; MAX_HEADER_BYTES] = {
    let mut mask = [0xff; MAX_HEADER_BYTES];
    // Total length and identification, checksum; sequence number, checksum and urgent pointer.
    [mask[16], mask[17], mask[18], mask[19], mask[24], mask[25]] = [0; 6];
    [mask[38], mask[39], mask[40], mask[41], mask[50], mask[51], mask[52], mask[53]] = [0; 8];
    mask[47] = !((flag::FIN | flag::PSH) as u8);
    mask
};

/// Ones where the headers of two segments of an aggregate must be equal; what follows the headers is not read by anyone.
pub(super) fn mask(mask: &mut [u8; MAX_HEADER_BYTES], flow: Flow, any_stamp: bool) {
    *mask = [0xff; MAX_HEADER_BYTES];
    let Flow { outer, inner, tcp_at } = flow;
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

/// The timestamp value of such a header, whose TCP header begins and ends there.
pub(super) fn stamp(frame: &[u8], tcp_at: usize, end: usize) -> Option<u32> {
    match *frame.get(tcp_at + 20..end)? {
        [1, 1, 8, 10, a, b, c, d, _, _, _, _] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::plain::PLAIN;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_plain_segments_mask_is_one_of_many() {
        let mut made = [0; MAX_HEADER_BYTES];
        mask(&mut made, PLAIN, false);
        assert_eq!(made, PLAIN_MASK);
    }

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
            prop_assert!(!same(&mine, &theirs[..bytes - 1], &mask, bytes));
        }
    }
}
