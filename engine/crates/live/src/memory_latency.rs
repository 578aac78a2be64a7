//! What an access to memory takes, found by following a random chain through it: each load's address is the last one's
//! answer, so that nothing overlaps.

use crate::clock::Clock;
use stage::Random;

const LINE_BYTES: usize = 64;
const WORDS: usize = LINE_BYTES / size_of::<u32>();

/// Accesses in one timing, at least.
const HOPS: usize = 1 << 16;
/// Timings of which the shortest counts: whatever else ran made the others longer.
const TIMINGS: u32 = 15;

/// A cycle through all lines in random order: each holds the number of the next (Sattolo's algorithm).
fn chain(lines: usize) -> Vec<[u32; WORDS]> {
    let mut order: Vec<u32> = (0..lines as u32).collect();
    let mut random = Random::for_component(1, "memory_latency");
    for i in (1..lines).rev() {
        order.swap(i, random.below(i as u64) as usize);
    }
    order.into_iter().map(|next| [next; WORDS]).collect()
}

/// Nanoseconds of one access at random to `bytes` of memory that was just used as a whole, on the CPU this runs on.
pub fn memory_latency_ns(bytes: usize) -> f64 {
    let chain = chain((bytes / LINE_BYTES).max(2));
    let clock = Clock::start();
    let mut at = 0_u32;
    let mut follow = |hops: usize| {
        let before = clock.ticks();
        for _ in 0..hops {
            at = chain.get(at as usize).map_or(0, |line| line[0]);
        }
        at = std::hint::black_box(at);
        clock.ticks().saturating_sub(before)
    };
    follow(chain.len());
    let shortest = (0..TIMINGS).map(|_| follow(HOPS)).min().unwrap_or(0);
    shortest as f64 * clock.ns_per_tick() / HOPS as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_chain_passes_every_line_once(lines in 2_usize..500) {
            let chain = chain(lines);
            let mut seen = vec![false; lines];
            let mut at = 0;
            for _ in 0..lines {
                prop_assert!(!std::mem::replace(&mut seen[at], true));
                at = chain[at][0] as usize;
            }
            prop_assert_eq!(at, 0);
        }
    }

    #[test]
    fn an_access_takes_time() {
        assert!(memory_latency_ns(16 << 10) > 0.0);
    }
}
