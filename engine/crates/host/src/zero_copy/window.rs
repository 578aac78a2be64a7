//! What one program has mapped.

use stage::{BufferId, BufferPool};
use std::collections::VecDeque;

/// The pages of one call, chained.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mapping {
    pub(super) first: BufferId,
    last: BufferId,
    pub(super) pages: u32,
}

/// A program's address range, used anew by every call.
#[derive(Debug)]
pub(super) struct Window {
    /// Of the call that goes on.
    current: Option<Mapping>,
    /// Of calls before, oldest first.
    kept: VecDeque<Mapping>,
    keep_calls: usize,
}

impl Window {
    pub(super) fn new(keep_calls: u32) -> Self {
        let keep_calls = keep_calls as usize;
        Window { current: None, kept: VecDeque::with_capacity(keep_calls + 1), keep_calls }
    }

    /// A page that no chain has becomes the program's.
    pub(super) fn map(&mut self, page: BufferId, buffers: &mut BufferPool) {
        match &mut self.current {
            Some(mapping) => {
                buffers.link(mapping.last, page);
                (mapping.last, mapping.pages) = (page, mapping.pages + 1);
            }
            None => self.current = Some(Mapping { first: page, last: page, pages: 1 }),
        }
    }

    /// The call is over.
    pub(super) fn close(&mut self) {
        self.kept.extend(self.current.take());
    }

    /// The oldest call's pages, if they have been kept long enough.
    pub(super) fn expired(&mut self) -> Option<Mapping> {
        if self.kept.len() > self.keep_calls { self.kept.pop_front() } else { None }
    }

    pub(super) fn pages(&self) -> u64 {
        self.kept.iter().chain(&self.current).map(|mapping| u64::from(mapping.pages)).sum()
    }

    pub(super) fn release_all(&mut self, buffers: &mut BufferPool) {
        self.close();
        self.kept.drain(..).for_each(|mapping| {
            buffers.release(mapping.first);
        });
    }
}
