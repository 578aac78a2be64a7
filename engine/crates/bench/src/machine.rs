//! Where the figures were taken: figures of different machines are not comparable.

use std::fs;

/// The machine and its state before the run.
pub(crate) struct Machine {
    /// CPU model.
    pub(crate) cpu: String,
    /// Kernel release.
    pub(crate) kernel: String,
    /// The core single-core jobs run on.
    pub(crate) core: usize,
    /// Another core, for the two-core ring.
    pub(crate) other: Option<usize>,
    /// Whether the thread could be kept on `core`.
    pub(crate) pinned: bool,
    /// One-minute load average: above 1 a neighbour shares the caches and perhaps the core.
    pub(crate) load_before: String,
    /// Whether the GFNI Toeplitz hash runs here.
    pub(crate) gfni: bool,
}

impl Machine {
    /// Look around, before anything is pinned.
    pub(crate) fn look() -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let info = read("/proc/cpuinfo");
        let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // The last core: the first takes the interrupts.
        Machine {
            cpu: model.map_or("unknown CPU", |(_, name)| name).to_owned(),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            core: cores - 1,
            other: if cores > 1 { Some(0) } else { None },
            pinned: false,
            load_before: read("/proc/loadavg").split(' ').next().unwrap_or("").to_owned(),
            gfni: false,
        }
    }
}
