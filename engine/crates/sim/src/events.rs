//! The event queue: total order by time, then by order of scheduling, so that a run repeats exactly.

use stage::Nanos;
use std::collections::VecDeque;

#[derive(Clone, Copy, Debug)]
struct Scheduled<E> {
    at_ns: Nanos,
    /// Order of scheduling, between events at the same time.
    order: u64,
    event: E,
}

impl<E> Scheduled<E> {
    #[inline]
    fn is_before(&self, other: &Self) -> bool {
        (self.at_ns, self.order) < (other.at_ns, other.order)
    }
}

/// Events in order of time, in two sorted runs. There are few at a time, a handful per CPU and queue: most are due
/// before nearly all others (a CPU's next step), or after all (a coalescing timer), so that either run is worked on
/// at its end.
#[derive(Debug)]
pub(crate) struct Events<E> {
    /// The next one last.
    soon: Vec<Scheduled<E>>,
    /// Those that were due after all in here when they were scheduled; the next one first.
    late: VecDeque<Scheduled<E>>,
    scheduled: u64,
}

impl<E> Events<E> {
    pub(crate) fn new() -> Self {
        Events { soon: Vec::with_capacity(256), late: VecDeque::with_capacity(256), scheduled: 0 }
    }

    /// Schedule an event; of two at the same time the one scheduled first happens first.
    #[inline]
    pub(crate) fn schedule(&mut self, at_ns: Nanos, event: E) {
        let new = Scheduled { at_ns, order: self.scheduled, event };
        self.scheduled += 1;
        if self.late.back().is_none_or(|last| last.at_ns <= at_ns) {
            self.late.push_back(new);
        } else {
            let later = self.soon.iter().rposition(|other| other.at_ns > at_ns);
            self.soon.insert(later.map_or(0, |i| i + 1), new);
        }
    }

    #[inline]
    fn next_is_soon(&self) -> bool {
        match (self.soon.last(), self.late.front()) {
            (Some(soon), Some(late)) => soon.is_before(late),
            (soon, _) => soon.is_some(),
        }
    }

    /// When the next event is due.
    #[inline]
    pub(crate) fn next_ns(&self) -> Option<Nanos> {
        let next = if self.next_is_soon() { self.soon.last() } else { self.late.front() };
        next.map(|next| next.at_ns)
    }

    /// Take the next event.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Nanos, E)> {
        let next = if self.next_is_soon() { self.soon.pop() } else { self.late.pop_front() };
        next.map(|next| (next.at_ns, next.event))
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
                events.schedule(*t, i);
            }
            let mut expected: Vec<_> = times.iter().copied().enumerate().collect();
            expected.sort_by_key(|(i, t)| (*t, *i));
            let got: Vec<_> = std::iter::from_fn(|| events.pop()).map(|(t, e)| (e, t)).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
