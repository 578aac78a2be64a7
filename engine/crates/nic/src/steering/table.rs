//! The flow table: rules that send single flows to queues of the host's choice.
//!
//! A frame reads two lines of [`ExactMatch`]; a rule's other state is beside them and read only while the rule is
//! new, moves or leaves.

use super::admission::{ByPriority, Standing, Ways};
use super::budget::Budget;
use super::counters::Tally;
use super::ntuple::NtupleRules;
use super::rule::{Rule, State};
use super::{
    Action, Admission, ExactMatch, FlowKey, Full, NtupleRule, QueueProgress, Slot, SteeringConfig,
    SteeringCounter,
};
use crate::ConfigError;
use crate::rss::ContextId;
use stage::{Counters, Errno, Nanos, PRIORITIES, QueueId, RuleId, SteerRequest, SteeringError};

/// In a flow's value: the low 16 bits are its queue, but look at its rule first.
pub(super) const LOOK: u32 = 1 << 16;
/// Rules whose flows may have drained that are looked at on the way.
const REAPED_AT_ONCE: usize = 16;

/// The table.
#[derive(Debug)]
pub struct SteeringTable {
    pub(super) config: SteeringConfig,
    queues: u16,
    pub(super) flows: ExactMatch,
    /// By the flow's slot.
    pub(super) rules: Vec<Rule>,
    pub(super) ways: Ways,
    pub(super) by_priority: ByPriority,
    /// Rules removed whose flows have not drained.
    pub(super) leaving: Vec<u32>,
    pub(super) live: u32,
    serial: u32,
    budget: Budget,
    ntuple: NtupleRules,
    /// The rule that made room for the last one written.
    pub(super) evicted: Option<RuleId>,
    /// Where the next scan begins.
    cursor: usize,
    pub(super) lookups: u64,
    pub(super) hits: u64,
    pub(super) tally: Tally,
}

impl SteeringTable {
    /// An empty table in front of `queues` queues.
    ///
    /// # Errors
    /// What [`SteeringConfig::check`] refuses.
    pub fn new(config: SteeringConfig, queues: u16) -> Result<Self, ConfigError> {
        config.check(queues)?;
        Ok(SteeringTable {
            queues,
            flows: ExactMatch::new(config.capacity_rules + most_leaving(config.capacity_rules))?,
            rules: Vec::new(),
            ways: Ways::new(config.capacity_rules, config.ways),
            by_priority: ByPriority::default(),
            leaving: Vec::new(),
            live: 0,
            serial: 0,
            budget: Budget::new(config.insertions_per_second),
            ntuple: config.explicit(queues)?,
            evicted: None,
            cursor: 0,
            lookups: 0,
            hits: 0,
            tally: Tally::default(),
            config,
        })
    }

    /// Rules that frames obey or will.
    pub fn len(&self) -> u32 {
        self.live
    }

    /// No rule is in the table.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// What it counted.
    pub fn counters(&self) -> Counters<SteeringCounter> {
        let mut counters = self.tally.clone();
        counters.add(SteeringCounter::Occupancy, self.live.into());
        counters.add(SteeringCounter::Lookup, self.lookups);
        counters.add(SteeringCounter::Hit, self.hits);
        counters
    }

    /// The rules that frames obey or will, with the frames each has seen.
    pub fn iter(&self) -> impl Iterator<Item = (RuleId, &Rule, u64)> {
        let live = self.rules.iter().enumerate().filter(|(_, rule)| rule.is_live());
        live.map(|(place, rule)| (id(place as u32, rule), rule, self.frames(place as u32)))
    }

    /// The explicit rules, by location.
    pub fn ntuple_rules(&self) -> impl Iterator<Item = &NtupleRule> {
        self.ntuple.iter()
    }

