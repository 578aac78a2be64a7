//! The flow table as the host and the administrator see it.

use crate::Nic;
use crate::queue::Moving;
use crate::rss::HashInput;
use crate::steering::{NtupleRule, SteeringTable};
use stage::{Errno, Nanos, QueueId, RuleId, SteerRequest, SteeringError};

/// What a NIC without a flow table answers.
const NO_TABLE: SteeringError =
    SteeringError::new(Errno::EOPNOTSUPP, "flow table", 0, "a NIC that has one (steering is off)");

impl Nic {
    /// Whether there is a flow table, so that [`Nic::steer`] needs the frames' flows.
    #[inline]
    pub fn steers(&self) -> bool {
        self.steering.is_some()
    }

    /// The RSS hash of `input` under the NIC's own key.
    pub fn hash(&self, input: &HashInput) -> u32 {
        let mut input = *input;
        self.rss.symmetry.apply(&mut input);
        self.hasher.hash(&input)
    }

    /// The flow table, to be looked at.
    pub fn steering(&self) -> Option<&SteeringTable> {
        self.steering.as_deref()
    }

    /// Send a flow to a queue: a new rule, or a change of the one it has.
    ///
    /// # Errors
    /// As [`SteeringTable::insert`]; EOPNOTSUPP without a flow table.
    pub fn insert_rule(&mut self, now_ns: Nanos, request: &SteerRequest) -> Result<RuleId, SteeringError> {
        let table = self.steering.as_mut().ok_or(NO_TABLE)?;
        table.insert(now_ns, request, &Moving(&mut self.queues))
    }

    /// Send the flow of a rule to another queue.
    ///
    /// # Errors
    /// As [`SteeringTable::move_to`].
    pub fn move_rule(&mut self, now_ns: Nanos, rule: RuleId, queue: QueueId) -> Result<(), SteeringError> {
        let table = self.steering.as_mut().ok_or(NO_TABLE)?;
        table.move_to(now_ns, rule, queue, &Moving(&mut self.queues))
    }

    /// Remove a rule.
    ///
    /// # Errors
    /// As [`SteeringTable::remove`].
    pub fn remove_rule(&mut self, now_ns: Nanos, rule: RuleId) -> Result<(), SteeringError> {
        let table = self.steering.as_mut().ok_or(NO_TABLE)?;
        table.remove(now_ns, rule, &Moving(&mut self.queues))
    }

    /// Add an explicit rule, or replace the one at its location (`ethtool -N`).
    ///
    /// # Errors
    /// As [`SteeringTable::insert_ntuple`].
    pub fn insert_ntuple(&mut self, rule: NtupleRule) -> Result<(), SteeringError> {
        self.steering.as_mut().ok_or(NO_TABLE)?.insert_ntuple(rule)
    }

    /// Remove the explicit rule at a location.
    ///
    /// # Errors
    /// As [`SteeringTable::remove_ntuple`].
    pub fn remove_ntuple(&mut self, location: u32) -> Result<NtupleRule, SteeringError> {
        self.steering.as_mut().ok_or(NO_TABLE)?.remove_ntuple(location)
    }
}

#[cfg(test)]
#[path = "flow_table_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "flow_table_lro_tests.rs"]
mod lro_tests;
