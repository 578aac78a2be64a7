//! Who looks at a queue when its interrupt does not: the NAPI's timer, or a program that polls.

use super::check::within;
use crate::{Scenario, ScenarioError};

impl Scenario {
    /// Whether programs poll the device before they sleep.
    pub fn busy_polls(&self) -> bool {
        self.host.apps.busy_poll_usecs > 0 || self.host.apps.prefer_busy_poll
    }

    pub(super) fn check_deferral(&self) -> Result<(), ScenarioError> {
        let (host, napi, apps) = (&self.host, &self.host.napi, &self.host.apps);
        within("host.napi.defer_hard_irqs", napi.defer_hard_irqs, 0..=1_000)?;
        within("host.napi.gro_flush_timeout_ns", napi.gro_flush_timeout_ns, 0..=1_000_000_000)?;
        within("host.napi.irq_suspend_timeout_ns", napi.irq_suspend_timeout_ns, 0..=1_000_000_000)?;
        within("host.apps.read_bytes", apps.read_bytes, 0..=1 << 24)?;
        within("host.apps.busy_poll_usecs", apps.busy_poll_usecs, 0..=1_000_000)?;
        within("host.apps.busy_poll_budget", apps.busy_poll_budget, 1..=4_096)?;
        let refused = |key: &str, value: &str, allowed: &str| Err(ScenarioError::new(key, value, allowed));
        if apps.by_napi && (apps.acceptors > 0 || apps.readers_per_socket > 1) {
            let allowed = "false where tasks accept or share sockets (acceptors, readers_per_socket)";
            return refused("host.apps.by_napi", "true", allowed);
        }
        if self.busy_polls() && host.polling {
            return refused("host.polling", "true", "false with busy polling programs: its CPUs poll anyway");
        }
        let free = self.costs.iter().any(|row| row.op == "napi.poll" && row.ns <= 0.0);
        if self.busy_polls() && free {
            return refused(
                "cost of napi.poll",
                "0",
                "more than 0 with busy polling: a loop that is free never ends",
            );
        }
        Ok(())
    }
}
