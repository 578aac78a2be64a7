//! The control script: changes with times.

use super::{Change, without_script};
use crate::{Scenario, ScenarioError};
use nic::Reconfiguration;
use stage::Nanos;

/// A step that is still to come.
pub(super) struct Step {
    pub(super) at_ns: Nanos,
    pub(super) change: Change,
    /// The document after it.
    pub(super) document: Scenario,
    pub(super) ready: Reconfiguration,
}

/// The script in order of time: which step, when, the change, and the document after it.
///
/// # Errors
/// Names the step that cannot be.
pub(crate) fn timetable(scenario: &Scenario) -> Result<Vec<(usize, Nanos, Change, Scenario)>, ScenarioError> {
    let end_ns = scenario.duration_ns.saturating_add(scenario.drain_ns);
    let mut order: Vec<_> = scenario.control.iter().enumerate().collect();
    order.sort_by_key(|(_, step)| step.at_ns);
    let mut document = without_script(scenario);
    let mut found = Vec::with_capacity(order.len());
    for (i, step) in order {
        let name = format!("control[{i}]");
        if step.at_ns > end_ns {
            let allowed = format!("0 to {end_ns}, the end of the run");
            return Err(ScenarioError::new(format!("{name}.at_ns"), step.at_ns, allowed));
        }
        let change = Change::from_settings(&step.settings).map_err(|e| e.within(&name))?;
        document = change.applied_to(&document).map_err(|e| e.within(&name))?;
        found.push((i, step.at_ns, change, document.clone()));
    }
    Ok(found)
}
