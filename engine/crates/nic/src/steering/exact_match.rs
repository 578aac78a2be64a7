//! An exact-match flow table: open addressing with linear probing, bounded, one cache line per flow.
//!
//! The caller gives the hash: the RSS hash under a secret key, or any keyed hash. It is remembered as the flow's tag,
//! so that a probe reads tags (16 to a line) and opens the one flow whose tag is equal.

use super::FlowKey;
use crate::ConfigError;

/// Most flows.
const MOST_FLOWS: u32 = 1 << 24;
/// The tag of an empty slot.
const EMPTY: u32 = 0;
/// Probes whose first tags are loaded together.
const BATCH: usize = 32;

/// A flow's place; it holds until the next insertion or removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot(u32);

/// A flow, in one cache line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(align(64))]
pub struct Flow {
    /// Its 5-tuple.
    pub key: FlowKey,
    /// What the table was told about it: a queue or a flow number.
    pub value: u32,
    /// Frames counted by [`ExactMatch::hit`].
    pub packets: u64,
    /// Bytes counted by [`ExactMatch::hit`].
    pub bytes: u64,
}

const _: () = assert!(size_of::<Flow>() == 64);

/// The table holds as many flows as it may (-ENOSPC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The table.
#[derive(Debug)]
pub struct ExactMatch {
    tags: Box<[u32]>,
    flows: Box<[Flow]>,
    /// Leaves of the mixed tag the bits that index the table.
    shift: u32,
    len: u32,
    capacity: u32,
}

impl ExactMatch {
    /// A table for `capacity` flows; it has at least 4/3 as many slots, so probes stay short.
    ///
    /// # Errors
    /// No flow, or more than 16,777,216.
    pub fn new(capacity: u32) -> Result<Self, ConfigError> {
        if !(1..=MOST_FLOWS).contains(&capacity) {
            let allowed = format!("1 to {MOST_FLOWS}");
            return Err(ConfigError::new("exact_match.capacity_flows", capacity, allowed));
        }
        let slots = (u64::from(capacity) * 4 / 3 + 1).next_power_of_two().max(16);
        let free = Flow { key: FlowKey::ipv4([0; 8], [0; 4], 0), value: 0, packets: 0, bytes: 0 };
        Ok(ExactMatch {
            tags: vec![EMPTY; slots as usize].into_boxed_slice(),
            flows: vec![free; slots as usize].into_boxed_slice(),
            shift: 32 - slots.trailing_zeros(),
            len: 0,
            capacity,
        })
    }

    /// Flows in the table.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// No flow is in the table.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Flows the table may hold.
    pub fn capacity(&self) -> u32 {
        self.capacity
    }

    /// The flows, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Flow> {
        self.tags.iter().zip(&self.flows).filter(|(tag, _)| **tag != EMPTY).map(|(_, flow)| flow)
    }

    /// Find a flow.
    #[inline]
    pub fn find(&self, key: &FlowKey, hash: u32) -> Option<Slot> {
        let tag = tag(hash);
        let home = self.home(tag);
        self.find_from(home, self.tag_at(home), key, tag)
    }

    /// Find as many flows as all slices have. The first tags of a batch are loaded before any is looked at, then the
    /// flows they lead to, so that cache misses overlap.
    pub fn find_batch(&self, keys: &[FlowKey], hashes: &[u32], out: &mut [Option<Slot>]) {
        let mut probes = [(0, EMPTY); BATCH];
        for ((keys, hashes), out) in keys.chunks(BATCH).zip(hashes.chunks(BATCH)).zip(out.chunks_mut(BATCH)) {
            for (hash, probe) in hashes.iter().zip(&mut probes) {
                let home = self.home(tag(*hash));
                *probe = (home, self.tag_at(home));
            }
            let frames = keys.iter().zip(hashes).zip(&probes);
            for (((key, hash), (home, first)), out) in frames.zip(out) {
                *out = self.find_from(*home, *first, key, tag(*hash));
            }
        }
    }

    #[inline]
    fn find_from(&self, home: usize, first: u32, key: &FlowKey, wanted: u32) -> Option<Slot> {
        let (mut at, mut found) = (home, first);
        loop {
            if found == wanted && self.flows.get(at)?.key == *key {
                return Some(Slot(at as u32));
            }
            // There is always an empty slot, since there are more slots than flows.
            if found == EMPTY {
                return None;
            }
            at = self.following(at);
            found = self.tag_at(at);
        }
    }

    /// Count a frame of the flow found at `slot`; returns the flow's value.
    #[inline]
    pub fn hit(&mut self, slot: Slot, bytes: u32) -> u32 {
        let Some(flow) = self.flows.get_mut(slot.0 as usize) else { return 0 };
        flow.packets += 1;
        flow.bytes += u64::from(bytes);
        flow.value
    }

    /// Add a flow, or give the flow a new value and leave its counts; returns the value it had.
    ///
    /// # Errors
    /// The table is full; it is unchanged.
    pub fn insert(&mut self, key: FlowKey, hash: u32, value: u32) -> Result<Option<u32>, Full> {
        if let Some(slot) = self.find(&key, hash) {
            let known = self.flows.get_mut(slot.0 as usize);
            return Ok(known.map(|flow| std::mem::replace(&mut flow.value, value)));
        }
        if self.len == self.capacity {
            return Err(Full);
        }
        let tag = tag(hash);
        let mut at = self.home(tag);
        while self.tag_at(at) != EMPTY {
            at = self.following(at);
        }
        if let (Some(slot), Some(flow)) = (self.tags.get_mut(at), self.flows.get_mut(at)) {
            *slot = tag;
            *flow = Flow { key, value, packets: 0, bytes: 0 };
            self.len += 1;
        }
        Ok(None)
    }

    /// Remove a flow and return it.
    pub fn remove(&mut self, key: &FlowKey, hash: u32) -> Option<Flow> {
        let mut hole = self.find(key, hash)?.0 as usize;
        let removed = *self.flows.get(hole)?;
        // Backward-shift deletion (Knuth, The Art of Computer Programming 3, 6.4, algorithm R): whoever may stand
        // in the hole moves there, so that no probe ends early and no tombstones pile up.
        let mut at = self.following(hole);
        while self.tag_at(at) != EMPTY {
            let home = self.home(self.tag_at(at));
            let distance = |from: usize| at.wrapping_sub(from) & (self.tags.len() - 1);
            if distance(home) >= distance(hole) {
                self.tags.copy_within(at..=at, hole);
                self.flows.copy_within(at..=at, hole);
                hole = at;
            }
            at = self.following(at);
        }
        if let Some(tag) = self.tags.get_mut(hole) {
            *tag = EMPTY;
        }
        self.len -= 1;
        Some(removed)
    }

    /// Where a tag's probe begins: the top bits of a Fibonacci hash, for the low bits of an RSS hash chose the queue
    /// and are alike in all flows of one queue.
    #[inline]
    fn home(&self, tag: u32) -> usize {
        (tag.wrapping_mul(0x9e37_79b9) >> self.shift) as usize
    }

    #[inline]
    fn tag_at(&self, at: usize) -> u32 {
        self.tags.get(at).copied().unwrap_or(EMPTY)
    }

    #[inline]
    fn following(&self, at: usize) -> usize {
        (at + 1) & (self.tags.len() - 1)
    }
}

/// A flow's tag: its hash, moved off the value that marks an empty slot.
#[inline]
fn tag(hash: u32) -> u32 {
    if hash == EMPTY { 1 } else { hash }
}

#[cfg(test)]
#[path = "exact_match_tests.rs"]
mod tests;
