//! The directory: for each line who used it last and how, a version that private copies must match to be valid, and
//! the ways to look in, so that a cache need not be searched.

/// No CPU has accessed the line since a device wrote it, or ever.
pub(super) const NOBODY: u8 = u8::MAX;

/// One line's state, packed into a word: there are millions, and each access loads and stores one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line(u64);

/// Bits 0 to 7: the CPU that accessed the line last.
const LAST: u64 = 0xff;
/// If the last CPU's L1d holds the line, it does so in this way.
const L1_WAY: u32 = 8;
/// The same for its L2.
const L2_WAY: u32 = 12;
/// If the LLC holds the line, it does so in this way.
const LLC_WAY: u32 = 16;
/// The LLC holds the line.
const IN_LLC: u64 = 1 << 20;
/// The last CPU's copy is newer than what the LLC or memory has.
const MODIFIED: u64 = 1 << 21;
/// More than one CPU may hold a valid copy.
const SHARED: u64 = 1 << 22;
/// From here on the version: it moves on with every write by another party, and older copies are stale.
const VERSION: u32 = 32;

impl Line {
    pub(super) const UNTOUCHED: Line = Line(1 << VERSION | NOBODY as u64);

    #[inline]
    pub(super) fn version(self) -> u32 {
        (self.0 >> VERSION) as u32
    }

    #[inline]
    pub(super) fn last(self) -> u8 {
        (self.0 & LAST) as u8
    }

    /// The CPU accessed it last, and has nothing to do for another access but to find it.
    #[inline]
    pub(super) fn is_settled_for(self, cpu: u8, write: bool) -> bool {
        let (mask, wanted) = if write { (LAST | MODIFIED, MODIFIED) } else { (LAST, 0) };
        self.0 & mask == u64::from(cpu) | wanted
    }

    #[inline]
    pub(super) fn is_modified(self) -> bool {
        self.0 & MODIFIED != 0
    }

    #[inline]
    pub(super) fn is_shared(self) -> bool {
        self.0 & SHARED != 0
    }

    #[inline]
    pub(super) fn is_in_llc(self) -> bool {
        self.0 & IN_LLC != 0
    }

    /// A CPU accessed it.
    #[inline]
    pub(super) fn accessed_by(&mut self, cpu: u8) {
        let shared = if matches!(self.last(), last if last == cpu || last == NOBODY) { 0 } else { SHARED };
        self.0 = self.0 & !LAST | u64::from(cpu) | shared;
    }

    /// The last CPU wrote it: its copy is the only one.
    #[inline]
    pub(super) fn modify(&mut self) {
        self.0 = self.0 & !SHARED | MODIFIED;
    }

    /// The data has gone to the LLC.
    #[inline]
    pub(super) fn clean(&mut self) {
        self.0 &= !MODIFIED;
    }

    /// All copies become stale.
    #[inline]
    pub(super) fn renew(&mut self) {
        let version = u64::from(self.version().wrapping_add(1).max(1));
        self.0 = self.0 & u64::from(u32::MAX) | version << VERSION;
    }

    /// A device wrote it: all copies become stale, and no CPU has a new one.
    #[inline]
    pub(super) fn overwrite(&mut self) {
        self.renew();
        self.0 = self.0 & !(MODIFIED | SHARED) | u64::from(NOBODY);
    }

    /// The LLC holds it in this way.
    #[inline]
    pub(super) fn enter_llc(&mut self, way: u8) {
        self.set_way(LLC_WAY, way);
        self.0 |= IN_LLC;
    }

    /// The LLC holds it no more.
    #[inline]
    pub(super) fn leave_llc(&mut self) {
        self.0 &= !IN_LLC;
    }

    #[inline]
    pub(super) fn l1_way(self) -> u8 {
        self.way(L1_WAY)
    }

    #[inline]
    pub(super) fn l2_way(self) -> u8 {
        self.way(L2_WAY)
    }

    #[inline]
    pub(super) fn llc_way(self) -> u8 {
        self.way(LLC_WAY)
    }

    #[inline]
    pub(super) fn set_l1_way(&mut self, way: u8) {
        self.set_way(L1_WAY, way);
    }

    #[inline]
    pub(super) fn set_l2_way(&mut self, way: u8) {
        self.set_way(L2_WAY, way);
    }

    #[inline]
    fn way(self, level: u32) -> u8 {
        (self.0 >> level & 15) as u8
    }

    #[inline]
    fn set_way(&mut self, level: u32, way: u8) {
        self.0 = self.0 & !(15 << level) | u64::from(way & 15) << level;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_together_stays_apart() {
        let mut line = Line::UNTOUCHED;
        line.accessed_by(127);
        line.set_l1_way(7);
        line.set_l2_way(15);
        line.enter_llc(11);
        line.modify();
        let state = |l: Line| (l.version(), l.last(), l.l1_way(), l.l2_way(), l.llc_way());
        assert_eq!(state(line), (1, 127, 7, 15, 11));
        assert!(line.is_modified() && line.is_in_llc() && !line.is_shared());
        line.accessed_by(3);
        assert_eq!(state(line), (1, 3, 7, 15, 11));
        assert!(line.is_shared());
        line.overwrite();
        assert_eq!((line.version(), line.last(), line.llc_way()), (2, NOBODY, 11));
        assert!(line.is_in_llc() && !line.is_shared() && !line.is_modified());
        line.accessed_by(3);
        assert!(!line.is_shared());
    }

    #[test]
    fn no_line_is_ever_at_version_0() {
        let mut line = Line(u64::from(u32::MAX) << VERSION | LAST);
        line.renew();
        assert_eq!(line, Line::UNTOUCHED);
    }
}
