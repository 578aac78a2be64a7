//! Making room in the flow table: who has to leave, and when his place is free.

use super::admission::{LOOKED_AT, Standing};
use super::rule::{Rule, State};
use super::table::{LOOK, id, most_leaving};
use super::{Admission, Moves, QueueProgress, Slot, SteeringCounter, SteeringTable};
use stage::{Errno, Nanos, SteeringError};

impl SteeringTable {
    /// See to it that one more rule has room.
    pub(super) fn make_room(
        &mut self,
        now_ns: Nanos,
        hash: u32,
        standing: &Standing,
        queues: &impl QueueProgress,
    ) -> Result<(), SteeringError> {
        let full_ways = !self.ways.any() && !self.ways.of(hash).contains(&u32::MAX);
        let capacity = self.config.capacity_rules;
        let refusal = match (full_ways, self.live >= capacity) {
            (true, _) => SteeringError::new(
                Errno::EBUSY,
                "ways",
                self.config.ways.into(),
                "a flow whose ways are not full of its betters",
            ),
            (_, true) => SteeringError::new(
                Errno::ENOSPC,
                "capacity_rules",
                capacity.into(),
                "a flow that ranks above one of the table",
            ),
            _ => return Ok(()),
        };
        let first_come = self.config.admission == Admission::FirstCome;
        let victim = if first_come {
            None
        } else if full_ways {
            self.least_of_ways(now_ns, hash)
        } else {
            self.least_of_all(now_ns, standing.class)
        };
        let victim = victim.filter(|(_, other)| standing.replaces(other, now_ns, self.config.idle_ns));
        let (place, _) = victim.ok_or(refusal)?;
        let evicted = self.rules.get(place as usize).map(|rule| id(place, rule));
        self.let_go(now_ns, place, queues)?;
        self.evicted = evicted;
        self.tally.add(SteeringCounter::Evict, 1);
        Ok(())
    }

    fn look(&mut self, now_ns: Nanos, place: u32) -> Option<Standing> {
        let frames = self.frames(place);
        let rule = self.rules.get_mut(place as usize)?;
        rule.look(frames, now_ns);
        Some(Standing::of(rule))
    }

    fn least_of_ways(&mut self, now_ns: Nanos, hash: u32) -> Option<(u32, Standing)> {
        let mut least: Option<(u32, Standing)> = None;
        for at in 0..self.config.ways as usize {
            let Some(place) = self.ways.of(hash).get(at).copied() else { continue };
            let Some(standing) = self.look(now_ns, place) else { continue };
            if least.is_none_or(|(_, other)| standing.yields_before(&other)) {
                least = Some((place, standing));
            }
        }
        least
    }

    /// The least of some rules of the lowest priority there is, unless that is above `class`.
    fn least_of_all(&mut self, now_ns: Nanos, class: u8) -> Option<(u32, Standing)> {
        let mut least: Option<(u32, Standing)> = None;
        for _ in 0..LOOKED_AT {
            let (lowest, place) = self.by_priority.lowest()?;
            if lowest > class || least.is_some_and(|(first, _)| first == place) {
                break;
            }
            let standing = self.look(now_ns, place)?;
            if least.is_none_or(|(_, other)| standing.yields_before(&other)) {
                least = Some((place, standing));
            }
            self.by_priority.remove(&mut self.rules, place);
            self.by_priority.push(&mut self.rules, place);
        }
        least
    }

    /// A rule leaves: at once if none of its flow's frames can be under way, else when they have drained.
    pub(super) fn let_go(
        &mut self,
        now_ns: Nanos,
        place: u32,
        queues: &impl QueueProgress,
    ) -> Result<(), SteeringError> {
        let Some(rule) = self.rules.get(place as usize) else { return Ok(()) };
        let hash = rule.hash;
        let (queue, obeyed) = match rule.state {
            State::Moving { from, .. } => (from, true),
            State::Fresh { .. } => (rule.queue, false),
            _ => (rule.queue, true),
        };
        let mark = queues.written(queue);
        let drained = self.config.moves == Moves::Unsafe || queues.done(queue, now_ns) >= mark;
        if obeyed && !drained {
            if self.leaving.len() as u32 >= most_leaving(self.config.capacity_rules) {
                self.reap(now_ns, usize::MAX, queues);
            }
            if self.leaving.len() as u32 >= most_leaving(self.config.capacity_rules) {
                let value = self.leaving.len() as u64;
                return Err(SteeringError::new(Errno::EBUSY, "leaving rules", value, "fewer that drain"));
            }
        }
        self.by_priority.remove(&mut self.rules, place);
        self.ways.take(hash, place);
        self.live -= 1;
        if !obeyed || drained {
            self.vanish(place);
            return Ok(());
        }
        if let Some(rule) = self.rules.get_mut(place as usize) {
            rule.queue = queue;
            rule.state = State::Leaving { since_ns: now_ns, mark };
            rule.links[0] = self.leaving.len() as u32;
        }
        self.leaving.push(place);
        self.flows.set_value(Slot(place), LOOK | u32::from(queue.0));
        Ok(())
    }

    /// The rule's place is free.
    pub(super) fn vanish(&mut self, place: u32) {
        let Some(rule) = self.rules.get(place as usize) else { return };
        let (name, table_hash) = self.name(&rule.key, rule.hash);
        self.flows.remove(&name, table_hash);
        self.no_longer_leaving(place);
        if let Some(rule) = self.rules.get_mut(place as usize) {
            *rule = Rule::VACANT;
        }
    }

    /// Strike a rule off the list of those that leave, if it is on it.
    pub(super) fn no_longer_leaving(&mut self, place: u32) {
        let Some(rule) = self.rules.get(place as usize) else { return };
        let at = rule.links[0] as usize;
        if self.leaving.get(at) != Some(&place) || rule.is_live() {
            return;
        }
        self.leaving.swap_remove(at);
        if let Some(other) = self.leaving.get(at)
            && let Some(moved) = self.rules.get_mut(*other as usize)
        {
            moved.links[0] = at as u32;
        }
    }

    /// Free the places of rules whose flows have drained, looking at the last `limit` of those that leave.
    pub(super) fn reap(&mut self, now_ns: Nanos, limit: usize, queues: &impl QueueProgress) {
        let first = self.leaving.len().saturating_sub(limit);
        for at in (first..self.leaving.len()).rev() {
            let Some(place) = self.leaving.get(at).copied() else { continue };
            let drained = self.rules.get(place as usize).is_none_or(|rule| match rule.state {
                State::Leaving { mark, .. } => queues.done(rule.queue, now_ns) >= mark,
                _ => true,
            });
            if drained {
                self.vanish(place);
            }
        }
    }
}
