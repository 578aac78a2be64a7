//! An exact-match flow table: a hash table of one-line buckets that lead to flows of one line each.
//!
//! The caller gives the hash: the RSS hash under a secret key, or any keyed hash. A lookup reads two cache lines,
//! the bucket's and the flow's. The flows lie in order of insertion, a removed one's place taken by the next, so that
//! those in use together share pages and the TLB; a flow keeps its place. A full bucket overflows into the next one
//! (linear probing by buckets), but not far.

use super::bucket::{Bucket, WAYS};
use crate::ConfigError;
use stage::FlowKey;

/// Most flows.
const MOST_FLOWS: u32 = 1 << 24;
/// Lookups whose lines are fetched together.
const BATCH: usize = 32;
/// Buckets a flow may be from its home. At most three of four ways are used, and of equally loaded buckets one in
/// 10^7 overflows that far: only hashes chosen to collide do, and they shall not make lookups slow.
const MOST_OVERFLOWED: usize = 16;

/// A flow's place; it holds until the flow is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(pub(super) u32);

/// A flow, in one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Flow {
    /// Its 5-tuple.
    pub key: FlowKey,
    /// What the table was told about it: a queue or a flow number.
    pub value: u32,
    /// Where it belongs: [`mix`] of its hash.
    mixed: u32,
    /// Frames counted by [`ExactMatch::hit`].
    pub packets: u64,
    /// Bytes counted by [`ExactMatch::hit`].
    pub bytes: u64,
}

const _: () = assert!(size_of::<Flow>() == 64);

/// A flow that is not taken; the table is unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// The table holds as many flows as it may (-ENOSPC).
    Table,
    /// Too many flows have hashes near this one's (-EBUSY).
    Neighbourhood,
}

/// The table.
#[derive(Debug)]
pub struct ExactMatch {
    /// A power of two; there are more ways than flows, so one is never full.
    buckets: Box<[Bucket]>,
    flows: Vec<Flow>,
    /// Places of removed flows, taken from the end.
    vacant: Vec<u32>,
    capacity: u32,
}

impl ExactMatch {
    /// A table for `capacity` flows; it has at least 4/3 as many ways, so buckets seldom overflow.
    ///
    /// # Errors
    /// No flow, or more than 16,777,216.
    pub fn new(capacity: u32) -> Result<Self, ConfigError> {
        if !(1..=MOST_FLOWS).contains(&capacity) {
            let allowed = format!("1 to {MOST_FLOWS}");
            return Err(ConfigError::new("exact_match.capacity_flows", capacity, allowed));
        }
        let ways = (capacity as usize * 4 / 3 + 1).next_power_of_two().max(2 * WAYS);
        Ok(ExactMatch {
            buckets: vec![Bucket::default(); ways / WAYS].into_boxed_slice(),
            flows: Vec::with_capacity(capacity as usize),
            vacant: Vec::new(),
            capacity,
        })
    }

    /// Flows in the table.
    pub fn len(&self) -> u32 {
        (self.flows.len() - self.vacant.len()) as u32
    }

