//! What is due on a stream's senders: acknowledgements that arrive, timers, paced segments, flows that start. In order
//! of time, then of scheduling, so that a run repeats exactly.

use stage::Nanos;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What happens to a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// It begins.
    Start(u32),
    /// Its timer may have run out.
    Timer(u32),
    /// Its next segment may go.
    Send(u32),
    /// Its next request is due.
    Request(u32),
    /// An acknowledgement arrives, kept at this place.
    Ack(u32),
}

/// A queue of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    due: BinaryHeap<Reverse<(Nanos, u64, Due)>>,
    scheduled: u64,
}

impl Agenda {
    pub(super) fn schedule(&mut self, at_ns: Nanos, due: Due) {
        self.due.push(Reverse((at_ns, self.scheduled, due)));
        self.scheduled += 1;
    }

    pub(super) fn next_ns(&self) -> Option<Nanos> {
        self.due.peek().map(|Reverse((at_ns, ..))| *at_ns)
    }

    /// The first, if it is due by then.
    pub(super) fn pop(&mut self, until_ns: Nanos) -> Option<(Nanos, Due)> {
        if self.next_ns()? > until_ns {
            return None;
        }
        self.due.pop().map(|Reverse((at_ns, _, due))| (at_ns, due))
    }
}
