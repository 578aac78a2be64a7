//! The directory: for each line who wrote it last, and a version that private copies must match to be valid.

/// Nobody holds the line modified.
pub(super) const UNOWNED: u16 = u16::MAX;

/// One line's state.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// Moves on with every write by another party; older copies are stale.
    pub(super) version: u32,
    /// CPU whose private cache holds it modified.
    pub(super) owner: u16,
    /// CPU that accessed it last.
    pub(super) last: u16,
    /// More than one CPU may hold a valid copy.
    pub(super) shared: bool,
}

impl Line {
    pub(super) const UNTOUCHED: Line = Line { version: 1, owner: UNOWNED, last: UNOWNED, shared: false };
}

/// The tag of a line at a version.
#[inline]
pub(super) fn tag(line: u32, version: u32) -> u64 {
    (u64::from(version) << 32) | u64::from(line)
}

/// The line of a tag.
#[inline]
pub(super) fn line_of(tag: u64) -> u32 {
    tag as u32
}
