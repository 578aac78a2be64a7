//! Explicit rules with masks (`ethtool -N`): the one at the lowest location that fits a packet is taken.

use crate::ConfigError;
use crate::rss::ContextId;
use stage::{Errno, FlowKey, QueueId, SteeringError};

/// Most explicit rules.
const MOST_RULES: usize = 1024;

/// What becomes of a packet that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It goes to this queue.
    Queue(QueueId),
    /// It is spread by this RSS context; by the default one, if there is none of the number.
    Context(ContextId),
    /// It is dropped (`action -1`, RX_CLS_FLOW_DISC).
    Drop,
}

/// An explicit rule. Ports fit TCP and UDP packets that are no fragments; a fragment shows none, as 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NtupleRule {
    /// Rules of lower locations come first; no two have the same.
    pub location: u32,
    /// What a packet's addresses, ports, protocol, version and VLAN have to be where `mask` has ones.
    pub value: FlowKey,
    /// Which bits count.
    pub mask: FlowKey,
    /// What becomes of it.
    pub action: Action,
}

impl NtupleRule {
    pub(super) fn check(&self, queues: u16) -> Result<(), ConfigError> {
        match self.action {
            Action::Queue(queue) if queue.0 >= queues => {
                Err(ConfigError::new("steering.rules.queue", queue.0, format!("-1 to {}", queues - 1)))
            }
            _ => Ok(()),
        }
    }

    /// What it looks for: two rules of the same are duplicates.
    fn selects(&self) -> (FlowKey, FlowKey) {
        (self.value.masked(&self.mask), self.mask)
    }
}

/// The explicit rules, by location.
#[derive(Clone, Debug, Default)]
pub(crate) struct NtupleRules(Vec<NtupleRule>);

impl NtupleRules {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &NtupleRule> {
        self.0.iter()
    }

    /// What the first rule that fits says.
    #[inline]
    pub(super) fn action(&self, packet: &FlowKey) -> Option<Action> {
        let fits = |rule: &&NtupleRule| packet.matches(&rule.value, &rule.mask);
        self.0.iter().find(fits).map(|rule| rule.action)
    }

    /// Add a rule, or replace the one at its location.
    ///
    /// # Errors
    /// EEXIST: another location selects the same packets; ENOSPC: 1,024 rules are there.
    pub(super) fn insert(&mut self, rule: NtupleRule) -> Result<(), SteeringError> {
        let same = |other: &&NtupleRule| other.location != rule.location && other.selects() == rule.selects();
        if let Some(other) = self.0.iter().find(same) {
            let allowed = "a location whose rule does not select the same packets";
            return Err(SteeringError::new(Errno::EEXIST, "location", other.location.into(), allowed));
        }
        match self.0.binary_search_by_key(&rule.location, |other| other.location) {
            Ok(at) => {
                if let Some(old) = self.0.get_mut(at) {
                    *old = rule;
                }
            }
            Err(_) if self.0.len() == MOST_RULES => {
                let allowed = "1024 explicit rules in all";
                return Err(SteeringError::new(Errno::ENOSPC, "location", rule.location.into(), allowed));
            }
            Err(at) => self.0.insert(at, rule),
        }
        Ok(())
    }

    /// Remove the rule at a location.
    ///
    /// # Errors
    /// ENOENT: none is there.
    pub(super) fn remove(&mut self, location: u32) -> Result<NtupleRule, SteeringError> {
        match self.0.binary_search_by_key(&location, |rule| rule.location) {
            Ok(at) => Ok(self.0.remove(at)),
            Err(_) => {
                let allowed = "the location of a rule";
                Err(SteeringError::new(Errno::ENOENT, "location", location.into(), allowed))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(location: u32, port: u16, mask: u16, action: Action) -> NtupleRule {
        let key = |port: u16| {
            FlowKey::from_parts([0; 32], [0, 0, port.to_be_bytes()[0], port.to_be_bytes()[1]], 0, 0)
        };
        NtupleRule { location, value: key(port), mask: key(mask), action }
    }

    fn packet(port: u16) -> FlowKey {
        FlowKey::ipv4([10, 0, 0, 1, 10, 0, 0, 2], [4, 0, port.to_be_bytes()[0], port.to_be_bytes()[1]], 6)
    }

    #[test]
    fn the_lowest_location_that_fits_is_taken() {
        let mut rules = NtupleRules::default();
        rules.insert(rule(9, 0, 0xff00, Action::Drop)).unwrap();
        rules.insert(rule(3, 80, 0xffff, Action::Queue(QueueId(1)))).unwrap();
        assert_eq!(rules.action(&packet(80)), Some(Action::Queue(QueueId(1))));
        assert_eq!(rules.action(&packet(81)), Some(Action::Drop));
        assert_eq!(rules.action(&packet(8080)), None);
        rules.insert(rule(1, 80, 0xfff0, Action::Drop)).unwrap();
        assert_eq!(rules.action(&packet(80)), Some(Action::Drop));
    }

    #[test]
    fn duplicates_are_refused_and_locations_replaced() {
        let mut rules = NtupleRules::default();
        rules.insert(rule(3, 80, 0xffff, Action::Drop)).unwrap();
        let refused = rules.insert(rule(4, 80, 0xffff, Action::Queue(QueueId(0)))).unwrap_err();
        assert_eq!((refused.errno, refused.value), (Errno::EEXIST, 3));
        rules.insert(rule(3, 80, 0xffff, Action::Queue(QueueId(0)))).unwrap();
        assert_eq!(rules.action(&packet(80)), Some(Action::Queue(QueueId(0))));
        assert_eq!(rules.remove(4).unwrap_err().errno, Errno::ENOENT);
        assert!(rules.remove(3).is_ok() && rules.is_empty());
        for location in 0..1024 {
            rules.insert(rule(location, location as u16, 0xffff, Action::Drop)).unwrap();
        }
        assert_eq!(rules.insert(rule(5000, 5000, 0xffff, Action::Drop)).unwrap_err().errno, Errno::ENOSPC);
        assert!(rules.insert(rule(7, 5000, 0xffff, Action::Drop)).is_ok());
    }
}
