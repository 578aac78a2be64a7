//! The last-level cache, which all CPUs and the NIC share. It never searches: the directory knows each line's way.

use super::layout::GROUP_LINES;
use super::lines::Line;
use super::recency::{All, MAX_WAYS, Recency, Span};

/// Tags way by way, and within a way by the place of a line in its group: of long accesses one line of each group is
/// looked at, and those of one access lie side by side here.
#[derive(Debug)]
pub(super) struct Llc {
    /// Numbers of the lines held, from 1.
    tags: Vec<u32>,
    order: Vec<Recency>,
    /// Sets are two to this power.
    set_bits: u32,
    /// Bits of a set's number that say where in its group a line is, and where they go.
    group_bits: u32,
    group_mask: u32,
    group_shift: u32,
    /// The others, in their place.
    rest_mask: u32,
    all: All,
    /// The least recently used ways, which the NIC may fill.
    share: Option<Span>,
}

impl Llc {
    /// `bytes` of 64-byte lines in sets of `ways`, at most 16; the number of sets is rounded down to a power of two.
    /// Writes of the NIC fill `share` ways of each.
    pub(super) fn new(bytes: u32, ways: u32, share: u32) -> Self {
        let ways = ways.clamp(1, MAX_WAYS);
        let set_bits = (bytes / 64 / ways).max(1).ilog2();
        let group_bits = GROUP_LINES.ilog2().min(set_bits);
        Llc {
            tags: vec![0; (ways as usize) << set_bits],
            order: vec![Recency::of(ways); 1 << set_bits],
            set_bits,
            group_bits,
            group_mask: (1 << group_bits) - 1,
            group_shift: set_bits - group_bits,
            rest_mask: (1 << (set_bits - group_bits)) - 1,
            all: All::of(ways),
            share: (share > 0).then(|| Span::new(ways - share.min(ways), ways - 1)),
        }
    }

    /// A CPU fetches a line: it is brought in if it is not there; answers whether it was. `line` is the state of line
    /// `number`; of the others, the one pushed out is changed.
    #[inline(always)]
    pub(super) fn fetch(&mut self, others: &mut [u32], number: u32, line: &mut Line) -> bool {
        let set = self.place(number);
        let Some(order) = self.order.get_mut(set) else { return false };
        let hit = line.is_in_llc();
        if hit {
            order.use_way(line.llc_way());
        } else {
            let way = order.renew_all(self.all);
            self.insert(others, number, set, way);
            line.enter_llc(way);
        }
        hit
    }

    /// The NIC writes a line: where it is, or else into the NIC's share; answers whether it was there.
    #[inline(always)]
    pub(super) fn write(&mut self, others: &mut [u32], number: u32, line: &mut Line) -> bool {
        let set = self.place(number);
        let Some(order) = self.order.get_mut(set) else { return false };
        let hit = line.is_in_llc();
        if hit {
            order.use_way(line.llc_way());
        } else if let Some(share) = self.share {
            let way = order.renew(share);
            self.insert(others, number, set, way);
            line.enter_llc(way);
        }
        hit
    }

    /// The line that a write of this one by the NIC would push out, if it is not there.
    #[inline(always)]
    pub(super) fn next_pushed_out(&self, number: u32) -> Option<u32> {
        let set = self.place(number);
        let way = self.order.get(set)?.last(self.share?);
        self.tags.get(usize::from(way).wrapping_shl(self.set_bits) | set)?.checked_sub(1)
    }

    /// Put a line into a way; the one that was there is told.
    #[inline(always)]
    fn insert(&mut self, others: &mut [u32], number: u32, set: usize, way: u8) {
        let Some(tag) = self.tags.get_mut(usize::from(way).wrapping_shl(self.set_bits) | set) else { return };
        let victim = std::mem::replace(tag, number.wrapping_add(1)).wrapping_sub(1);
        if let Some(victim) = others.get_mut(victim as usize) {
            let mut state = Line(*victim);
            state.leave_llc();
            *victim = state.0;
        }
    }

    /// Where a line's set is among the others.
    #[inline(always)]
    fn place(&self, number: u32) -> usize {
        let rest = number.wrapping_shr(self.group_bits) & self.rest_mask;
        (rest | (number & self.group_mask).wrapping_shl(self.group_shift)) as usize
    }
}