    /// No flow is in the table.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Flows the table may hold.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The flows, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Flow> {
        self.buckets.iter().flat_map(Bucket::places).filter_map(|place| self.flows.get(place as usize))
    }

    /// The flow found at `slot`.
    #[inline]
    pub fn flow(&self, slot: Slot) -> Option<&Flow> {
        self.flows.get(slot.0 as usize)
    }

    /// Find a flow.
    #[inline]
    pub fn find(&self, key: &FlowKey, hash: u32) -> Option<Slot> {
        let mixed = mix(hash);
        let mut at = self.home(mixed);
        for _ in 0..=MOST_OVERFLOWED {
            let bucket = self.buckets.get(at)?;
            let found =
                bucket.ways(tag(mixed)).map(|way| bucket.place(way)).find(|place| self.is(*place, key));
            if found.is_some() || !bucket.is_full() {
                return found.map(Slot);
            }
            at = self.following(at);
        }
        None
    }

    /// Find as many flows as all slices have.
    ///
    /// First the lines of all buckets of a batch are touched, then those of all flows they lead to, and only then is
    /// anything compared. The loops that touch are so short that the CPU has a whole batch of misses under way.
    pub fn find_batch(&self, keys: &[FlowKey], hashes: &[u32], out: &mut [Option<Slot>]) {
        let mut homes = [0; BATCH];
        let mut likely = [u32::MAX; BATCH];
        for ((keys, hashes), out) in keys.chunks(BATCH).zip(hashes.chunks(BATCH)).zip(out.chunks_mut(BATCH)) {
            let mut touched = 0;
            for (hash, home) in hashes.iter().zip(&mut homes) {
                *home = self.home(mix(*hash));
                touched ^= self.buckets.get(*home).map_or(0, Bucket::touch);
            }
            for ((hash, home), likely) in hashes.iter().zip(&homes).zip(&mut likely) {
                if let Some(bucket) = self.buckets.get(*home) {
                    *likely = bucket.likely_place(bucket.ways(tag(mix(*hash))));
                }
            }
            for place in likely.iter().take(hashes.len()) {
                touched ^= self.value(Slot(*place));
            }
            std::hint::black_box(touched);
            for (((key, hash), place), out) in keys.iter().zip(hashes).zip(&likely).zip(out) {
                *out = if self.is(*place, key) { Some(Slot(*place)) } else { self.find(key, *hash) };
            }
        }
    }

    #[inline]
    fn is(&self, place: u32, key: &FlowKey) -> bool {
        self.flows.get(place as usize).is_some_and(|flow| flow.key == *key)
    }

    /// The value of the flow found at `slot`.
    #[inline]
    pub fn value(&self, slot: Slot) -> u32 {
        self.flows.get(slot.0 as usize).map_or(0, |flow| flow.value)
    }

    /// Count a frame of the flow found at `slot`; returns the flow's value.
    #[inline]
    pub fn hit(&mut self, slot: Slot, bytes: u32) -> u32 {
        let Some(flow) = self.flows.get_mut(slot.0 as usize) else { return 0 };
        flow.packets += 1;
        flow.bytes += u64::from(bytes);
        flow.value
    }

    /// Give the flow at `slot` a new value.
    #[inline]
    pub fn set_value(&mut self, slot: Slot, value: u32) {
        if let Some(flow) = self.flows.get_mut(slot.0 as usize) {
            flow.value = value;
        }
    }

    /// Add a flow, or give the flow a new value and leave its counts; returns its place.
    ///
    /// # Errors
    /// There is no room; the table is unchanged.
    pub fn insert(&mut self, key: FlowKey, hash: u32, value: u32) -> Result<Slot, Full> {
        if let Some(slot) = self.find(&key, hash) {
            self.set_value(slot, value);
            return Ok(slot);
        }
        if self.len() == self.capacity {
            return Err(Full::Table);
        }
        let mixed = mix(hash);
        let at = self.vacancy(self.home(mixed)).ok_or(Full::Neighbourhood)?;
        let flow = Flow { key, value, mixed, packets: 0, bytes: 0 };
        let place = match self.vacant.pop() {
            Some(place) => {
                if let Some(old) = self.flows.get_mut(place as usize) {
                    *old = flow;
                }
                place
            }
            None => {
                self.flows.push(flow);
                self.flows.len() as u32 - 1
            }
        };
        if let Some(bucket) = self.buckets.get_mut(at) {
            bucket.push(tag(mixed), place);
        }
        Ok(Slot(place))
    }

    /// The first bucket from a flow's home on that has room, unless that is too far.
    fn vacancy(&self, home: usize) -> Option<usize> {
        let mut ahead = (0..=MOST_OVERFLOWED).map(|n| (home + n) & (self.buckets.len() - 1));
        ahead.find(|at| self.buckets.get(*at).is_some_and(|bucket| !bucket.is_full()))
    }

    /// Remove a flow and return it.
    pub fn remove(&mut self, key: &FlowKey, hash: u32) -> Option<Flow> {
        let place = self.find(key, hash)?.0;
        let hole = self.on_the_way(mix(hash), |bucket| bucket.remove(place))?;
        self.close(hole);
        self.vacant.push(place);
        self.flows.get(place as usize).copied()
    }

    /// The first bucket from a flow's home on of which `change` says that it was the one.
    fn on_the_way(&mut self, mixed: u32, change: impl Fn(&mut Bucket) -> bool) -> Option<usize> {
        let mut at = self.home(mixed);
        loop {
            let bucket = self.buckets.get_mut(at)?;
            let last = !bucket.is_full();
            if change(bucket) {
                return Some(at);
            }
            if last {
                return None;
            }
            at = self.following(at);
        }
    }

    /// A bucket has just lost a flow. If it had been full, flows that overflowed past it would not be found any
    /// more: one of them moves back, and leaves a hole in its turn (Knuth, The Art of Computer Programming 3, 6.4,
    /// algorithm R, by buckets).
    fn close(&mut self, mut hole: usize) {
        let mut at = hole;
        let was_full = |bucket: &Bucket| bucket.places().count() + 1 == WAYS;
        if !self.buckets.get(hole).is_some_and(was_full) {
            return;
        }
        loop {
            at = self.following(at);
            let Some(bucket) = self.buckets.get(at) else { return };
            let last = !bucket.is_full();
            let distance = |from: usize| at.wrapping_sub(from) & (self.buckets.len() - 1);
            let overflowed = bucket.places().find_map(|place| {
                let mixed = self.flows.get(place as usize)?.mixed;
                (distance(self.home(mixed)) >= distance(hole)).then_some((place, mixed))
            });
            if let Some((place, mixed)) = overflowed {
                self.buckets.get_mut(at).map(|bucket| bucket.remove(place));
                if let Some(bucket) = self.buckets.get_mut(hole) {
                    bucket.push(tag(mixed), place);
                }
                hole = at;
            }
            if last {
                return;
            }
        }
    }

    /// A flow's bucket, unless that was full: the top bits of its mixed hash.
    #[inline]
    fn home(&self, mixed: u32) -> usize {
        // Below 2^32 * 2^22: cannot overflow.
        (u64::from(mixed).wrapping_mul(self.buckets.len() as u64) >> 32) as usize
    }

    #[inline]
    fn following(&self, at: usize) -> usize {
        (at + 1) & (self.buckets.len() - 1)
    }
}

/// A Fibonacci hash of the hash, for the low bits of an RSS hash chose the queue and are alike in all flows of one
/// queue.
#[inline]
fn mix(hash: u32) -> u32 {
    hash.wrapping_mul(0x9e37_79b9)
}

/// What a bucket remembers of a flow: the low bits, as the top bits chose the bucket.
#[inline]
fn tag(mixed: u32) -> u8 {
    mixed as u8
}

#[cfg(test)]
#[path = "exact_match_tests.rs"]
mod tests;