    /// The rule of a flow, with the frames it has seen.
    pub fn rule_of(&self, key: &FlowKey, hash: u32) -> Option<(RuleId, &Rule, u64)> {
        let (name, table_hash) = self.name(key, hash);
        let place = self.flows.find(&name, table_hash)?.0;
        let rule = self.rules.get(place as usize).filter(|rule| rule.is_live() && rule.key == *key)?;
        Some((id(place, rule), rule, self.frames(place)))
    }

    /// Add an explicit rule, or replace the one at its location.
    ///
    /// # Errors
    /// EINVAL: it names a queue that is not there; EEXIST: another location selects the same; ENOSPC: 1,024 are there.
    pub fn insert_ntuple(&mut self, rule: NtupleRule) -> Result<(), SteeringError> {
        if let Action::Queue(queue) = rule.action {
            self.check_queue(queue)?;
        }
        self.ntuple.insert(rule)
    }

    /// These explicit rules from now on, and no others.
    pub(crate) fn replace_ntuple(&mut self, rules: NtupleRules) {
        self.ntuple = rules;
    }

    /// Remove the explicit rule at a location.
    ///
    /// # Errors
    /// ENOENT: none is there.
    pub fn remove_ntuple(&mut self, location: u32) -> Result<NtupleRule, SteeringError> {
        self.ntuple.remove(location)
    }

    /// Whether there are explicit rules.
    #[inline]
    pub fn has_ntuple(&self) -> bool {
        !self.ntuple.is_empty()
    }

    /// The RSS context the explicit rules send a packet to.
    pub(crate) fn ntuple_context(&self, packet: &FlowKey) -> Option<ContextId> {
        match self.ntuple.action(packet)? {
            Action::Context(context) => Some(context),
            Action::Queue(_) | Action::Drop => None,
        }
    }

    /// What the explicit rules say of a packet ([`super::packet_of`]), counted.
    pub fn ntuple_action(&mut self, packet: &FlowKey) -> Option<Action> {
        let action = self.ntuple.action(packet)?;
        let counter = match action {
            Action::Queue(_) | Action::Context(_) => SteeringCounter::NtupleHit,
            Action::Drop => SteeringCounter::NtupleDrop,
        };
        self.tally.add(counter, 1);
        Some(action)
    }

    /// Send a flow to a queue from `insert_latency_ns` on: a new rule, or a change of the one it has.
    ///
    /// # Errors
    /// EOPNOTSUPP: no flow; EINVAL: a queue or priority that is not there; ENOSPC: the table is full of rules that do
    /// not make room for this one; EBUSY: so are the ways its hash leaves, or more rules were written than may be, or
    /// too many have yet to drain.
    pub fn insert(
        &mut self,
        now_ns: Nanos,
        request: &SteerRequest,
        queues: &impl QueueProgress,
    ) -> Result<RuleId, SteeringError> {
        self.tally.add(SteeringCounter::Add, 1);
        self.evicted = None;
        let done = self.write(now_ns, request, queues);
        let counter = match done.map_err(|error| error.errno) {
            Ok(_) => SteeringCounter::Ok,
            Err(Errno::ENOSPC) => SteeringCounter::NoSpace,
            Err(Errno::EOPNOTSUPP) => SteeringCounter::NotSupported,
            Err(Errno::EINVAL) => SteeringCounter::Invalid,
            Err(_) => SteeringCounter::Busy,
        };
        self.tally.add(counter, 1);
        done
    }

    /// The rule that made room for the one written last, if one did.
    pub fn evicted(&self) -> Option<RuleId> {
        self.evicted
    }

    /// Send the flow of a rule to another queue.
    ///
    /// # Errors
    /// ENOENT: no such rule; EINVAL; EBUSY: as [`SteeringTable::insert`].
    pub fn move_to(
        &mut self,
        now_ns: Nanos,
        rule: RuleId,
        queue: QueueId,
        queues: &impl QueueProgress,
    ) -> Result<(), SteeringError> {
        let Rule { key, hash, priority, rate_fps, .. } = *self.known(rule)?;
        let request = SteerRequest { key, hash, queue, priority, rate_fps };
        self.insert(now_ns, &request, queues).map(|_| ())
    }

