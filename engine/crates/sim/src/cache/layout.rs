//! Where each region lies in the model's address space, in lines.

use stage::{CACHE_LINE_BYTES, Region, Touch};

/// How many instances a region has and how large one is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sizes {
    /// Instances; a higher number given later wraps around.
    pub(crate) instances: u32,
    /// Bytes of one.
    pub(crate) bytes: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Extent {
    first_line: u32,
    lines_per_instance: u32,
    instances: u32,
}

/// The address space.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    extents: [Extent; Region::COUNT],
    lines: u32,
}

impl Layout {
    /// Lay out regions of these sizes one behind the other.
    pub(crate) fn new(sizes: impl Fn(Region) -> Sizes) -> Self {
        let mut lines = 0;
        let extents = std::array::from_fn(|i| {
            let Sizes { instances, bytes } = sizes(Region::ALL[i]);
            let extent = Extent {
                first_line: lines,
                lines_per_instance: bytes.div_ceil(CACHE_LINE_BYTES).max(1),
                instances: instances.max(1),
            };
            lines += extent.lines_per_instance * extent.instances;
            extent
        });
        Layout { extents, lines }
    }

    /// Lines in all.
    pub(crate) fn lines(&self) -> u32 {
        self.lines
    }

    /// First line and number of lines of an access. Instances and offsets beyond a region's size wrap around in it:
    /// the model must answer for any touch.
    #[inline]
    pub(crate) fn lines_of(&self, touch: &Touch) -> (u32, u32) {
        let extent = &self.extents[touch.region as usize];
        let instance = if touch.instance < extent.instances {
            touch.instance
        } else {
            touch.instance % extent.instances
        };
        let mut first = touch.offset / CACHE_LINE_BYTES;
        if first >= extent.lines_per_instance {
            first %= extent.lines_per_instance;
        }
        let last = (touch.offset % CACHE_LINE_BYTES + touch.bytes.max(1) - 1) / CACHE_LINE_BYTES + first;
        let count = (last - first + 1).min(extent.lines_per_instance - first);
        (extent.first_line + instance * extent.lines_per_instance + first, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_touch_stays_in_its_region(region in 0..Region::COUNT, instance: u32, offset in 0u32..1 << 30, bytes in 0u32..70_000) {
            let layout = Layout::new(|r| Sizes { instances: 3 + r as u32, bytes: 100 * (1 + r as u32) });
            let region = Region::ALL[region];
            let (first, count) = layout.lines_of(&Touch::read(region, instance, offset, bytes));
            let extent = layout.extents[region as usize];
            prop_assert!(count >= 1);
            prop_assert!(first >= extent.first_line);
            prop_assert!(first + count <= extent.first_line + extent.instances * extent.lines_per_instance);
        }
    }

    #[test]
    fn an_access_across_a_line_boundary_counts_both_lines() {
        let layout = Layout::new(|_| Sizes { instances: 2, bytes: 256 });
        assert_eq!(layout.lines_of(&Touch::read(Region::Ring, 0, 60, 8)), (0, 2));
        assert_eq!(layout.lines_of(&Touch::read(Region::Ring, 1, 0, 64)), (4, 1));
    }
}
