//! The last-level cache, which all CPUs and the NIC share. It never searches: the directory knows each line's way.

use super::layout::GROUP_LINES;
use super::lines::Line;
use super::recency::{MAX_WAYS, Recency, Span};

/// Tags way by way, and within a way by the place of a line in its group: of long accesses one line of each group is
/// looked at, and those of one access lie side by side here.
#[derive(Debug)]
pub(super) struct Llc {
    /// Numbers of the lines held, from 1.
    tags: Vec<u32>,
    order: Vec<Recency>,
    set_bits: u32,
    /// How many bits of a line's number say where in its group it is.
    group_bits: u32,
    all: Span,
    /// The least recently used ways, which the NIC may fill.
    share: Option<Span>,
}

impl Llc {
    /// `bytes` of 64-byte lines in sets of `ways`, at most 16; the number of sets is rounded down to a power of two.
    /// Writes of the NIC fill `share` ways of each.
    pub(super) fn new(bytes: u32, ways: u32, share: u32) -> Self {
        let ways = ways.clamp(1, MAX_WAYS);
        let set_bits = (bytes / 64 / ways).max(1).ilog2();
        Llc {
            tags: vec![0; (ways as usize) << set_bits],
            order: vec![Recency::INITIAL; 1 << set_bits],
            set_bits,
            group_bits: GROUP_LINES.ilog2().min(set_bits),
            all: Span::new(0, ways - 1),
            share: (share > 0).then(|| Span::new(ways - share.min(ways), ways - 1)),
        }
    }

    /// A CPU fetches a line: it is brought in if it is not there; answers whether it was. `line` is the state of line
    /// `number`; of the others, the one pushed out is changed.
    #[inline(always)]
    pub(super) fn fetch(&mut self, others: &mut [u32], number: u32, line: &mut Line) -> bool {
        self.access(Some(self.all), others, number, line)
    }

    /// The NIC writes a line: where it is, or else into the NIC's share; answers whether it was there.
    #[inline(always)]
    pub(super) fn write(&mut self, others: &mut [u32], number: u32, line: &mut Line) -> bool {
        self.access(self.share, others, number, line)
    }

    #[inline(always)]
    fn access(&mut self, room: Option<Span>, others: &mut [u32], number: u32, line: &mut Line) -> bool {
        let set = self.place(number);
        let (Some(order), hit) = (self.order.get_mut(set), line.is_in_llc()) else { return false };
        if hit {
            order.use_way(line.llc_way());
        } else if let Some(room) = room {
            let way = order.renew(room);
            line.enter_llc(way);
            if let Some(tag) = self.tags.get_mut(usize::from(way).wrapping_shl(self.set_bits) | set) {
                let victim = std::mem::replace(tag, number.wrapping_add(1)).wrapping_sub(1);
                if let Some(victim) = others.get_mut(victim as usize) {
                    let mut state = Line(*victim);
                    state.leave_llc();
                    *victim = state.0;
                }
            }
        }
        hit
    }

    /// Where a line's set is among the others.
    #[inline(always)]
    fn place(&self, number: u32) -> usize {
        let lowest = |bits: u32| 1u32.wrapping_shl(bits) - 1;
        let set = number & lowest(self.set_bits);
        let in_group = (set & lowest(self.group_bits)).wrapping_shl(self.set_bits - self.group_bits);
        (set.wrapping_shr(self.group_bits) | in_group) as usize
    }
}
