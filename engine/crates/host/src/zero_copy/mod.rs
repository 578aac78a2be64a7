//! Receive by mapping (`TCP_ZEROCOPY_RECEIVE`; net/ipv4/tcp.c, tcp_zerocopy_receive): a page that holds nothing but
//! payload is put into the program's address space, and is the program's until it is unmapped. What is not a whole page
//! is copied by a receive call of its own, as tools/testing/selftests/net/tcp_mmap.c does.

mod receive;
mod window;

use stage::Counters;
use window::Window;

/// Bytes of a page, the least a page table maps.
pub const PAGE_BYTES: u32 = 4096;

stage::counters! {
    /// What readers that map have got.
    pub enum ZeroCopyCounter in "zero_copy" {
        /// Payload mapped.
        MappedBytes = "zerocopy_mapped_bytes" : "bytes",
        /// Payload copied because it was not a whole page.
        CopiedBytes = "zerocopy_copied_bytes" : "bytes",
        /// Pages mapped.
        MappedPages = "zerocopy_mapped_pages" : "pages",
        /// Pages unmapped.
        UnmappedPages = "zerocopy_unmapped_pages" : "pages",
        /// Calls that asked for pages, got or not.
        Calls = "zerocopy_calls" : "calls",
        /// Calls that copied what those could not map.
        Reads = "zerocopy_reads" : "calls",
    }
}

/// How readers map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroCopyConfig {
    /// Bytes of the address range, and so at most of a call: a multiple of [`PAGE_BYTES`].
    pub window_bytes: u32,
    /// How many more calls that map a call's pages stay mapped for; 0: they are unmapped after it.
    pub keep_calls: u32,
}

/// What the readers of a host have mapped.
#[derive(Debug)]
pub(crate) struct ZeroCopy {
    config: ZeroCopyConfig,
    /// By task.
    windows: Vec<Window>,
    counters: Counters<ZeroCopyCounter>,
}

impl ZeroCopy {
    pub(crate) fn new(config: ZeroCopyConfig, tasks: u32) -> Self {
        ZeroCopy {
            config,
            windows: (0..tasks).map(|_| Window::new(config.keep_calls)).collect(),
            counters: Counters::default(),
        }
    }

    pub(crate) fn counters(&self) -> &Counters<ZeroCopyCounter> {
        &self.counters
    }

    /// Pages that are the programs'.
    pub(crate) fn mapped_pages(&self) -> u64 {
        self.windows.iter().map(Window::pages).sum()
    }

    /// Unmap everything, for the end of a run.
    pub(crate) fn release_all(&mut self, buffers: &mut stage::BufferPool) {
        self.windows.iter_mut().for_each(|window| window.release_all(buffers));
    }
}
