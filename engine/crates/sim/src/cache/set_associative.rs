//! A set-associative cache of tags with least-recently-used replacement. It does not search on its own: who knows
//! the way a tag was put into looks there.

use super::recency::{MAX_WAYS, Recency, Span};

/// Tags of one cache. A tag is never the default: that marks an empty way.
#[derive(Clone, Debug)]
pub(super) struct SetAssociative<T> {
    /// Way by way: neighbouring lines, which are accessed together, tend to be in the same ways of neighbouring sets.
    tags: Vec<T>,
    order: Vec<Recency>,
    all: Span,
    share: Span,
    set_mask: u32,
    set_bits: u32,
}

impl<T: Copy + Default> SetAssociative<T> {
    /// `bytes` of 64-byte lines in sets of `ways`, at most 16; the number of sets is rounded down to a power of two.
    /// [`Self::insert_in_share`] uses `share` ways of each.
    pub(super) fn new(bytes: u32, ways: u32, share: u32) -> Self {
        let ways = ways.clamp(1, MAX_WAYS);
        let set_bits = (bytes / 64 / ways).max(1).ilog2();
        SetAssociative {
            tags: vec![T::default(); (ways as usize) << set_bits],
            order: vec![Recency::INITIAL; 1 << set_bits],
            all: Span::new(0, ways - 1),
            share: Span::new(ways - share.clamp(1, ways), ways - 1),
            set_mask: (1 << set_bits) - 1,
            set_bits,
        }
    }

    /// How many sets there are.
    pub(super) fn sets(&self) -> usize {
        self.order.len()
    }

    /// The set a line belongs to.
    #[inline]
    pub(super) fn set(&self, line: u32) -> usize {
        (line & self.set_mask) as usize
    }

    #[inline]
    fn place(&self, line: u32, way: u8) -> usize {
        (u32::from(way) << self.set_bits | line & self.set_mask) as usize
    }

    /// The tag in a way of the line's set.
    #[inline]
    pub(super) fn at(&self, line: u32, way: u8) -> T {
        self.tags.get(self.place(line, way)).copied().unwrap_or_default()
    }

    /// Replace the tag in a way of the line's set; its place in the order of use stays.
    #[inline]
    pub(super) fn put(&mut self, line: u32, way: u8, tag: T) {
        let place = self.place(line, way);
        if let Some(slot) = self.tags.get_mut(place) {
            *slot = tag;
        }
    }

    /// The way whose tag satisfies the condition; way 0 if none does.
    #[inline]
    pub(super) fn find(&self, line: u32, condition: impl Fn(T) -> bool) -> u8 {
        let mut ways = self.tags.iter().skip(self.set(line)).step_by(1 << self.set_bits);
        ways.position(|tag| condition(*tag)).unwrap_or(0) as u8
    }

    /// The way was used.
    #[inline]
    pub(super) fn use_way(&mut self, line: u32, way: u8) {
        let set = self.set(line);
        if let Some(order) = self.order.get_mut(set) {
            order.use_way(way);
        }
    }

    /// Put a tag in as the most recently used; returns its way, and the tag it pushed out if `is_wanted` of that way.
    /// To load the other tags would be to wait for them.
    #[inline]
    pub(super) fn insert(
        &mut self,
        line: u32,
        tag: T,
        is_wanted: impl FnOnce(u8) -> bool,
    ) -> (u8, Option<T>) {
        self.insert_in(self.all, line, tag, is_wanted)
    }

    /// Put a tag into the least recently used ways only, as a write from the NIC does; returns its way and the tag
    /// it pushed out.
    #[inline]
    pub(super) fn insert_in_share(&mut self, line: u32, tag: T) -> (u8, Option<T>) {
        self.insert_in(self.share, line, tag, |_| true)
    }

    #[inline]
    fn insert_in(
        &mut self,
        span: Span,
        line: u32,
        tag: T,
        is_wanted: impl FnOnce(u8) -> bool,
    ) -> (u8, Option<T>) {
        let set = self.set(line);
        let Some(order) = self.order.get_mut(set) else { return (0, None) };
        let way = order.renew(span);
        let place = self.place(line, way);
        let Some(slot) = self.tags.get_mut(place) else { return (way, None) };
        let victim = if is_wanted(way) { Some(*slot) } else { None };
        *slot = tag;
        (way, victim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list kept in order of use.
        #[test]
        fn behaves_as_a_list_in_order_of_use(
            lines in prop::collection::vec((1u32..80, any::<bool>()), 0..400), ways in 1u32..=16, share in 1u32..=16,
        ) {
            let share = share.min(ways);
            let mut cache = SetAssociative::new(64 * 2 * ways, ways, share);
            let mut model = vec![vec![0; ways as usize]; 2];
            for (line, in_share) in lines {
                let recent = &mut model[(line & 1) as usize];
                let expected = recent.iter().position(|l| *l == line);
                let way = cache.find(line, |tag| tag == line);
                prop_assert_eq!(cache.at(line, way) == line, expected.is_some());
                let to = match expected {
                    Some(at) => {
                        cache.use_way(line, way);
                        recent.remove(at);
                        0
                    }
                    None => {
                        let inserted =
                            if in_share { cache.insert_in_share(line, line) } else { cache.insert(line, line, |_| true) };
                        let (way, victim) = inserted;
                        prop_assert_eq!(cache.at(line, way), line);
                        prop_assert_eq!(victim, recent.pop());
                        if in_share { (ways - share) as usize } else { 0 }
                    }
                };
                recent.insert(to, line);
            }
        }
    }
}
