//! Where each region lies in the model's address space, in lines.

use stage::{CACHE_LINE_BYTES, Region, Touch};

/// Lines of a long access that one of them stands for.
pub(super) const GROUP_LINES: u32 = 8;
/// Lines of the longest access of which each is looked at; longer ones are sampled.
pub(super) const WHOLE_LINES: u32 = 4;

/// A line and how many it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) line: u32,
    pub(super) weight: u32,
}

/// The lines of a long access that are looked at: the first; and of the others the last line of each aligned group, which
/// stands for the group: the same one for every access to it, so that those sets of a cache see exactly what they would
/// see of the whole stream (set sampling).
#[inline(always)]
pub(super) fn samples(first: u32, count: u32) -> impl Iterator<Item = Sample> {
    let end = first.wrapping_add(count);
    let mut next = first.wrapping_add(1);
    let behind = std::iter::from_fn(move || {
        let line = next | (GROUP_LINES - 1);
        let sample = Sample { line, weight: line.wrapping_add(1).min(end).wrapping_sub(next) };
        let more = next < end;
        next = line.wrapping_add(1);
        more.then_some(sample)
    });
    std::iter::once(Sample { line: first, weight: 1 }).chain(behind)
}

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
        let mut lines: u32 = 0;
        let extents = std::array::from_fn(|i| {
            let Sizes { instances, bytes } = sizes(Region::ALL[i]);
            let mut lines_per_instance = bytes.div_ceil(CACHE_LINE_BYTES).max(1);
            if lines_per_instance > WHOLE_LINES {
                // So that a group never reaches into a neighbour.
                lines_per_instance = lines_per_instance.next_multiple_of(GROUP_LINES);
                lines = lines.next_multiple_of(GROUP_LINES);
            }
            let extent = Extent { first_line: lines, lines_per_instance, instances: instances.max(1) };
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
    #[inline(always)]
    pub(crate) fn lines_of(&self, touch: &Touch) -> (u32, u32) {
        let extent = &self.extents[touch.region as usize];
        let (mut instance, mut first) = (touch.instance, touch.offset / CACHE_LINE_BYTES);
        if instance >= extent.instances || first >= extent.lines_per_instance {
            (instance, first) = extent.wrapped(instance, first);
        }
        let last_byte = (touch.offset % CACHE_LINE_BYTES).saturating_add(touch.bytes.max(1) - 1);
        let count = (last_byte / CACHE_LINE_BYTES + 1).min(extent.lines_per_instance.wrapping_sub(first));
        // All of it is below `lines`, which `new` has added up.
        let start = extent.first_line.wrapping_add(instance.wrapping_mul(extent.lines_per_instance));
        (start.wrapping_add(first), count)
    }
}

impl Extent {
    /// The instance and line meant by ones that are too high.
    #[cold]
    fn wrapped(&self, instance: u32, line: u32) -> (u32, u32) {
        (instance % self.instances, line % self.lines_per_instance)
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
            prop_assert!(first + count <= layout.lines());
            let (line, lines) = (first - extent.first_line, extent.lines_per_instance);
            prop_assert_eq!((line / lines, line % lines), (instance % extent.instances, offset / 64 % lines));
        }
    }

    proptest! {
        #[test]
        fn samples_stand_for_every_line_once_and_stay_in_the_instance(instance in 0u32..5, offset in 0u32..2048, bytes in 257u32..4096) {
            let layout = Layout::new(|r| Sizes { instances: 5, bytes: 64 * (33 + 3 * r as u32) });
            let touch = Touch::read(Region::Buffer, instance, offset, bytes);
            let (first, count) = layout.lines_of(&touch);
            prop_assume!(count > WHOLE_LINES);
            let samples: Vec<Sample> = samples(first, count).collect();
            prop_assert_eq!(samples.iter().map(|s| s.weight).sum::<u32>(), count);
            prop_assert_eq!(samples[0], Sample { line: first, weight: 1 });
            let extent = layout.extents[Region::Buffer as usize];
            let start = extent.first_line + instance * extent.lines_per_instance;
            prop_assert!(samples.iter().all(|s| s.line >= first && s.line < start + extent.lines_per_instance));
        }
    }

    #[test]
    fn an_access_across_a_line_boundary_counts_both_lines() {
        let layout = Layout::new(|_| Sizes { instances: 2, bytes: 256 });
        assert_eq!(layout.lines_of(&Touch::read(Region::Ring, 0, 60, 8)), (0, 2));
        assert_eq!(layout.lines_of(&Touch::read(Region::Ring, 1, 0, 64)), (4, 1));
    }
}
