//! What runs where, and what this ground refuses.

use super::settings::{Pacing, Settings};
use graph::scenario::Mode;
use graph::{Scenario, ScenarioError, irq_cpu_of};
use stage::{CpuId, QueueId, TaskId};

/// A host thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostPlan {
    /// The scenario's CPU it is.
    pub(crate) cpu: CpuId,
    /// The machine's CPU it is pinned to.
    pub(crate) machine_cpu: usize,
    /// Queues whose interrupts go to it.
    pub(crate) queues: Vec<QueueId>,
}

/// All threads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Plan {
    /// The machine's CPU of the NIC's thread.
    pub(crate) nic_machine_cpu: usize,
    /// A thread for each CPU of the scenario that takes interrupts.
    pub(crate) hosts: Vec<HostPlan>,
    /// Threads share CPUs.
    pub(crate) crowded: bool,
}

impl Plan {
    /// Lay a scenario out on the machine CPUs this process may use.
    ///
    /// # Errors
    /// Names the key real time cannot honour, or both numbers of CPUs.
    pub(crate) fn new(
        scenario: &Scenario,
        settings: &Settings,
        machine: &[usize],
    ) -> Result<Plan, ScenarioError> {
        check(scenario, settings)?;
        let mut hosts: Vec<HostPlan> = Vec::new();
        for cpu in (0..scenario.host.cpus).map(CpuId) {
            let queues: Vec<_> = (0..scenario.nic.queues)
                .map(QueueId)
                .filter(|queue| irq_cpu_of(scenario, *queue) == cpu)
                .collect();
            if queues.is_empty() {
                continue;
            }
            if tasks_of(scenario, cpu).next().is_none() {
                let allowed = format!(
                    "an application on CPU {}, which takes interrupts: in real time sockets are read where frames arrive",
                    cpu.0
                );
                return Err(ScenarioError::new("host.apps.count", scenario.app_count(), allowed));
            }
            hosts.push(HostPlan { cpu, machine_cpu: 0, queues });
        }
        let wanted = hosts.len() + 1;
        let crowded = wanted > machine.len();
        if crowded && !settings.oversubscribe {
            let allowed = format!(
                "{} with the {} CPUs this process may use (one is the NIC's), or oversubscribe",
                machine.len().saturating_sub(1),
                machine.len()
            );
            let value = format!("{}, {wanted} threads with the NIC's", hosts.len());
            return Err(ScenarioError::new("host.cpus that take interrupts", value, allowed));
        }
        let at = |i: usize| machine.get(i % machine.len().max(1)).copied().unwrap_or(0);
        for (i, host) in hosts.iter_mut().enumerate() {
            host.machine_cpu = at(i + 1);
        }
        Ok(Plan { nic_machine_cpu: at(0), hosts, crowded })
    }
}

/// The tasks that run on a CPU.
pub(crate) fn tasks_of(scenario: &Scenario, cpu: CpuId) -> impl Iterator<Item = TaskId> + '_ {
    let listed = scenario.host.apps.cpus.as_slice();
    let cpu_of = move |task: u32| match listed {
        [] => task % u32::from(scenario.host.cpus),
        cpus => u32::from(cpus[task as usize % cpus.len()]),
    };
    (0..scenario.app_count()).filter(move |task| cpu_of(*task) == u32::from(cpu.0)).map(TaskId)
}

fn check(scenario: &Scenario, settings: &Settings) -> Result<(), ScenarioError> {
    if graph::has_senders(scenario) {
        let allowed = "generated or capture with clock = real: these senders live in virtual time; before this machine's kernel its own TCP sends";
        return Err(ScenarioError::new("traffic.streams", "tcp", allowed));
    }
    let refused = |key: &str, value: String, allowed: &str| Err(ScenarioError::new(key, value, allowed));
    if !scenario.host.rps.cpus.is_empty() {
        let value = format!("{:?}", scenario.host.rps.cpus);
        return refused("host.rps.cpus", value, "empty with clock = real: frames stay on their queue's CPU");
    }
    check_steering(scenario)?;
    let (napi, apps) = (&scenario.host.napi, &scenario.host.apps);
    for (key, value) in [
        ("host.napi.gro_flush_timeout_ns", napi.gro_flush_timeout_ns),
        ("host.napi.defer_hard_irqs", napi.defer_hard_irqs.into()),
        ("host.napi.irq_suspend_timeout_ns", napi.irq_suspend_timeout_ns),
        ("host.apps.busy_poll_usecs", apps.busy_poll_usecs.into()),
        ("host.apps.prefer_busy_poll", apps.prefer_busy_poll.into()),
        ("host.apps.by_napi", apps.by_napi.into()),
        ("host.apps.answer_bytes", apps.answer_bytes.into()),
        ("nic.coalesce.adaptive_rx", scenario.nic.coalesce.adaptive_rx.into()),
        ("nic.coalesce.adaptive_tx", scenario.nic.coalesce.adaptive_tx.into()),
        ("nic.coalesce.tx_usecs", scenario.nic.coalesce.tx_usecs.into()),
        ("nic.coalesce.tx_max_coalesced_frames", scenario.nic.coalesce.tx_max_coalesced_frames.into()),
        ("nic.coalesce.cqe_mode_rx", scenario.nic.coalesce.cqe_mode_rx.into()),
    ] {
        if value > 0 {
            let allowed =
                "0 or false with clock = real: host threads poll, set no timer, and read their own queues";
            return refused(key, value.to_string(), allowed);
        }
    }
    if !scenario.costs.is_empty() {
        let value = format!("{} rows", scenario.costs.len());
        return refused("costs", value, "none with clock = real: work costs what it costs");
    }
    if scenario.host.apps.work_per_message > 1 {
        let value = scenario.host.apps.work_per_message.to_string();
        return refused(
            "host.apps.work_per_message",
            value,
            "0 or 1 with clock = real: applications only read",
        );
    }
    if let Some(frames) = settings.prepared_frames {
        if frames == 0 || frames > 1 << 20 {
            return refused("prepared_frames", frames.to_string(), "1 to 1048576");
        }
        if settings.pacing != Pacing::Lossless {
            return refused("prepared_frames", frames.to_string(), "only with pacing = lossless");
        }
    }
    Ok(())
}

/// Sockets are read where their frames arrive, so that nothing can follow a reader.
fn check_steering(scenario: &Scenario) -> Result<(), ScenarioError> {
    let (host, apps) = (&scenario.host, &scenario.host.apps);
    let refused = |key: &str, value: String, allowed: &str| {
        Err(ScenarioError::new(key, value, format!("{allowed} with clock = real: applications do not move")))
    };
    if !matches!(scenario.steering.mode, Mode::None | Mode::Rss | Mode::Ntuple) {
        let value = scenario.steering.mode.name().to_owned();
        return refused("steering.mode", value, "none, rss or ntuple");
    }
    if !apps.pinned {
        return refused("host.apps.pinned", "false".into(), "true");
    }
    if apps.migrations_per_second > 0 {
        return refused("host.apps.migrations_per_second", apps.migrations_per_second.to_string(), "0");
    }
    for (key, value) in [
        ("host.apps.migrations", apps.migrations.len()),
        ("host.apps.acceptors", apps.acceptors as usize),
        ("host.unplug", host.unplug.len()),
    ] {
        if value > 0 {
            return refused(key, value.to_string(), "none");
        }
    }
    if apps.readers_per_socket > 1 {
        return refused("host.apps.readers_per_socket", apps.readers_per_socket.to_string(), "1");
    }
    Ok(())
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
