//! Frames on their way through a queue with LRO, which hands them over in another order than they came in.

use std::collections::VecDeque;

/// What came to a queue, and what of it is in its ring or the host's hands. A merged frame counts as its first.
#[derive(Debug, Default)]
pub(crate) struct UnderWay {
    /// Frames that came.
    came: u64,
    /// Frames pushed to the ring.
    pushed: u64,
    /// Number in the ring and number of arrival of those pushed, but for those behind which there is an earlier one:
    /// both rise.
    earliest: VecDeque<(u64, u64)>,
}

impl UnderWay {
    /// Frames that came so far.
    pub(crate) fn came(&self) -> u64 {
        self.came
    }

    /// A frame comes; answers how many came before.
    pub(crate) fn arrive(&mut self) -> u64 {
        self.came += 1;
        self.came - 1
    }

    /// A frame goes to the ring, behind all that are there; it, or the first merged into it, was the `arrival`th.
    pub(crate) fn push(&mut self, arrival: u64) {
        while self.earliest.back().is_some_and(|(_, other)| *other > arrival) {
            self.earliest.pop_back();
        }
        self.earliest.push_back((self.pushed, arrival));
        self.pushed += 1;
    }

    /// Forget those of which the host has done with: the first `done` of the ring.
    pub(crate) fn forget(&mut self, done: u64) {
        while self.earliest.front().is_some_and(|(pushed, _)| *pushed < done) {
            self.earliest.pop_front();
        }
    }

    /// All that came before so many are done with, if the first `done` of the ring are and LRO holds none earlier than
    /// `held`.
    pub(crate) fn done(&self, done: u64, held: Option<u64>) -> u64 {
        let first = self.earliest.partition_point(|(pushed, _)| *pushed < done);
        let under_way = self.earliest.get(first).map(|(_, arrival)| *arrival);
        held.into_iter().chain(under_way).min().unwrap_or(self.came)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list of all that is under way.
        #[test]
        fn it_is_done_with_what_came_before_the_earliest_under_way(steps in prop::collection::vec(0usize..6, 0..200)) {
            let (mut under_way, mut held, mut ring, mut done) = (UnderWay::default(), Vec::new(), Vec::new(), 0);
            for step in steps {
                match step {
                    0..3 => held.push(under_way.arrive()),
                    3 | 4 if !held.is_empty() => {
                        let arrival = held.remove((step - 3).min(held.len() - 1));
                        under_way.push(arrival);
                        ring.push(arrival);
                    }
                    _ => {
                        done = ring.len().min(done + 2);
                        if step == 5 { under_way.forget(done as u64); }
                    }
                }
                let earliest = ring[done..].iter().chain(&held).min().copied();
                let oldest = held.iter().min().copied();
                prop_assert_eq!(under_way.done(done as u64, oldest), earliest.unwrap_or(under_way.came()));
            }
        }
    }
}
