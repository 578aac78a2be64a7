//! The order in which a set's ways were used, packed into one word: four bits per way, the most recent lowest.

/// Ways of a set at most: what one word can order.
pub(super) const MAX_WAYS: u32 = 16;

const LOWEST_BITS: u64 = 0x1111_1111_1111_1111;
const HIGHEST_BITS: u64 = 0x8888_8888_8888_8888;

/// A permutation of a set's ways; beyond them there are zeroes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Recency(u64);

impl Recency {
    /// So many ways, 1 to 16, way 0 the most recent, the last one the least.
    pub(super) fn of(ways: u32) -> Self {
        Recency(0xfedc_ba98_7654_3210 & All::of(ways).mask)
    }

    /// The way at a position, 0 for the most recently used.
    #[cfg(test)]
    fn way_at(self, position: u32) -> u8 {
        (self.0 >> (4 * (position & 15)) & 15) as u8
    }

    /// Make a way the most recently used.
    #[inline(always)]
    pub(super) fn use_way(&mut self, way: u8) {
        let way = u64::from(way & 15);
        if self.0 & 15 == way {
            return;
        }
        // The four bits that are the way's become zero. The lowest zero is found exactly: a borrow out of it can
        // only make the ones above it look like zeroes (Hacker's Delight, 6-1).
        let difference = self.0 ^ way.wrapping_mul(LOWEST_BITS);
        let zero = difference.wrapping_sub(LOWEST_BITS) & !difference & HIGHEST_BITS;
        // All bits below and including the way's own four.
        let upto = zero ^ zero.wrapping_sub(1);
        self.0 = self.0 & !upto | (self.0 << 4 & upto) | way;
    }

    /// Make the least recently used of all ways the most recently used, and answer which it is.
    #[inline(always)]
    pub(super) fn renew_all(&mut self, all: All) -> u8 {
        let way = self.0.wrapping_shr(all.last_shift);
        self.0 = self.0 << 4 & all.mask | way;
        way as u8
    }

    /// The least recently used way of a span.
    #[inline(always)]
    pub(super) fn last(self, span: Span) -> u8 {
        (self.0.wrapping_shr(span.last_shift) & 15) as u8
    }

    /// Bring the least recently used way of a span to the span's front, and answer which it is.
    #[inline(always)]
    pub(super) fn renew(&mut self, span: Span) -> u8 {
        let way = self.0.wrapping_shr(span.last_shift) & 15;
        let moved = self.0 << 4 & span.behind_first | way.wrapping_shl(span.first_shift);
        self.0 = self.0 & !span.mask | moved & span.mask;
        way as u8
    }
}

/// All ways of a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct All {
    last_shift: u32,
    mask: u64,
}

impl All {
    /// So many, 1 to 16.
    pub(super) fn of(ways: u32) -> Self {
        let last_shift = 4 * (ways.clamp(1, MAX_WAYS) - 1);
        All { last_shift, mask: u64::MAX >> (60 - last_shift) }
    }
}

/// Neighbouring positions in the order of use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    first_shift: u32,
    last_shift: u32,
    mask: u64,
    behind_first: u64,
}

impl Span {
    /// Positions `first` to `last`, of 0 to 15.
    pub(super) fn new(first: u32, last: u32) -> Self {
        let (first_shift, last_shift) = (4 * (first & 15), 4 * (last & 15));
        let from_first = u64::MAX << first_shift;
        Span {
            first_shift,
            last_shift,
            mask: from_first & u64::MAX >> (60 - last_shift),
            behind_first: from_first << 4,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn listed(recency: Recency) -> Vec<u8> {
        (0..MAX_WAYS).map(|position| recency.way_at(position)).collect()
    }

    proptest! {
        #[test]
        fn is_a_list_in_order_of_use(
            ways in 1u32..=16, steps in prop::collection::vec((0u32..16, 0u32..16, 0u8..3), 0..100),
        ) {
            let mut recency = Recency::of(ways);
            let mut list: Vec<u8> = (0..ways as u8).collect();
            for (a, b, step) in steps {
                let (a, b, last) = (a % ways, b % ways, ways - 1);
                let (to, from) = match step {
                    0 => (a.min(b), a.max(b)),
                    1 => (0, last),
                    _ => (0, a),
                };
                let way = list.remove(from as usize);
                list.insert(to as usize, way);
                match step {
                    0 => prop_assert_eq!(recency.renew(Span::new(to, from)), way),
                    1 => prop_assert_eq!(recency.renew_all(All::of(ways)), way),
                    _ => recency.use_way(way),
                }
                prop_assert_eq!(&listed(recency)[..ways as usize], &list);
            }
        }
    }
}
