//! Selective acknowledgement blocks (RFC 2018): the ranges beyond a hole, the one that changed last first.

use crate::tcp::receiver::before;

/// Blocks that fit beside no other option (RFC 2018 section 3).
pub(super) const MAX_BLOCKS: usize = 4;

/// Up to four ranges of sequence numbers, first included, second not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SackBlocks {
    blocks: [(u32, u32); MAX_BLOCKS],
    len: u8,
}

impl SackBlocks {
    /// The ranges, in the order an acknowledgement says them.
    pub fn as_slice(&self) -> &[(u32, u32)] {
        self.blocks.get(..usize::from(self.len)).unwrap_or(&[])
    }

    /// Bytes arrived beyond a hole: their block comes first (RFC 2018 section 4), and what it touches joins it.
    pub(crate) fn arrived(&mut self, start: u32, end: u32) {
        let mut new = (start, end);
        // A block that joins makes the new one longer, so that it may touch one passed over before.
        while let Some(touching) =
            self.as_slice().iter().position(|(from, to)| !before(new.1, *from) && !before(*to, new.0))
        {
            let (from, to) = self.remove(touching);
            new =
                (if before(from, new.0) { from } else { new.0 }, if before(new.1, to) { to } else { new.1 });
        }
        let kept = usize::from(self.len).min(MAX_BLOCKS - 1);
        self.blocks.copy_within(..kept, 1);
        self.blocks[0] = new;
        self.len = (kept + 1) as u8;
    }

    /// Everything before `next` has been received: what lies there is no longer said.
    pub(crate) fn advanced(&mut self, next: u32) {
        while let Some(old) = self.as_slice().iter().position(|(_, to)| !before(next, *to)) {
            self.remove(old);
        }
    }

    fn remove(&mut self, at: usize) -> (u32, u32) {
        let removed = self.blocks.get(at).copied().unwrap_or_default();
        self.blocks.copy_within((at + 1).min(MAX_BLOCKS).., at);
        self.len = self.len.saturating_sub(1);
        removed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    /// RFC 2018 section 4, case 2: the first of eight segments of 500 bytes is lost, the left edge is 5,000.
    #[test]
    fn the_rfc_example_with_the_first_segment_lost() {
        let mut sack = SackBlocks::default();
        for right in [6_000, 6_500, 7_000, 7_500, 8_000, 8_500, 9_000] {
            sack.arrived(right - 500, right);
            assert_eq!(sack.as_slice(), [(5_500, right)]);
        }
    }

    /// RFC 2018 section 4, case 3: the second, fourth, sixth and eighth are lost; then the fourth and second come.
    #[test]
    fn the_rfc_example_with_every_other_segment_lost() {
        let mut sack = SackBlocks::default();
        sack.arrived(6_000, 6_500);
        assert_eq!(sack.as_slice(), [(6_000, 6_500)]);
        sack.arrived(7_000, 7_500);
        assert_eq!(sack.as_slice(), [(7_000, 7_500), (6_000, 6_500)]);
        sack.arrived(8_000, 8_500);
        assert_eq!(sack.as_slice(), [(8_000, 8_500), (7_000, 7_500), (6_000, 6_500)]);
        sack.arrived(6_500, 7_000);
        assert_eq!(sack.as_slice(), [(6_000, 7_500), (8_000, 8_500)]);
        sack.advanced(7_500);
        assert_eq!(sack.as_slice(), [(8_000, 8_500)]);
    }

    proptest! {
        /// What is said was received, the last arrival first, and no two blocks touch; across the wrap as well.
        #[test]
        fn blocks_say_only_what_came(arrivals in prop::collection::vec((1u32..40, 1u32..4), 1..40)) {
            let base = u32::MAX - 60;
            let mut sack = SackBlocks::default();
            let mut received = BTreeSet::new();
            for (start, units) in arrivals {
                received.extend(start..start + units);
                let at = |unit: u32| base.wrapping_add(unit * 3);
                sack.arrived(at(start), at(start + units));
                let said: Vec<_> =
                    sack.as_slice().iter().map(|(from, to)| (from.wrapping_sub(base) / 3, to.wrapping_sub(base) / 3)).collect();
                prop_assert!(said[0].0 <= start && start + units <= said[0].1);
                for (i, (from, to)) in said.iter().enumerate() {
                    prop_assert!((*from..*to).all(|unit| received.contains(&unit)));
                    prop_assert!(said.iter().skip(i + 1).all(|(f, t)| t < from || to < f));
                }
            }
        }
    }
}