    /// Remove a rule; its flow goes back to the queue of its hash, in order where moves are safe.
    ///
    /// # Errors
    /// ENOENT: no such rule; EBUSY: too many others have yet to drain.
    pub fn remove(
        &mut self,
        now_ns: Nanos,
        rule: RuleId,
        queues: &impl QueueProgress,
    ) -> Result<(), SteeringError> {
        self.known(rule)?;
        self.let_go(now_ns, rule.place, queues)?;
        self.tally.add(SteeringCounter::Delete, 1);
        Ok(())
    }

    /// Look at the next `limit` places and remove the rules that `may_expire`, told each rule and since when it had no
    /// frame; returns how many rules were looked at. Drivers do that from time to time (`rps_may_expire_flow`).
    pub fn scan(
        &mut self,
        now_ns: Nanos,
        limit: usize,
        queues: &impl QueueProgress,
        mut may_expire: impl FnMut(RuleId, &Rule, Nanos) -> bool,
    ) -> usize {
        self.reap(now_ns, REAPED_AT_ONCE, queues);
        let mut looked = 0;
        for _ in 0..limit.min(self.rules.len()) {
            self.cursor = if self.cursor + 1 < self.rules.len() { self.cursor + 1 } else { 0 };
            let place = self.cursor as u32;
            let frames = self.frames(place);
            let Some(rule) = self.rules.get_mut(self.cursor).filter(|rule| rule.is_live()) else { continue };
            looked += 1;
            rule.look(frames, now_ns);
            if may_expire(id(place, rule), rule, rule.counted_ns)
                && self.let_go(now_ns, place, queues).is_ok()
            {
                self.tally.add(SteeringCounter::Expire, 1);
            }
        }
        looked
    }

    /// How long a rule may be idle before it makes room for others of its priority.
    pub fn idle_ns(&self) -> Nanos {
        self.config.idle_ns
    }

    fn known(&self, rule: RuleId) -> Result<&Rule, SteeringError> {
        let known = self.rules.get(rule.place as usize);
        let known = known.filter(|known| known.is_live() && known.serial == rule.serial);
        known.ok_or(SteeringError::new(Errno::ENOENT, "rule", rule.to_bits(), "a rule of the table"))
    }

    fn check_queue(&self, queue: QueueId) -> Result<(), SteeringError> {
        if queue.0 < self.queues {
            return Ok(());
        }
        Err(SteeringError::new(Errno::EINVAL, "queue", queue.0.into(), "a queue the NIC has"))
    }

    /// What the table knows a flow by, and the hash that says where it is. The RSS hash may leave out the ports.
    #[inline]
    pub fn name(&self, key: &FlowKey, hash: u32) -> (FlowKey, u32) {
        match self.config.signature_bits {
            0 => (*key, hash ^ key.ports().wrapping_mul(0x85eb_ca6b)),
            bits => {
                let signature = hash & (u32::MAX >> (32 - bits));
                (FlowKey::signature(signature), signature)
            }
        }
    }

    pub(super) fn frames(&self, place: u32) -> u64 {
        self.flows.flow(Slot(place)).map_or(0, |flow| flow.packets)
    }

