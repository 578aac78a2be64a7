//! Huge pages for the peer: reserved for the time of the run where we may, given back afterwards.

use std::fs;

const COUNT_FILE: &str = "/proc/sys/vm/nr_hugepages";
/// 1 GiB in pages of 2 MiB: the peer's tables and buffers with room.
const WANTED_PAGES: u64 = 512;

/// A reservation, undone when it is dropped.
pub(crate) struct HugePages {
    before: u64,
    available: bool,
}

impl HugePages {
    /// Reserve if there are too few; quietly do without where that is not allowed.
    pub(crate) fn reserve() -> Self {
        let before = count();
        if before < WANTED_PAGES {
            // Refused to ordinary users: the peer then runs with --no-huge, and the table says so.
            let _ = fs::write(COUNT_FILE, WANTED_PAGES.to_string());
        }
        HugePages { before, available: count() >= WANTED_PAGES }
    }

    /// Whether the peer can have them.
    pub(crate) fn available(&self) -> bool {
        self.available
    }
}

impl Drop for HugePages {
    fn drop(&mut self) {
        if self.before < WANTED_PAGES && self.available {
            let _ = fs::write(COUNT_FILE, self.before.to_string());
        }
    }
}

fn count() -> u64 {
    fs::read_to_string(COUNT_FILE).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
