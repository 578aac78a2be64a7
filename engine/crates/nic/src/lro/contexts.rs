//! The contexts of a queue: a fixed number of places, found by flow, in the order in which they were opened.

use super::store::Chain;
use stage::{Nanos, RxPacket};
use wire::coalesce::Aggregate;

const END: u32 = u32::MAX;

/// A flow that is being held.
#[derive(Clone, Debug)]
pub(super) struct Context {
    /// Keyed hash of its flow.
    hash: u64,
    /// When it is closed at the latest.
    pub(super) deadline_ns: Nanos,
    next_in_bucket: u32,
    older: u32,
    newer: u32,
    /// Where its bytes are.
    pub(super) chain: Chain,
    /// What its segments have in common.
    pub(super) aggregate: Aggregate,
    /// Its first frame.
    pub(super) packet: RxPacket,
}

/// All contexts of a queue.
#[derive(Debug)]
pub(super) struct Contexts {
    places: Box<[Context]>,
    /// First place of each bucket; at least four buckets per place, so that a stranger's is mostly empty.
    buckets: Box<[u32]>,
    /// First of the free places, linked by `newer`.
    free: u32,
    oldest: u32,
    newest: u32,
    held: u32,
}

impl Contexts {
    pub(super) fn new(count: u32) -> Self {
        let mut places: Box<[Context]> = (0..count).map(|_| blank()).collect();
        let next = (1..count).chain([END]);
        places.iter_mut().zip(next).for_each(|(place, next)| place.newer = next);
        let buckets = vec![END; (count as usize * 4).next_power_of_two()].into_boxed_slice();
        Contexts { places, buckets, free: 0, oldest: END, newest: END, held: 0 }
    }

    /// Flows held.
    pub(super) fn held(&self) -> u32 {
        self.held
    }

    /// The one opened first.
    #[inline]
    pub(super) fn oldest(&self) -> Option<(u32, &Context)> {
        Some((self.oldest, self.places.get(self.oldest as usize)?))
    }

    #[inline]
    fn bucket_of(&self, hash: u64) -> usize {
        hash as usize & (self.buckets.len() - 1)
    }

    /// The first context with this hash, or the next behind `after`.
    #[inline]
    pub(super) fn find(&mut self, hash: u64, after: Option<u32>) -> Option<(u32, &mut Context)> {
        let mut at = match after {
            Some(after) => self.places.get(after as usize)?.next_in_bucket,
            None => *self.buckets.get(self.bucket_of(hash))?,
        };
        while self.places.get(at as usize)?.hash != hash {
            at = self.places.get(at as usize)?.next_in_bucket;
        }
        Some((at, self.places.get_mut(at as usize)?))
    }

    /// Take a free place, as the newest. The caller fills it.
    pub(super) fn open(&mut self, hash: u64) -> Option<&mut Context> {
        let at = self.free;
        let bucket = self.bucket_of(hash);
        let first = self.buckets.get_mut(bucket)?;
        let place = self.places.get_mut(at as usize)?;
        self.free = place.newer;
        (place.hash, place.next_in_bucket) = (hash, *first);
        *first = at;
        (place.older, place.newer) = (self.newest, END);
        let before = std::mem::replace(&mut self.newest, at);
        match self.places.get_mut(before as usize) {
            Some(before) => before.newer = at,
            None => self.oldest = at,
        }
        self.held += 1;
        self.places.get_mut(at as usize)
    }

    /// Free a place that is held; what it held can be read until the next one is opened.
    pub(super) fn close(&mut self, at: u32) -> Option<&mut Context> {
        let place = self.places.get(at as usize)?;
        let (hash, older, newer, following) = (place.hash, place.older, place.newer, place.next_in_bucket);
        match self.places.get_mut(older as usize) {
            Some(older) => older.newer = newer,
            None => self.oldest = newer,
        }
        match self.places.get_mut(newer as usize) {
            Some(newer) => newer.older = older,
            None => self.newest = older,
        }
        let bucket = self.bucket_of(hash);
        let mut link = self.buckets.get(bucket).copied()?;
        if link == at {
            *self.buckets.get_mut(bucket)? = following;
        } else {
            while self.places.get(link as usize)?.next_in_bucket != at {
                link = self.places.get(link as usize)?.next_in_bucket;
            }
            self.places.get_mut(link as usize)?.next_in_bucket = following;
        }
        self.held -= 1;
        let place = self.places.get_mut(at as usize)?;
        place.newer = std::mem::replace(&mut self.free, at);
        Some(place)
    }
}

fn blank() -> Context {
    Context {
        hash: 0,
        deadline_ns: 0,
        next_in_bucket: END,
        older: END,
        newer: END,
        chain: Chain::at(0),
        aggregate: Aggregate::default(),
        packet: RxPacket::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_a_queue_one_can_look_into(steps in prop::collection::vec((0u8..4, 0u64..12), 0..300)) {
            let mut contexts = Contexts::new(5);
            let mut model: Vec<(u64, Nanos)> = Vec::new();
            for (number, (step, hash)) in steps.into_iter().enumerate() {
                // Few hashes and few buckets: chains of equal and of unequal ones.
                let hash = hash * 16;
                if step > 0 {
                    let opened = contexts.open(hash);
                    prop_assert_eq!(opened.is_some(), model.len() < 5);
                    if let Some(context) = opened {
                        context.deadline_ns = number as Nanos;
                        model.push((hash, number as Nanos));
                    }
                } else if let Some((at, context)) = contexts.find(hash, None) {
                    let deadline = context.deadline_ns;
                    prop_assert_eq!(contexts.close(at).map(|c| c.deadline_ns), Some(deadline));
                    let gone = model.iter().position(|held| *held == (hash, deadline)).unwrap();
                    model.remove(gone);
                } else {
                    prop_assert!(model.iter().all(|held| held.0 != hash));
                }
                prop_assert_eq!(contexts.held() as usize, model.len());
                prop_assert_eq!(contexts.oldest().map(|(_, c)| c.deadline_ns), model.first().map(|held| held.1));
                for (hash, _) in &model {
                    let mut found = 0;
                    let mut after = None;
                    while let Some((at, _)) = contexts.find(*hash, after) {
                        (found, after) = (found + 1, Some(at));
                    }
                    prop_assert_eq!(found, model.iter().filter(|held| held.0 == *hash).count());
                }
            }
        }
    }
}
