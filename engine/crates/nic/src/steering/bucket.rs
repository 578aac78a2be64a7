//! A bucket of the exact-match table: one cache line that says for up to eight flows where they are.

/// Flows in one bucket.
pub(super) const WAYS: usize = 8;

/// The index of no flow: in vacant ways.
const NOWHERE: u32 = u32::MAX;
/// One in each byte of a word.
const ONES: u64 = 0x0101_0101_0101_0101;
/// The top bit of each byte.
const TOPS: u64 = ONES << 7;

/// Occupied ways come first, so that their count tells them from vacant ones.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Bucket {
    /// 8 bits of each flow's hash, the first way's lowest: one word, so that all eight are compared at once without
    /// vector instructions. A wrong flow is looked at once in 256 times the ways in use.
    tags: u64,
    /// Indices of the flows.
    places: [u32; WAYS],
    len: u8,
}

const _: () = assert!(size_of::<Bucket>() == 64);

impl Default for Bucket {
    fn default() -> Self {
        Bucket { tags: 0, places: [NOWHERE; WAYS], len: 0 }
    }
}

/// Ways of a bucket: the top bit of byte `w` is way `w`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ways(u64);

impl Ways {
    /// The first, or the last way of a bucket where there is none.
    #[inline]
    fn first(self) -> usize {
        (self.0.trailing_zeros() as usize / 8).min(WAYS - 1)
    }
}

impl Iterator for Ways {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let way = self.first();
        let some = self.0 != 0;
        self.0 &= self.0.wrapping_sub(1);
        some.then_some(way)
    }
}

impl Bucket {
    /// Have the bucket's line fetched.
    #[inline]
    pub(super) fn touch(&self) -> u32 {
        u32::from(self.len)
    }

    pub(super) fn is_full(&self) -> bool {
        usize::from(self.len) == WAYS
    }

    /// The ways whose tag this is, and perhaps vacant ones; no branch depends on which.
    #[inline]
    pub(super) fn ways(&self, tag: u8) -> Ways {
        let differing = self.tags ^ u64::from(tag).wrapping_mul(ONES);
        // The top bit of each byte that is zero (Warren, Hacker's Delight, 6-1).
        Ways(!((differing & !TOPS).wrapping_add(!TOPS) | differing | !TOPS))
    }

    /// The flow in a way; an index beyond all flows in a vacant one.
    #[inline]
    pub(super) fn place(&self, way: usize) -> u32 {
        self.places.get(way).copied().unwrap_or(NOWHERE)
    }

    /// The flow in the first of these ways, or in some other way where there are none.
    #[inline]
    pub(super) fn likely_place(&self, ways: Ways) -> u32 {
        self.place(ways.first())
    }

    /// All flows.
    pub(super) fn places(&self) -> impl Iterator<Item = u32> + '_ {
        self.places.iter().take(self.len.into()).copied()
    }

    fn tag(&self, way: usize) -> u8 {
        (self.tags >> (8 * way)) as u8
    }

    fn set(&mut self, way: usize, tag: u8, place: u32) {
        if let Some(own) = self.places.get_mut(way) {
            *own = place;
            self.tags = self.tags & !(0xff << (8 * way)) | u64::from(tag) << (8 * way);
        }
    }

    /// Take one more flow; the bucket must not be full.
    pub(super) fn push(&mut self, tag: u8, place: u32) {
        self.set(self.len.into(), tag, place);
        self.len += 1;
    }

    /// Forget the flow at `place`; false if it is not here.
    pub(super) fn remove(&mut self, place: u32) -> bool {
        let Some(way) = self.places().position(|own| own == place) else { return false };
        self.len -= 1;
        let last = usize::from(self.len);
        self.set(way, self.tag(last), self.place(last));
        self.set(last, 0, NOWHERE);
        true
    }
}
