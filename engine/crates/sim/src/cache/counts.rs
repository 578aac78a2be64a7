//! What is counted per CPU and layer.

use stats::Picos;

/// Levels of the hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    /// First-level data cache.
    L1d,
    /// Second level, private.
    L2,
    /// Last level, shared.
    Llc,
}

impl Level {
    /// All levels, nearest first.
    pub(crate) const ALL: [Level; 3] = [Level::L1d, Level::L2, Level::Llc];

    /// Name in tables.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Level::L1d => "l1d",
            Level::L2 => "l2",
            Level::Llc => "llc",
        }
    }
}

/// What one CPU did on behalf of one layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Accesses that reached each level, and those that reached memory.
    pub(super) reached: [u64; 4],
    /// Lines fetched from another CPU's private cache, or taken from it.
    pub(crate) remote: u64,
    /// Time charged.
    pub(crate) stall_ps: Picos,
}

impl Counts {
    /// Accesses that reached the level.
    pub(crate) fn accesses(&self, level: Level) -> u64 {
        self.reached[level as usize]
    }

    /// Those the level could not answer. What another CPU's cache answered is no miss of the LLC.
    pub(crate) fn misses(&self, level: Level) -> u64 {
        self.reached[level as usize + 1]
    }
}