    fn write(
        &mut self,
        now_ns: Nanos,
        request: &SteerRequest,
        queues: &impl QueueProgress,
    ) -> Result<RuleId, SteeringError> {
        let SteerRequest { key, hash, queue, priority, rate_fps } = *request;
        self.check_queue(queue)?;
        if priority >= PRIORITIES {
            return Err(SteeringError::new(Errno::EINVAL, "priority", priority.into(), "0 to 15"));
        }
        if !key.is_some() {
            let allowed = "TCP or UDP with ports to see";
            return Err(SteeringError::new(Errno::EOPNOTSUPP, "flow", 0, allowed));
        }
        self.reap(now_ns, REAPED_AT_ONCE, queues);
        let (name, table_hash) = self.name(&key, hash);
        let known = self.flows.find(&name, table_hash).map(|slot| slot.0);
        let class = if self.config.admission == Admission::Priority { priority } else { 0 };
        if let Some(place) = known
            && let Some(rule) = self.rules.get(place as usize)
            && rule.is_live()
            && (rule.queue, rule.priority, rule.key) == (queue, priority, key)
        {
            return Ok(id(place, rule));
        }
        if !self.budget.take(now_ns) {
            let value = self.config.insertions_per_second;
            return Err(SteeringError::new(
                Errno::EBUSY,
                "insertions_per_second",
                value,
                "no more than that",
            ));
        }
        let at_ns = now_ns + self.config.insert_latency_ns;
        let place = match known {
            Some(place) if self.rules.get(place as usize).is_some_and(Rule::is_live) => {
                self.by_priority.remove(&mut self.rules, place);
                place
            }
            other => {
                let standing = Standing { class, rate_fps, counted_ns: now_ns };
                self.make_room(now_ns, hash, &standing, queues)?;
                let place = match other {
                    Some(place) => place,
                    None => self.flows.insert(name, table_hash, LOOK).map_err(no_room)?.0,
                };
                self.settle_in(place, hash);
                place
            }
        };
        let serial = self.serial;
        let Some(rule) = self.rules.get_mut(place as usize) else {
            return Err(no_room(Full::Table));
        };
        match rule.state {
            State::Vacant => {
                self.serial = self.serial.wrapping_add(1);
                *rule = Rule { serial, state: State::Fresh { at_ns }, ..Rule::VACANT };
                (rule.counted_ns, rule.looked_ns, rule.rate_fps) = (now_ns, now_ns, rate_fps);
            }
            State::Leaving { mark, .. } => {
                self.serial = self.serial.wrapping_add(1);
                rule.serial = serial;
                rule.state = State::Moving { from: rule.queue, at_ns, mark };
            }
            State::Steady if rule.queue != queue => {
                rule.state = State::Moving { from: rule.queue, at_ns, mark: queues.written(rule.queue) };
            }
            State::Moving { from, mark, .. } => rule.state = State::Moving { from, at_ns, mark },
            State::Steady | State::Fresh { .. } => {}
        }
        if rule.key.is_some() && rule.queue != queue {
            rule.moves += 1;
            self.tally.add(SteeringCounter::Move, 1);
        }
        (rule.key, rule.hash, rule.queue, rule.priority, rule.class) = (key, hash, queue, priority, class);
        let id = id(place, rule);
        self.flows.set_value(Slot(place), LOOK | u32::from(queue.0));
        self.by_priority.push(&mut self.rules, place);
        Ok(id)
    }

    /// A rule has come to live at `place`.
    fn settle_in(&mut self, place: u32, hash: u32) {
        if self.rules.len() <= place as usize {
            self.rules.resize(place as usize + 1, Rule::VACANT);
        }
        self.no_longer_leaving(place);
        self.ways.put(hash, place);
        self.live += 1;
    }
}

pub(super) fn id(place: u32, rule: &Rule) -> RuleId {
    RuleId { place, serial: rule.serial }
}

/// Rules that may drain at a time beside those in the table.
pub(super) fn most_leaving(capacity_rules: u32) -> u32 {
    capacity_rules / 8 + 64
}

fn no_room(full: Full) -> SteeringError {
    match full {
        Full::Table => SteeringError::new(Errno::ENOSPC, "flow table", 0, "fewer rules that drain"),
        Full::Neighbourhood => {
            SteeringError::new(Errno::EBUSY, "hash", 0, "a hash that fewer flows of the table are near")
        }
    }
}

#[cfg(test)]
#[path = "table_tests.rs"]
mod tests;
