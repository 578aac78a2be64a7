//! Memory that is behind a buffer only while the buffer holds something.
//!
//! A ring's buffers take turns, so that the bytes of one with memory of its own have left every cache when they are
//! written again. In virtual time what a buffer's address does to a cache is the cache model's business, and the real
//! bytes may lie wherever they are warm.

/// No memory is bound.
const NONE: u32 = u32::MAX;

/// Blocks of memory, bound to buffers as they are written.
#[derive(Debug)]
pub(crate) struct OnDemand {
    block_bytes: usize,
    bytes: Vec<u8>,
    /// Each buffer's block.
    blocks: Vec<u32>,
    /// Blocks that are bound to none, the last one freed taken first.
    free: Vec<u32>,
}

impl OnDemand {
    pub(crate) fn new(buffers: usize, buffer_bytes: usize) -> Self {
        OnDemand {
            block_bytes: buffer_bytes,
            bytes: Vec::new(),
            blocks: vec![NONE; buffers],
            free: Vec::new(),
        }
    }

    #[inline]
    pub(crate) fn bytes(&self, buffer: u32) -> &[u8] {
        let start = self
            .blocks
            .get(buffer as usize)
            .map_or(usize::MAX, |block| *block as usize)
            .saturating_mul(self.block_bytes);
        self.bytes.get(start..start.saturating_add(self.block_bytes)).unwrap_or(&[])
    }

    #[inline]
    pub(crate) fn bytes_mut(&mut self, buffer: u32) -> &mut [u8] {
        let Some(block) = self.blocks.get_mut(buffer as usize) else { return &mut [] };
        if *block == NONE {
            *block = self.free.pop().unwrap_or_else(|| {
                let block = (self.bytes.len() / self.block_bytes) as u32;
                self.bytes.resize(self.bytes.len() + self.block_bytes, 0);
                block
            });
        }
        let start = *block as usize * self.block_bytes;
        self.bytes.get_mut(start..start + self.block_bytes).unwrap_or(&mut [])
    }

    /// The buffer's bytes are not needed any more.
    #[inline]
    pub(crate) fn release(&mut self, buffer: u32) {
        if let Some(block) = self.blocks.get_mut(buffer as usize).filter(|block| **block != NONE) {
            self.free.push(std::mem::replace(block, NONE));
        }
    }
}
