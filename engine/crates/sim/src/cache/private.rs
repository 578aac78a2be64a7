//! One CPU's own caches, and the copies of lines in them.

use super::lines::Line;
use super::set_associative::SetAssociative;
use graph::CacheConfig;

/// A private copy: which line, at which version. 0 is no copy, for no line is at version 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tag(u64);

impl Tag {
    #[inline]
    fn new(number: u32, version: u32) -> Tag {
        Tag(u64::from(version) << 32 | u64::from(number))
    }
}

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
    l1: SetAssociative<Tag>,
    l2: SetAssociative<Tag>,
    /// Per set of the L2 the ways whose copy may be newer than what the LLC has: the others can be dropped unseen.
    modified: Vec<u16>,
}

impl Private {
    pub(super) fn new(config: &CacheConfig) -> Self {
        let l2 = SetAssociative::new(config.l2_bytes, config.l2_ways, 1);
        Private {
            l1: SetAssociative::new(config.l1d_bytes, config.l1d_ways, 1),
            modified: vec![0; l2.sets()],
            l2,
        }
    }

    /// Whether the L1d holds a line this CPU was the last to access; the copy becomes the most recently used.
    #[inline]
    pub(super) fn is_in_l1(&mut self, number: u32, line: Line) -> bool {
        let hit = self.l1.at(number, line.l1_way()) == Tag::new(number, line.version());
        if hit {
            self.l1.use_way(number, line.l1_way());
        }
        hit
    }

    /// As [`Self::look`], for a line that another CPU accessed last: its ways are to be found first. The way in the
    /// L2 is noted unless the L1d answers a read.
    #[inline(never)]
    pub(super) fn search(&mut self, number: u32, line: &mut Line, write: bool) -> Found {
        let tag = Tag::new(number, line.version());
        line.set_l1_way(self.l1.find(number, |t| t == tag));
        if write || self.l1.at(number, line.l1_way()) != tag {
            line.set_l2_way(self.l2.find(number, |t| t == tag));
        }
        self.look(number, line)
    }

    /// Where the nearest valid copy is; it becomes the most recently used, and comes to the L1d.
    #[inline]
    pub(super) fn look(&mut self, number: u32, line: &mut Line) -> Found {
        let tag = Tag::new(number, line.version());
        if self.is_in_l1(number, *line) {
            return Found::L1d;
        }
        if self.l2.at(number, line.l2_way()) == tag {
            self.l2.use_way(number, line.l2_way());
            line.set_l1_way(self.l1.insert(number, tag, |_| false).0);
            return Found::L2;
        }
        Found::Nowhere
    }

    /// Put a line into both levels; returns what must go to the LLC for it.
    #[inline]
    pub(super) fn fetch(&mut self, number: u32, line: &mut Line) -> Option<Victim> {
        let tag = Tag::new(number, line.version());
        line.set_l1_way(self.l1.insert(number, tag, |_| false).0);
        let modified = self.modified.get_mut(self.l2.set(number))?;
        let (way, victim) = self.l2.insert(number, tag, |way| *modified >> way & 1 != 0);
        *modified = *modified & !(1 << way) | u16::from(line.is_modified()) << way;
        line.set_l2_way(way);
        victim.map(|Tag(tag)| Victim { number: tag as u32, version: (tag >> 32) as u32 })
    }

    /// The CPU writes: the copies that were valid at `version` are valid and modified at the line's present one.
    #[inline]
    pub(super) fn modify(&mut self, number: u32, line: Line, version: u32) {
        let (old, new) = (Tag::new(number, version), Tag::new(number, line.version()));
        if old != new && self.l1.at(number, line.l1_way()) == old {
            self.l1.put(number, line.l1_way(), new);
        }
        if self.l2.at(number, line.l2_way()) == old {
            if old != new {
                self.l2.put(number, line.l2_way(), new);
            }
            if let Some(modified) = self.modified.get_mut(self.l2.set(number)) {
                *modified |= 1 << line.l2_way();
            }
        }
    }
}
