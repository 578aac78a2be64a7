//! The event queue: total order by time, then by order of scheduling, so that a run repeats exactly.

use stage::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Events in order of time.
#[derive(Debug)]
pub(crate) struct Events<E> {
    heap: BinaryHeap<Reverse<(Nanos, u64, E)>>,
    scheduled: u64,
}

impl<E: Ord> Events<E> {
    pub(crate) fn new() -> Self {
        Events { heap: BinaryHeap::new(), scheduled: 0 }
    }

    /// Schedule an event; of two at the same time the one scheduled first happens first.
    #[inline]
    pub(crate) fn schedule(&mut self, at_ns: Nanos, event: E) {
        self.heap.push(Reverse((at_ns, self.scheduled, event)));
        self.scheduled += 1;
    }

    /// When the next event is due.
    #[inline]
    pub(crate) fn next_ns(&self) -> Option<Nanos> {
        self.heap.peek().map(|Reverse((at_ns, ..))| *at_ns)
    }

    /// Take the next event.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Nanos, E)> {
        self.heap.pop().map(|Reverse((at_ns, _, event))| (at_ns, event))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_is_time_then_scheduling(times in prop::collection::vec(0u64..20, 0..100)) {
            let mut events = Events::new();
            for (i, t) in times.iter().enumerate() {
                // The payload sorts against the order of scheduling, to show that it does not matter.
                events.schedule(*t, usize::MAX - i);
            }
            let mut expected: Vec<_> = times.iter().copied().enumerate().collect();
            expected.sort_by_key(|(i, t)| (*t, *i));
            let got: Vec<_> = std::iter::from_fn(|| events.pop()).map(|(t, e)| (usize::MAX - e, t)).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
