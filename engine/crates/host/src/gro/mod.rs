//! Generic receive offload (net/core/gro.c): TCP segments of a flow that follow one another become one skb before the
//! stack sees them.
//!
//! What may be merged is decided in [`wire::coalesce`], as for the card's LRO. What differs is who is held: per NAPI a few
//! buckets by hash with a few flows each, until the poll is over or, where a flush timeout is set, for longer. Payload
//! stays where the card put it: the later frames hang on the first.

mod complete;
mod counters;
mod held;
mod receive;

pub use counters::GroCounter;

use crate::GroConfig;
use crate::skb::Skb;
use held::Buckets;
use stage::Counters;

/// What GRO has of one NAPI.
#[derive(Debug)]
pub(crate) struct Gro {
    buckets: Buckets,
    /// Frames that came from the queue.
    came: u64,
    counters: Counters<GroCounter>,
}

impl Gro {
    pub(crate) fn new(config: &GroConfig) -> Self {
        let buckets = Buckets::new(config.buckets, config.held_per_bucket);
        Gro { buckets, came: 0, counters: Counters::default() }
    }

    /// Frames held: those merged into them are consumed.
    pub(crate) fn held(&self) -> u32 {
        self.buckets.held()
    }

    /// Frames that came since the oldest of those held, itself included: the host has done with those before.
    pub(crate) fn kept(&self) -> u64 {
        self.buckets.oldest().map_or(0, |oldest| self.came - oldest)
    }

    /// What it counted.
    pub(crate) fn counters(&self) -> &Counters<GroCounter> {
        &self.counters
    }

    /// Take any frame that is held, for the end of a run.
    pub(crate) fn give_up(&mut self) -> Option<Box<Skb>> {
        (0..self.buckets.count()).find_map(|bucket| self.buckets.take_oldest(bucket, None))
    }
}
