//! The event queue: total order by time, then by order of scheduling, so that a run repeats exactly.

use stage::Nanos;

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
    /// Those that were due after all in here when they were scheduled, those that have happened included.
    late: Vec<Scheduled<E>>,
    /// The first in there that has not happened.
    first_late: usize,
    /// When the next event is due; the end of time if there is none.
    next_ns: Nanos,
    scheduled: u64,
}

impl<E: Copy> Events<E> {
    pub(crate) fn new() -> Self {
        Events {
            soon: Vec::with_capacity(256),
            late: Vec::with_capacity(256),
            first_late: 0,
            next_ns: Nanos::MAX,
            scheduled: 0,
        }
    }

    /// Schedule an event; of two at the same time the one scheduled first happens first.
    #[inline]
    pub(crate) fn schedule(&mut self, at_ns: Nanos, event: E) {
        let new = Scheduled { at_ns, order: self.scheduled, event };
        self.scheduled += 1;
        self.next_ns = self.next_ns.min(at_ns);
        if self.late.last().is_none_or(|last| last.at_ns <= at_ns) {
            self.late.push(new);
            return;
        }
        // Those that are due before it move towards the end.
        let mut place = self.soon.len();
        self.soon.push(new);
        while let Some([earlier, hole]) =
            place.checked_sub(1).and_then(|before| self.soon.get_mut(before..=place))
            && earlier.at_ns <= at_ns
        {
            *hole = *earlier;
            place -= 1;
        }
        if let Some(hole) = self.soon.get_mut(place) {
            *hole = new;
        }
    }

    /// When the next event is due.
    #[inline]
    pub(crate) fn next_ns(&self) -> Option<Nanos> {
        (self.next_ns < Nanos::MAX).then_some(self.next_ns)
    }

    /// Take the next event.
    #[inline]
    pub(crate) fn pop(&mut self) -> Option<(Nanos, E)> {
        let (soon, late) = (self.soon.last(), self.late.get(self.first_late));
        let next = match (soon, late) {
            (Some(soon), late) if late.is_none_or(|late| soon.is_before(late)) => {
                let next = *soon;
                self.soon.pop();
                next
            }
            (_, Some(late)) => {
                let next = *late;
                self.first_late += 1;
                if self.first_late == self.late.len() || self.first_late >= FORGET_AFTER {
                    self.late.drain(..self.first_late);
                    self.first_late = 0;
                }
                next
            }
            _ => return None,
        };
        let due = |run: Option<&Scheduled<E>>| run.map_or(Nanos::MAX, |first| first.at_ns);
        self.next_ns = due(self.soon.last()).min(due(self.late.get(self.first_late)));
        Some((next.at_ns, next.event))
    }
}

/// Events that have happened are taken off their run when there are so many.
const FORGET_AFTER: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn order_is_time_then_scheduling(steps in prop::collection::vec((0u64..20, 0usize..3), 0..1000)) {
            let mut events = Events::new();
            let mut expected = Vec::new();
            for (i, (at_ns, pops)) in steps.into_iter().enumerate() {
                // Nothing is scheduled before what has happened.
                let at_ns = i as u64 / 8 + at_ns;
                events.schedule(at_ns, i);
                expected.push((at_ns, i));
                for _ in 0..pops {
                    expected.sort_unstable();
                    prop_assert_eq!(events.next_ns(), expected.first().map(|first| first.0));
                    prop_assert_eq!(events.pop(), expected.first().copied());
                    expected = expected.split_off(1.min(expected.len()));
                }
            }
            expected.sort_unstable();
            let got: Vec<_> = std::iter::from_fn(|| events.pop()).collect();
            prop_assert_eq!(got, expected);
        }
    }
}
