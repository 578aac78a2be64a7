//! Who makes room: rules in lists by priority, and in a table with few ways by place.

use super::rule::Rule;
use stage::{Nanos, PRIORITIES};

const NONE: u32 = u32::MAX;

/// Rules of the lowest priority looked at for one to remove. Bounded, as the driver's time is; the next search goes
/// on behind them.
pub(super) const LOOKED_AT: usize = 16;

/// The rules of each priority, in the order in which they are looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct ByPriority {
    ends: [[u32; 2]; PRIORITIES as usize],
}

impl Default for ByPriority {
    fn default() -> Self {
        ByPriority { ends: [[NONE; 2]; PRIORITIES as usize] }
    }
}

impl ByPriority {
    /// The lowest priority of which there is a rule, and its first.
    pub(super) fn lowest(&self) -> Option<(u8, u32)> {
        let found = self.ends.iter().position(|ends| ends[0] != NONE)?;
        Some((found as u8, self.ends.get(found)?[0]))
    }

    /// Put a rule behind all of its priority.
    pub(super) fn push(&mut self, rules: &mut [Rule], place: u32) {
        let Some(rule) = rules.get_mut(place as usize) else { return };
        let Some(ends) = self.ends.get_mut(usize::from(rule.class)) else { return };
        rule.links = [ends[1], NONE];
        match rules.get_mut(ends[1] as usize) {
            Some(last) => last.links[1] = place,
            None => ends[0] = place,
        }
        ends[1] = place;
    }

    /// Take a rule out.
    pub(super) fn remove(&mut self, rules: &mut [Rule], place: u32) {
        let Some(rule) = rules.get_mut(place as usize) else { return };
        let [before, behind] = std::mem::replace(&mut rule.links, [NONE; 2]);
        let Some(ends) = self.ends.get_mut(usize::from(rule.class)) else { return };
        match rules.get_mut(before as usize) {
            Some(other) => other.links[1] = behind,
            None => ends[0] = behind,
        }
        match rules.get_mut(behind as usize) {
            Some(other) => other.links[0] = before,
            None => ends[1] = before,
        }
    }
}

/// A rule as those who may make room are compared: priority, then rate, then age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) class: u8,
    pub(super) rate_fps: u32,
    /// When it had its last frame, as far as was counted.
    pub(super) counted_ns: Nanos,
}

impl Standing {
    pub(super) fn of(rule: &Rule) -> Self {
        Standing { class: rule.class, rate_fps: rule.rate_fps, counted_ns: rule.counted_ns }
    }

    /// Whether a new flow of this standing takes a rule's place at `now_ns`. It has to have twice the rate, or two
    /// flows of one rate would put each other out in turn; one that is idle gives way to any of its priority.
    pub(super) fn replaces(&self, other: &Standing, now_ns: Nanos, idle_ns: Nanos) -> bool {
        if self.class != other.class {
            return self.class > other.class;
        }
        let idle = now_ns.saturating_sub(other.counted_ns) >= idle_ns;
        idle || u64::from(self.rate_fps) > 2 * u64::from(other.rate_fps) + 1
    }

    /// Whether this one makes room before the other.
    pub(super) fn yields_before(&self, other: &Standing) -> bool {
        (self.class, self.rate_fps, self.counted_ns) < (other.class, other.rate_fps, other.counted_ns)
    }
}

/// Which rules are where, in a table with few ways.
#[derive(Clone, Debug)]
pub(super) struct Ways {
    ways: usize,
    places: Box<[u32]>,
}

impl Ways {
    /// `ways` divides `capacity`, or is 0: then there are none.
    pub(super) fn new(capacity: u32, ways: u32) -> Self {
        let places = if ways == 0 { 0 } else { capacity as usize };
        Ways { ways: ways as usize, places: vec![NONE; places].into_boxed_slice() }
    }

    /// Whether any place will do.
    pub(super) fn any(&self) -> bool {
        self.ways == 0
    }

    /// The ways a hash leaves.
    pub(super) fn of(&self, hash: u32) -> &[u32] {
        self.places.get(self.range(hash)).unwrap_or(&[])
    }

    /// Put a rule into one that is free; false if none is.
    pub(super) fn put(&mut self, hash: u32, place: u32) -> bool {
        self.exchange(hash, NONE, place)
    }

    /// Take a rule out.
    pub(super) fn take(&mut self, hash: u32, place: u32) {
        self.exchange(hash, place, NONE);
    }

    fn exchange(&mut self, hash: u32, from: u32, to: u32) -> bool {
        let range = self.range(hash);
        let ways = self.places.get_mut(range).unwrap_or_default();
        let found = ways.iter_mut().find(|way| **way == from);
        found.map(|way| *way = to).is_some()
    }

    fn range(&self, hash: u32) -> std::ops::Range<usize> {
        let Some(sets) = self.places.len().checked_div(self.ways) else { return 0..0 };
        // Not the bits that chose the queue, nor those of a signature: a hash of the hash (Fibonacci).
        let mixed = u64::from(hash.wrapping_mul(0x9e37_79b9).rotate_left(16));
        let set = ((mixed * sets as u64) >> 32) as usize;
        set * self.ways..(set + 1) * self.ways
    }
}
