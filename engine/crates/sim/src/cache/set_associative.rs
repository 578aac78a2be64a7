//! A set-associative cache of tags with least-recently-used replacement, one set beside the other. It is told the way
//! a tag was put into, and searches only if that is not known.

use super::recency::{All, MAX_WAYS, Recency};

/// Marks an empty way: never a tag.
pub(super) const EMPTY: u32 = u32::MAX;

/// A set: whatever is asked of it lies together, the first ways' tags beside their order.
#[derive(Clone, Debug)]
#[repr(C)]
pub(super) struct Set {
    order: Recency,
    /// Ways whose copy may be newer than what the next level has: the others can be dropped unseen.
    modified: u16,
    tags: [u32; MAX_WAYS as usize],
}

impl Set {
    fn new(ways: u32) -> Self {
        Set { tags: [EMPTY; MAX_WAYS as usize], order: Recency::of(ways), modified: 0 }
    }

    /// Whether a way has this tag.
    #[inline(always)]
    pub(super) fn holds(&self, way: u8, tag: u32) -> bool {
        self.tags[usize::from(way & 15)] == tag
    }

    /// The way was used.
    #[inline]
    pub(super) fn use_way(&mut self, way: u8) {
        self.order.use_way(way);
    }

    /// The way with this tag; way 0 if there is none.
    #[inline]
    pub(super) fn find(&self, tag: u32) -> u8 {
        // All are compared, which vectors do at once.
        let found =
            self.tags.iter().enumerate().fold(0, |found, (way, t)| found | u32::from(*t == tag) << way);
        (found | 1 << MAX_WAYS).trailing_zeros() as u8 & 15
    }

    /// Put a tag in as the most recently used; returns its way.
    #[inline(always)]
    pub(super) fn insert(&mut self, all: All, tag: u32) -> u8 {
        let way = self.order.renew_all(all);
        self.tags[usize::from(way & 15)] = tag;
        way
    }

    /// The same, noting whether it is modified; returns also the tag it pushed out if that was, else [`EMPTY`].
    #[inline(always)]
    pub(super) fn insert_noting(&mut self, all: All, tag: u32, modified: bool) -> (u8, u32) {
        let way = self.order.renew_all(all);
        let slot = &mut self.tags[usize::from(way & 15)];
        let bit = 1 << (way & 15);
        let pushed_out = if self.modified & bit == 0 { EMPTY } else { *slot };
        *slot = tag;
        self.modified = if modified { self.modified | bit } else { self.modified & !bit };
        (way, pushed_out)
    }

    /// If the way has the old tag it has the new one from here on; answers whether it had.
    #[inline]
    pub(super) fn replace(&mut self, way: u8, old: u32, new: u32) -> bool {
        let slot = &mut self.tags[usize::from(way & 15)];
        let held = *slot == old;
        if held {
            *slot = new;
        }
        held
    }

    /// The way's copy is newer than what the next level has.
    #[inline]
    pub(super) fn modify(&mut self, way: u8) {
        self.modified |= 1 << (way & 15);
    }

    /// Empty the ways whose tag satisfies the condition.
    pub(super) fn forget(&mut self, condition: impl Fn(u32) -> bool) {
        self.tags.iter_mut().filter(|tag| condition(**tag)).for_each(|tag| *tag = EMPTY);
    }
}

/// The sets of one cache.
#[derive(Clone, Debug)]
pub(super) struct SetAssociative {
    sets: Vec<Set>,
    set_bits: u32,
    /// All ways.
    pub(super) all: All,
}

impl SetAssociative {
    /// `bytes` of 64-byte lines in sets of `ways`, at most 16; the number of sets is rounded down to a power of two.
    pub(super) fn new(bytes: u32, ways: u32) -> Self {
        let ways = ways.clamp(1, MAX_WAYS);
        let set_bits = (bytes / 64 / ways).max(1).ilog2();
        SetAssociative { sets: vec![Set::new(ways); 1 << set_bits], set_bits, all: All::of(ways) }
    }

    /// Sets are two to this power.
    pub(super) fn set_bits(&self) -> u32 {
        self.set_bits
    }

    /// The set a line belongs to. There is one.
    #[inline(always)]
    pub(super) fn set_mut(&mut self, line: u32) -> Option<&mut Set> {
        let mask = self.sets.len().wrapping_sub(1);
        self.sets.get_mut(line as usize & mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list kept in order of use.
        #[test]
        fn behaves_as_a_list_in_order_of_use(
            lines in prop::collection::vec((1u32..80, any::<bool>()), 0..400), ways in 1u32..=16,
        ) {
            let mut cache = SetAssociative::new(64 * 2 * ways, ways);
            let all = cache.all;
            let mut model = vec![vec![(EMPTY, false); ways as usize]; 2];
            for (line, modified) in lines {
                let recent = &mut model[(line & 1) as usize];
                let expected = recent.iter().position(|(l, _)| *l == line);
                let set = cache.set_mut(line).unwrap();
                let way = set.find(line);
                prop_assert_eq!(set.holds(way, line), expected.is_some());
                let held = match expected {
                    Some(at) => {
                        set.use_way(way);
                        recent.remove(at)
                    }
                    None => {
                        let (way, pushed_out) = set.insert_noting(all, line, modified);
                        prop_assert!(set.holds(way, line));
                        let last = recent.pop().unwrap();
                        prop_assert_eq!(pushed_out, if last.1 { last.0 } else { EMPTY });
                        (line, modified)
                    }
                };
                recent.insert(0, held);
            }
        }
    }
}
