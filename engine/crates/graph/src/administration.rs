//! What an administrator changes while it runs: patches of the scenario document (RFC 7396), all of a patch or none.
//!
//! A patch is parsed with the document it changes, as if that had been given at the start, and what it comes to is
//! built at once; whoever drives the NIC only puts it in place, between two frames.

mod change;
mod script;

pub use change::Change;
pub(crate) use script::timetable;

use crate::nic_settings::nic_config;
use crate::receive_path::refused_by_nic;
use crate::steering_settings::flow_table;
use crate::{Hasher, Scenario, ScenarioError};
use nic::{Built, Reconfiguration};
use script::Step;
use stage::Nanos;
use std::collections::VecDeque;

/// The document as it is now, and the steps of the script that are still to come.
pub struct Administration {
    built: Built,
    current: Scenario,
    steps: VecDeque<Step>,
}

impl Administration {
    /// # Errors
    /// A step of the script that the NIC refuses, or that changes what cannot be changed while it runs.
    pub fn new(scenario: &Scenario, hasher: &Hasher) -> Result<Self, ScenarioError> {
        let flow_table = flow_table(scenario)?.is_some();
        let built = Built { queues: scenario.nic.queues, ring_size: scenario.nic.ring_size, flow_table };
        let mut steps = VecDeque::new();
        for (i, at_ns, change, document) in timetable(scenario)? {
            let ready = prepare(&document, built, hasher).map_err(|e| e.within(&format!("control[{i}]")))?;
            steps.push_back(Step { at_ns, change, document, ready });
        }
        Ok(Administration { built, current: without_script(scenario), steps })
    }

    /// The document as it is now; the script is not part of it.
    pub fn document(&self) -> &Scenario {
        &self.current
    }

    /// Whether a scenario's NIC can be built, and its script carried out; nothing is.
    ///
    /// # Errors
    /// As [`Administration::new`], and what the NIC refuses from the start.
    pub fn check(scenario: &Scenario, hasher: &Hasher) -> Result<(), ScenarioError> {
        let administration = Self::new(scenario, hasher)?;
        prepare(scenario, administration.built, hasher).map(drop)
    }

    /// What the NIC was built with, and cannot exceed.
    pub fn built(&self) -> Built {
        self.built
    }

    /// The documents that are to come, by step of the script.
    pub fn documents(&self) -> impl Iterator<Item = &Scenario> {
        self.steps.iter().map(|step| &step.document)
    }

    /// The document as a change would leave it; nothing is changed.
    ///
    /// # Errors
    /// What the parser refuses, and what cannot be changed while it runs.
    pub fn preview(&self, change: &Change) -> Result<Scenario, ScenarioError> {
        change.applied_to(&self.current)
    }

    /// When the script's next step is due.
    pub fn next_ns(&self) -> Option<Nanos> {
        self.steps.front().map(|step| step.at_ns)
    }

    /// The script's next step, if it is due by `now_ns`: the document has changed, and the answer is for the NIC.
    pub fn step(&mut self, now_ns: Nanos) -> Option<Reconfiguration> {
        self.steps.front().filter(|step| step.at_ns <= now_ns)?;
        let Step { document, ready, .. } = self.steps.pop_front()?;
        self.current = document;
        Some(ready)
    }

    /// Change the document now; the answer is for the NIC. The script's steps come on top.
    ///
    /// # Errors
    /// What the parser and the NIC refuse, what cannot be changed while it runs, or a step of the script that could no
    /// longer be taken; nothing has changed then.
    pub fn change(&mut self, change: &Change, hasher: &Hasher) -> Result<Reconfiguration, ScenarioError> {
        let current = change.applied_to(&self.current)?;
        let ready = prepare(&current, self.built, hasher)?;
        let mut document = current.clone();
        let mut steps = VecDeque::with_capacity(self.steps.len());
        for step in &self.steps {
            let later = |e: ScenarioError| e.within(&format!("control[at {} ns]", step.at_ns));
            document = step.change.applied_to(&document).map_err(later)?;
            let ready = prepare(&document, self.built, hasher).map_err(later)?;
            let (at_ns, change) = (step.at_ns, step.change.clone());
            steps.push_back(Step { at_ns, change, document: document.clone(), ready });
        }
        (self.current, self.steps) = (current, steps);
        Ok(ready)
    }
}

fn prepare(scenario: &Scenario, built: Built, hasher: &Hasher) -> Result<Reconfiguration, ScenarioError> {
    Reconfiguration::new(nic_config(scenario)?, built, hasher).map_err(refused_by_nic)
}

/// A document that is changed has no script: its steps are changes themselves.
fn without_script(scenario: &Scenario) -> Scenario {
    Scenario { control: Vec::new(), ..scenario.clone() }
}

#[cfg(test)]
mod tests;
