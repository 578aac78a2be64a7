//! A frame meets the table: the queue of its flow's rule, and in order while that changes.

use super::rule::State;
use super::table::LOOK;
use super::{FlowKey, Moves, QueueProgress, Slot, SteeringCounter, SteeringTable};
use stage::{Nanos, QueueId};

/// How a flow goes on.
enum Step {
    /// It has arrived where it is to go.
    Arrived,
    /// The same, behind a barrier.
    Barred,
    /// Not yet.
    Wait,
}

impl SteeringTable {
    /// The queue of a frame's flow; `None`: it has no rule that is in force, the hash decides. `by_hash` is what the
    /// hash says. The frame counts as a hit, and as written to the queue returned.
    #[inline]
    pub fn choose(
        &mut self,
        now_ns: Nanos,
        key: &FlowKey,
        hash: u32,
        frame_bytes: u32,
        by_hash: QueueId,
        queues: &mut impl QueueProgress,
    ) -> Option<QueueId> {
        let (name, table_hash) = self.name(key, hash);
        let slot = self.flows.find(&name, table_hash);
        self.choose_found(now_ns, key, slot, frame_bytes, by_hash, queues)
    }

    /// Find the flows of a batch, for [`SteeringTable::choose_found`]; the table must not change in between but by that.
    pub fn find_batch(&self, keys: &[FlowKey], hashes: &[u32], out: &mut [Option<Slot>]) {
        const BATCH: usize = 32;
        let mut names = [FlowKey::NONE; BATCH];
        let mut table_hashes = [0; BATCH];
        for ((keys, hashes), out) in keys.chunks(BATCH).zip(hashes.chunks(BATCH)).zip(out.chunks_mut(BATCH)) {
            let asked = keys.len().min(hashes.len()).min(out.len());
            for ((key, hash), (name, table_hash)) in
                keys.iter().zip(hashes).zip(names.iter_mut().zip(&mut table_hashes))
            {
                (*name, *table_hash) = self.name(key, *hash);
            }
            if let (Some(names), Some(table_hashes)) = (names.get(..asked), table_hashes.get(..asked)) {
                self.flows.find_batch(names, table_hashes, out);
            }
        }
    }

    /// As [`SteeringTable::choose`], of a flow that was looked up.
    #[inline]
    pub fn choose_found(
        &mut self,
        now_ns: Nanos,
        key: &FlowKey,
        slot: Option<Slot>,
        frame_bytes: u32,
        by_hash: QueueId,
        queues: &mut impl QueueProgress,
    ) -> Option<QueueId> {
        self.lookups += 1;
        let slot = slot?;
        let value = self.flows.hit(slot, frame_bytes);
        if value & LOOK == 0 {
            self.hits += 1;
            return Some(QueueId(value as u16));
        }
        self.look_closely(now_ns, key, slot, by_hash, queues)
    }

    /// The rule is new, moves, leaves, or may be another flow's.
    #[inline(never)]
    fn look_closely(
        &mut self,
        now_ns: Nanos,
        key: &FlowKey,
        slot: Slot,
        by_hash: QueueId,
        queues: &mut impl QueueProgress,
    ) -> Option<QueueId> {
        let rule = *self.rules.get(slot.0 as usize)?;
        let queue = match rule.state {
            State::Vacant => None,
            State::Fresh { at_ns } if now_ns < at_ns => None,
            // Its frames went where the hash sends them: all that are there may be the flow's.
            State::Fresh { at_ns } => {
                let mark = queues.written(by_hash);
                self.set_state(slot, State::Moving { from: by_hash, at_ns, mark });
                Some(self.go_on(now_ns, slot, by_hash, rule.queue, mark, at_ns, queues))
            }
            State::Steady => Some(self.settle(slot, rule.queue)),
            State::Moving { from, at_ns, .. } if now_ns < at_ns => {
                self.set_state(slot, State::Moving { from, at_ns, mark: queues.written(from) + 1 });
                Some(from)
            }
            State::Moving { from, at_ns, mark } => {
                Some(self.go_on(now_ns, slot, from, rule.queue, mark, at_ns, queues))
            }
            State::Leaving { since_ns, mark } => {
                match self.step(now_ns, rule.queue, by_hash, mark, since_ns, queues) {
                    Step::Wait => {
                        let mark = queues.written(rule.queue) + 1;
                        self.set_state(slot, State::Leaving { since_ns, mark });
                        self.tally.add(SteeringCounter::OooPrevented, 1);
                        return Some(rule.queue);
                    }
                    step => {
                        self.count(&step);
                        self.vanish(slot.0);
                        None
                    }
                }
            }
        }?;
        if rule.key == *key {
            self.hits += 1;
        } else {
            self.tally.add(SteeringCounter::Collision, 1);
        }
        Some(queue)
    }

    /// Where the next frame of a flow that moves goes.
    #[expect(clippy::too_many_arguments, reason = "a move has that many sides")]
    fn go_on(
        &mut self,
        now_ns: Nanos,
        slot: Slot,
        from: QueueId,
        to: QueueId,
        mark: u64,
        at_ns: Nanos,
        queues: &mut impl QueueProgress,
    ) -> QueueId {
        match self.step(now_ns, from, to, mark, at_ns, queues) {
            Step::Wait => {
                // This frame is the last that has gone there.
                self.set_state(slot, State::Moving { from, at_ns, mark: queues.written(from) + 1 });
                self.tally.add(SteeringCounter::OooPrevented, 1);
                from
            }
            step => {
                if from != to {
                    self.count(&step);
                }
                self.settle(slot, to)
            }
        }
    }

    fn step(
        &self,
        now_ns: Nanos,
        from: QueueId,
        to: QueueId,
        mark: u64,
        since_ns: Nanos,
        queues: &mut impl QueueProgress,
    ) -> Step {
        let Moves::Safe { drain_ns } = self.config.moves else { return Step::Arrived };
        // What was to be written there may have been dropped.
        let mark = mark.min(queues.written(from));
        if from == to || queues.done(from, now_ns) >= mark {
            Step::Arrived
        } else if now_ns.saturating_sub(since_ns) >= drain_ns && queues.hold(to, from, mark) {
            Step::Barred
        } else {
            Step::Wait
        }
    }

    fn count(&mut self, step: &Step) {
        self.tally.add(SteeringCounter::Moved, 1);
        if matches!(step, Step::Barred) {
            self.tally.add(SteeringCounter::Barrier, 1);
        }
    }

    fn set_state(&mut self, slot: Slot, state: State) {
        if let Some(rule) = self.rules.get_mut(slot.0 as usize) {
            rule.state = state;
        }
    }

    /// From now on the frame's line says it all; with signatures it cannot tell whose frame it is.
    fn settle(&mut self, slot: Slot, queue: QueueId) -> QueueId {
        self.set_state(slot, State::Steady);
        let by_signature = if self.config.signature_bits == 0 { 0 } else { LOOK };
        self.flows.set_value(slot, by_signature | u32::from(queue.0));
        queue
    }
}
