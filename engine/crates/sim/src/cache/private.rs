//! One CPU's own caches, and the copies of lines in them.

use super::lines::{Line, Party, VERSION_BITS};
use super::set_associative::{EMPTY, SetAssociative};
use graph::CacheConfig;

/// A copy that left the L2 and may be newer than what the LLC has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Victim {
    /// The line's number.
    pub(super) number: u32,
    /// The version the copy has.
    pub(super) version: u32,
}

/// Where a private copy was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    L1d,
    L2,
    Nowhere,
}

/// L1d and L2 of one CPU. The ways in a [`Line`] are this CPU's if it is the last that accessed the line.
#[derive(Clone, Debug)]
pub(super) struct Private {
    l1: SetAssociative,
    l2: SetAssociative,
    /// A copy's tag has its version above this many bits, and in them what its set does not say of the line's number.
    number_bits: u32,
}

impl Private {
    /// Empty caches for lines numbered from 0 to below `lines`.
    pub(super) fn new(config: &CacheConfig, lines: u32) -> Self {
        let l1 = SetAssociative::new(config.l1d_bytes, config.l1d_ways);
        let l2 = SetAssociative::new(config.l2_bytes, config.l2_ways);
        let needed = (u32::BITS - lines.leading_zeros()).saturating_sub(l1.set_bits().min(l2.set_bits()));
        Private { l1, l2, number_bits: needed.max(u32::BITS - VERSION_BITS) }
    }

    /// How many versions of a line its tags can tell apart; one is left for the tag of an empty way.
    pub(super) fn versions(&self) -> u32 {
        (EMPTY >> self.number_bits).max(1)
    }

    #[inline(always)]
    fn tag(&self, number: u32, version: u32, cache: &SetAssociative) -> u32 {
        version.wrapping_shl(self.number_bits) | number.wrapping_shr(cache.set_bits())
    }

    /// Whether the L1d answers an access by this CPU, the party, with nothing else to do.
    #[inline(always)]
    pub(super) fn answers(&mut self, number: u32, line: Line, party: Party, write: bool) -> bool {
        line.is_settled_for(party, write) && self.is_in_l1(number, line)
    }

    /// Whether the L1d holds a line this CPU was the last to access; the copy becomes the most recently used.
    #[inline(always)]
    fn is_in_l1(&mut self, number: u32, line: Line) -> bool {
        let tag = self.tag(number, line.version(), &self.l1);
        let Some(set) = self.l1.set_mut(number) else { return false };
        let hit = set.holds(line.l1_way(), tag);
        if hit {
            set.use_way(line.l1_way());
        }
        hit
    }

    /// As [`Self::look`], for a line that another CPU accessed last: its ways are to be found first. They are noted
    /// in the line answered, unless the L1d answers a read.
    #[inline]
    pub(super) fn search(&mut self, number: u32, mut line: Line, write: bool) -> (Found, Line) {
        let tag = self.tag(number, line.version(), &self.l1);
        let Some(set) = self.l1.set_mut(number) else { return (Found::Nowhere, line) };
        let way = set.find(tag);
        if !write && set.holds(way, tag) {
            set.use_way(way);
            return (Found::L1d, line);
        }
        line.set_l1_way(way);
        let tag = self.tag(number, line.version(), &self.l2);
        let Some(set) = self.l2.set_mut(number) else { return (Found::Nowhere, line) };
        line.set_l2_way(set.find(tag));
        self.look(number, line)
    }

    /// Where the nearest valid copy is; it becomes the most recently used, and comes to the L1d.
    #[inline(always)]
    pub(super) fn look(&mut self, number: u32, line: Line) -> (Found, Line) {
        if self.is_in_l1(number, line) {
            return (Found::L1d, line);
        }
        let tag = self.tag(number, line.version(), &self.l2);
        let Some(set) = self.l2.set_mut(number) else { return (Found::Nowhere, line) };
        if !set.holds(line.l2_way(), tag) {
            return (Found::Nowhere, line);
        }
        set.use_way(line.l2_way());
        (Found::L2, self.fill_l1(number, line))
    }

    #[inline(always)]
    fn fill_l1(&mut self, number: u32, mut line: Line) -> Line {
        let (tag, all) = (self.tag(number, line.version(), &self.l1), self.l1.all);
        if let Some(set) = self.l1.set_mut(number) {
            line.set_l1_way(set.insert(all, tag));
        }
        line
    }

    /// Put a line into both levels; answers also what must go to the LLC for it.
    #[inline(always)]
    pub(super) fn fetch(&mut self, number: u32, line: Line) -> (Line, Option<Victim>) {
        let mut line = self.fill_l1(number, line);
        let (tag, all) = (self.tag(number, line.version(), &self.l2), self.l2.all);
        let Some(set) = self.l2.set_mut(number) else { return (line, None) };
        let (way, pushed_out) = set.insert_noting(all, tag, line.is_modified());
        line.set_l2_way(way);
        (line, if pushed_out == EMPTY { None } else { Some(self.victim(pushed_out, number)) })
    }

    /// What a tag in the L2 set of line `beside` says.
    fn victim(&self, tag: u32, beside: u32) -> Victim {
        let lowest = |bits: u32| 1u32.wrapping_shl(bits) - 1;
        let bits = self.l2.set_bits();
        Victim {
            number: (tag & lowest(self.number_bits)).wrapping_shl(bits) | beside & lowest(bits),
            version: tag.wrapping_shr(self.number_bits),
        }
    }

    /// The CPU writes: the copies that were valid at `version` are valid and modified at the line's present one.
    #[inline(always)]
    pub(super) fn modify(&mut self, number: u32, line: Line, version: u32) {
        if version != line.version() {
            let old = self.tag(number, version, &self.l1);
            let new = self.tag(number, line.version(), &self.l1);
            if let Some(set) = self.l1.set_mut(number) {
                set.replace(line.l1_way(), old, new);
            }
        }
        let old = self.tag(number, version, &self.l2);
        let new = self.tag(number, line.version(), &self.l2);
        if let Some(set) = self.l2.set_mut(number)
            && set.replace(line.l2_way(), old, new)
        {
            set.modify(line.l2_way());
        }
    }

    /// Versions of a line begin again: its copies here go, but for those of the version that is kept.
    pub(super) fn forget(&mut self, number: u32, kept: Option<u32>) {
        let bits = self.number_bits;
        let goes = |tag: u32, of_version_0: u32| {
            tag & ((1 << bits) - 1) == of_version_0 && Some(tag >> bits) != kept
        };
        let (l1_tag, l2_tag) = (self.tag(number, 0, &self.l1), self.tag(number, 0, &self.l2));
        if let Some(set) = self.l1.set_mut(number) {
            set.forget(|tag| goes(tag, l1_tag));
        }
        if let Some(set) = self.l2.set_mut(number) {
            set.forget(|tag| goes(tag, l2_tag));
        }
    }
}
