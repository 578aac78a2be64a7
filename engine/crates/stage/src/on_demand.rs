//! Memory that is behind a buffer only while the buffer holds something, and not much more of it than that.
//!
//! A ring's buffers take turns, so that the bytes of one with memory of its own have left every cache when they are
//! written again. In virtual time what a buffer's address does to a cache is the cache model's business, and the real
//! bytes may lie wherever they are warm.

/// Memory behind each buffer that has any: a block of the smallest size that fits.
#[derive(Debug)]
pub(crate) struct OnDemand {
    /// By size, ascending; the largest is a whole buffer.
    sizes: Vec<Blocks>,
    places: Vec<Place>,
}

/// Blocks of one size.
#[derive(Debug)]
struct Blocks {
    block_bytes: usize,
    bytes: Vec<u8>,
    /// Blocks behind no buffer, the last one freed taken first.
    free: Vec<u32>,
}

/// A buffer's block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    /// Place in [`OnDemand::sizes`].
    size: u8,
    block: u32,
}

impl Place {
    /// No memory.
    const NONE: Place = Place { size: u8::MAX, block: 0 };
}

/// Blocks are so large at least, and each size is so many times the one before.
const SMALLEST_BYTES: usize = 64;
const STEP: usize = 4;

impl Blocks {
    fn range(&self, block: u32) -> std::ops::Range<usize> {
        let start = block as usize * self.block_bytes;
        start..start + self.block_bytes
    }

    #[inline]
    fn allocate(&mut self) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            let block = (self.bytes.len() / self.block_bytes) as u32;
            self.bytes.resize(self.bytes.len() + self.block_bytes, 0);
            block
        })
    }
}

impl OnDemand {
    pub(crate) fn new(buffers: usize, buffer_bytes: usize) -> Self {
        let mut sizes = Vec::new();
        let mut block_bytes = SMALLEST_BYTES;
        while block_bytes < buffer_bytes {
            sizes.push(Blocks { block_bytes, bytes: Vec::new(), free: Vec::new() });
            block_bytes *= STEP;
        }
        sizes.push(Blocks { block_bytes: buffer_bytes, bytes: Vec::new(), free: Vec::new() });
        OnDemand { sizes, places: vec![Place::NONE; buffers] }
    }

    /// The memory behind the buffer; empty if there is none.
    #[inline]
    pub(crate) fn bytes(&self, buffer: u32) -> &[u8] {
        let held = || {
            let place = self.places.get(buffer as usize)?;
            let blocks = self.sizes.get(usize::from(place.size))?;
            blocks.bytes.get(blocks.range(place.block))
        };
        held().unwrap_or(&[])
    }

    /// Room for so many bytes behind the buffer; empty if a buffer is not so large.
    #[inline]
    pub(crate) fn room(&mut self, buffer: u32, bytes: usize) -> &mut [u8] {
        let Some(place) = self.places.get_mut(buffer as usize) else { return &mut [] };
        let fits = self.sizes.get(usize::from(place.size)).is_some_and(|blocks| bytes <= blocks.block_bytes);
        if !fits {
            let Some(size) = self.sizes.iter().position(|blocks| bytes <= blocks.block_bytes) else {
                return &mut [];
            };
            let Some(blocks) = self.sizes.get_mut(size) else { return &mut [] };
            let larger = Place { size: size as u8, block: blocks.allocate() };
            let smaller = std::mem::replace(place, larger);
            if smaller != Place::NONE {
                self.move_up(smaller, larger);
            }
        }
        let Some(place) = self.places.get(buffer as usize) else { return &mut [] };
        let Some(blocks) = self.sizes.get_mut(usize::from(place.size)) else { return &mut [] };
        let start = place.block as usize * blocks.block_bytes;
        blocks.bytes.get_mut(start..start + bytes).unwrap_or(&mut [])
    }

    /// What the smaller block holds is in the larger one from here on.
    #[cold]
    fn move_up(&mut self, smaller: Place, larger: Place) {
        let Some((below, above)) = self.sizes.split_at_mut_checked(usize::from(larger.size)) else { return };
        let (Some(from), Some(to)) = (below.get_mut(usize::from(smaller.size)), above.first_mut()) else {
            return;
        };
        let held = from.range(smaller.block);
        let start = to.range(larger.block).start;
        if let (Some(held), Some(room)) =
            (from.bytes.get(held), to.bytes.get_mut(start..start + from.block_bytes))
        {
            room.copy_from_slice(held);
        }
        from.free.push(smaller.block);
    }

    /// The buffer's bytes are not needed any more.
    #[inline]
    pub(crate) fn release(&mut self, buffer: u32) {
        if let Some(place) = self.places.get_mut(buffer as usize)
            && let Some(blocks) = self.sizes.get_mut(usize::from(place.size))
        {
            blocks.free.push(place.block);
            *place = Place::NONE;
        }
    }
}
