//! The directory: for each line who used it last and how, a version that private copies must match to be valid, and
//! the ways to look in, so that a cache need not be searched.

use stage::CpuId;

/// One line's state, packed into a word: there are millions, and each access loads and stores one. All zero is a line
/// nobody has touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Line(pub(super) u32);

/// A CPU as a line names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Party(u32);

impl Party {
    /// Devices, and whoever has not accessed a line yet.
    pub(super) const DEVICE: Party = Party(0);
    /// Numbers there may be.
    pub(super) const COUNT: usize = LAST as usize + 1;

    #[inline(always)]
    pub(super) fn of(cpu: CpuId) -> Self {
        Party((u32::from(cpu.0) + 1) & LAST)
    }

    #[inline(always)]
    pub(super) fn index(self) -> usize {
        (self.0 & LAST) as usize
    }
}

/// Bits 0 to 7: the CPU that accessed the line last, from 1; 0 if none has since a device wrote it, or ever.
const LAST: u32 = 0xff;
/// If the last CPU's L1d holds the line, it does so in this way.
const L1_WAY: u32 = 8;
/// The same for its L2.
const L2_WAY: u32 = 12;
/// If the LLC holds the line, it does so in this way.
const LLC_WAY: u32 = 16;
/// The LLC holds the line.
const IN_LLC: u32 = 1 << 20;
/// The last CPU's copy is newer than what the LLC or memory has.
const MODIFIED: u32 = 1 << 21;
/// More than one CPU may hold a valid copy.
const SHARED: u32 = 1 << 22;
/// From here on the version: it moves on with every write by another party, and older copies are stale.
const VERSION: u32 = 23;
/// The version's bits.
pub(super) const VERSION_BITS: u32 = 32 - VERSION;

impl Line {
    #[inline(always)]
    pub(super) fn version(self) -> u32 {
        self.0 >> VERSION
    }

    /// Who accessed it last; a device, if none has.
    #[inline(always)]
    pub(super) fn last(self) -> Party {
        Party(self.0 & LAST)
    }

    #[inline(always)]
    pub(super) fn is_last(self, party: Party) -> bool {
        self.0 & LAST == party.0
    }

    /// The party accessed it last, and has nothing to do for another access but to find it.
    #[inline(always)]
    pub(super) fn is_settled_for(self, party: Party, write: bool) -> bool {
        let modified = if write { MODIFIED } else { 0 };
        self.0 & (LAST | modified) == party.0 | modified
    }

    #[inline(always)]
    pub(super) fn is_modified(self) -> bool {
        self.0 & MODIFIED != 0
    }

    #[inline(always)]
    pub(super) fn is_shared(self) -> bool {
        self.0 & SHARED != 0
    }

    #[inline(always)]
    pub(super) fn is_in_llc(self) -> bool {
        self.0 & IN_LLC != 0
    }

    /// A CPU accessed it.
    #[inline(always)]
    pub(super) fn accessed_by(&mut self, party: Party) {
        let shared = if self.0 & LAST == 0 || self.is_last(party) { 0 } else { SHARED };
        self.0 = self.0 & !LAST | party.0 | shared;
    }

    /// The last CPU wrote it: its copy is the only one.
    #[inline(always)]
    pub(super) fn modify(&mut self) {
        self.0 = self.0 & !SHARED | MODIFIED;
    }

    /// The data has gone to the LLC.
    #[inline(always)]
    pub(super) fn clean(&mut self) {
        self.0 &= !MODIFIED;
    }

    /// All copies become stale. Answers whether versions begin again, of which there are `versions`: copies of this
    /// line must then be forgotten, lest an old one be taken for new.
    #[inline(always)]
    #[must_use]
    pub(super) fn renew(&mut self, versions: u32) -> bool {
        let begins_again = self.version() + 1 >= versions;
        let version = if begins_again { 0 } else { self.version() + 1 };
        self.0 = self.0 & !(u32::MAX << VERSION) | version << VERSION;
        begins_again
    }

    /// A device wrote it: all copies become stale, and no CPU has a new one. Answers as [`Self::renew`].
    #[inline(always)]
    #[must_use]
    pub(super) fn overwrite(&mut self, versions: u32) -> bool {
        self.0 &= !(MODIFIED | SHARED | LAST);
        self.renew(versions)
    }

    /// The LLC holds it in this way.
    #[inline(always)]
    pub(super) fn enter_llc(&mut self, way: u8) {
        self.set_way(LLC_WAY, way);
        self.0 |= IN_LLC;
    }

    /// The LLC holds it no more.
    #[inline(always)]
    pub(super) fn leave_llc(&mut self) {
        self.0 &= !IN_LLC;
    }

    #[inline(always)]
    pub(super) fn l1_way(self) -> u8 {
        self.way(L1_WAY)
    }

    #[inline(always)]
    pub(super) fn l2_way(self) -> u8 {
        self.way(L2_WAY)
    }

    #[inline(always)]
    pub(super) fn llc_way(self) -> u8 {
        self.way(LLC_WAY)
    }

    #[inline(always)]
    pub(super) fn set_l1_way(&mut self, way: u8) {
        self.set_way(L1_WAY, way);
    }

    #[inline(always)]
    pub(super) fn set_l2_way(&mut self, way: u8) {
        self.set_way(L2_WAY, way);
    }

    #[inline(always)]
    fn way(self, level: u32) -> u8 {
        (self.0 >> level & 15) as u8
    }

    #[inline(always)]
    fn set_way(&mut self, level: u32, way: u8) {
        self.0 = self.0 & !(15 << level) | u32::from(way & 15) << level;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_together_stays_apart() {
        let (last, other) = (Party::of(CpuId(127)), Party::of(CpuId(3)));
        let mut line = Line::default();
        line.accessed_by(last);
        line.set_l1_way(7);
        line.set_l2_way(15);
        line.enter_llc(11);
        line.modify();
        let state = |l: Line| (l.version(), l.l1_way(), l.l2_way(), l.llc_way());
        assert_eq!(state(line), (0, 7, 15, 11));
        assert!(line.is_last(last) && line.is_modified() && line.is_in_llc() && !line.is_shared());
        line.accessed_by(other);
        assert_eq!(state(line), (0, 7, 15, 11));
        assert!(line.is_last(other) && line.is_shared());
        assert!(!line.overwrite(512));
        assert_eq!((line.version(), line.llc_way()), (1, 11));
        assert!(line.is_in_llc() && !line.is_shared() && !line.is_modified() && !line.is_last(other));
        line.accessed_by(other);
        assert!(line.is_last(other) && !line.is_shared());
    }

    #[test]
    fn versions_begin_again_and_say_so() {
        let mut line = Line::default();
        let begun: Vec<bool> = (0..7).map(|_| line.renew(3)).collect();
        assert_eq!(begun, [false, false, true, false, false, true, false]);
        assert_eq!(line.version(), 1);
    }
}
