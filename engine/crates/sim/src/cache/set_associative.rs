//! A set-associative cache of tags with least-recently-used replacement.

/// Tags of one cache. A tag is never 0: 0 marks an empty way.
#[derive(Clone, Debug)]
pub(super) struct SetAssociative {
    tags: Vec<u64>,
    ways: usize,
    set_mask: u32,
}

impl SetAssociative {
    /// `bytes` of 64-byte lines in sets of `ways`; the number of sets is rounded down to a power of two.
    pub(super) fn new(bytes: u32, ways: u32) -> Self {
        let ways = ways.max(1) as usize;
        let sets = ((bytes / 64) as usize / ways).max(1);
        let sets = 1 << sets.ilog2();
        SetAssociative { tags: vec![0; sets * ways], ways, set_mask: sets as u32 - 1 }
    }

    #[inline]
    fn set(&mut self, line: u32) -> &mut [u64] {
        let start = (line & self.set_mask) as usize * self.ways;
        self.tags.get_mut(start..start + self.ways).unwrap_or_default()
    }

    /// Whether the tag is there; makes it the most recently used.
    #[inline]
    pub(super) fn hit(&mut self, line: u32, tag: u64) -> bool {
        let set = self.set(line);
        match set.iter().position(|t| *t == tag) {
            Some(0) => true,
            Some(way) => {
                set[..=way].rotate_right(1);
                true
            }
            None => false,
        }
    }

    /// Put a tag in as the most recently used; returns the tag it pushed out, 0 for none.
    #[inline]
    pub(super) fn insert(&mut self, line: u32, tag: u64) -> u64 {
        let set = self.set(line);
        let victim = set.last().copied().unwrap_or(0);
        set.rotate_right(1);
        if let Some(first) = set.first_mut() {
            *first = tag;
        }
        victim
    }

    /// Put a tag into the last `share` ways only, as a write from the NIC does.
    #[inline]
    pub(super) fn insert_in_share(&mut self, line: u32, tag: u64, share: usize) -> u64 {
        let set = self.set(line);
        let start = set.len().saturating_sub(share.max(1));
        let part = set.get_mut(start..).unwrap_or_default();
        let victim = part.last().copied().unwrap_or(0);
        part.rotate_right(1);
        if let Some(first) = part.first_mut() {
            *first = tag;
        }
        victim
    }

    /// Replace a tag by another in place (the line's version moved on while it was held here).
    #[inline]
    pub(super) fn renew(&mut self, line: u32, old: u64, new: u64) {
        if let Some(tag) = self.set(line).iter_mut().find(|t| **t == old) {
            *tag = new;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list kept in order of use.
        #[test]
        fn behaves_as_a_list_in_order_of_use(lines in prop::collection::vec(1u32..40, 0..400)) {
            let mut cache = SetAssociative::new(64 * 8, 4); // 2 sets of 4 ways
            let mut model: [Vec<u32>; 2] = Default::default();
            for line in lines {
                let recent = &mut model[(line & 1) as usize];
                let expected = recent.iter().position(|l| *l == line);
                prop_assert_eq!(cache.hit(line, u64::from(line)), expected.is_some());
                if let Some(at) = expected { recent.remove(at); } else {
                    let victim = cache.insert(line, u64::from(line));
                    let gone = if recent.len() == 4 { recent.pop().unwrap_or(0) } else { 0 };
                    prop_assert_eq!(victim, u64::from(gone));
                }
                recent.insert(0, line);
            }
        }
    }
}
