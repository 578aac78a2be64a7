//! From the scenario's `steering` keys to the NIC's flow table and what the host does about flows.

use crate::network::network;
use crate::nic_settings::context_ids;
use crate::scenario::{Mode, NtupleSection};
use crate::{Scenario, ScenarioError};
use host::{CallbackConfig, RfsConfig, SteeringConfig as HostSteering};
use nic::rss::ContextId;
use nic::steering::{Action, Admission, FlowKey, Moves, NtupleRule, SteeringConfig};
use stage::{CpuId, QueueId};

/// The flow table of the scenario's NIC, where its mode has one.
pub(crate) fn flow_table(scenario: &Scenario) -> Result<Option<SteeringConfig>, ScenarioError> {
    let table = &scenario.steering.table;
    let refused = |key: &str, value: &str, allowed: &str| {
        Err(ScenarioError::new(format!("steering.table.{key}"), value, allowed))
    };
    let config = SteeringConfig {
        capacity_rules: table.capacity_rules,
        ways: table.ways,
        signature_bits: table.signature_bits,
        insert_latency_ns: table.insert_latency_ns,
        insertions_per_second: table.insertions_per_second,
        admission: match Admission::from_name(&table.admission) {
            Some(admission) => admission,
            None => return refused("admission", &table.admission, "first_come, rate, priority"),
        },
        moves: match table.moves.as_str() {
            "safe" => Moves::Safe { drain_ns: table.drain_ns },
            "unsafe" => Moves::Unsafe,
            other => return refused("moves", other, "safe, unsafe"),
        },
        idle_ns: table.idle_ns,
        rules: rules(scenario)?,
    };
    Ok(match scenario.steering.mode {
        Mode::Arfs | Mode::Callback | Mode::Ntuple => Some(config),
        Mode::None | Mode::Rss | Mode::Rps | Mode::Rfs => (!config.rules.is_empty()).then_some(config),
    })
}

/// What the scenario's host does about flows. `irq_cpu` is the CPU of a queue's interrupt.
pub(crate) fn host_steering(scenario: &Scenario, irq_cpu: impl Fn(QueueId) -> CpuId) -> HostSteering {
    let steering = &scenario.steering;
    let mode = steering.mode;
    let rfs = |accelerated| RfsConfig {
        sock_flow_entries: steering.rfs.sock_flow_entries,
        flow_entries: steering.rfs.flow_entries,
        accelerated,
    };
    let mut cpu_queues = vec![Vec::new(); usize::from(scenario.host.cpus)];
    for queue in (0..scenario.nic.queues).map(QueueId) {
        if let Some(queues) = cpu_queues.get_mut(irq_cpu(queue).index()) {
            queues.push(queue);
        }
    }
    let tells = matches!(mode, Mode::Arfs | Mode::Callback);
    HostSteering {
        rfs: match mode {
            Mode::Rfs => Some(rfs(false)),
            Mode::Arfs => Some(rfs(true)),
            _ => None,
        },
        callback: (mode == Mode::Callback).then_some(CallbackConfig {
            window_ns: steering.callback.window_ns,
            hysteresis_ns: steering.callback.hysteresis_ns,
            retry_ns: steering.callback.retry_ns,
        }),
        cpu_queues,
        scan_interval_ns: if tells { steering.scan.interval_ns } else { 0 },
        scan_rules: steering.scan.rules,
        idle_ns: steering.table.idle_ns,
    }
}

/// CPUs RPS spreads over.
pub(crate) fn rps_cpus(scenario: &Scenario) -> Vec<u16> {
    let listed = &scenario.host.rps.cpus;
    match scenario.steering.mode {
        Mode::Rps | Mode::Rfs if listed.is_empty() => (0..scenario.host.cpus).collect(),
        _ => listed.clone(),
    }
}

fn rules(scenario: &Scenario) -> Result<Vec<NtupleRule>, ScenarioError> {
    let contexts = context_ids(&scenario.nic.rss)?;
    let mut rules: Vec<NtupleRule> = Vec::with_capacity(scenario.steering.rules.len());
    for (i, given) in scenario.steering.rules.iter().enumerate() {
        let new = rule(i, given, scenario.nic.queues, &contexts)?;
        if let Some(first) = rules.iter().position(|other| other.location == new.location) {
            let allowed = format!("a location of its own; steering.rules[{first}] has this one");
            return Err(ScenarioError::new(format!("steering.rules[{i}].location"), new.location, allowed));
        }
        rules.push(new);
    }
    Ok(rules)
}

fn rule(i: usize, given: &NtupleSection, queues: u16, contexts: &[u32]) -> Result<NtupleRule, ScenarioError> {
    let key = |name: &str| format!("steering.rules[{i}].{name}");
    let source = network(&key("source"), &given.source)?;
    let destination = network(&key("destination"), &given.destination)?;
    let bytes = match (&source, &destination) {
        (Some(a), Some(b)) if a.bytes.len() != b.bytes.len() => {
            let allowed = "an address of the source's family";
            return Err(ScenarioError::new(key("destination"), &given.destination, allowed));
        }
        (Some(either), _) | (_, Some(either)) => either.bytes.len(),
        _ => 0,
    };
    let (mut addresses, mut address_mask) = ([0; 32], [0; 32]);
    for (at, network) in [(0, &source), (bytes, &destination)] {
        if let Some(network) = network {
            copy(&mut addresses, at, &network.bytes);
            copy(&mut address_mask, at, &network.mask);
        }
    }
    let (protocol, protocol_mask) = match given.protocol.as_str() {
        "" => (0, 0),
        "tcp" => (wire::protocol::TCP, 255),
        "udp" => (wire::protocol::UDP, 255),
        other => return Err(ScenarioError::new(key("protocol"), other, "tcp, udp, or nothing for any")),
    };
    let port = |port: Option<u16>, mask: u16| {
        (port.unwrap_or(0).to_be_bytes(), port.map_or(0, |_| mask).to_be_bytes())
    };
    let (source_port, source_mask) = port(given.source_port, given.source_port_mask);
    let (destination_port, destination_mask) = port(given.destination_port, given.destination_port_mask);
    let both = |[a, b]: [u8; 2], [c, d]: [u8; 2]| [a, b, c, d];
    let version = match bytes {
        0 => 0,
        4 => 4,
        _ => 6,
    };
    let version_mask = if version == 0 { 0 } else { 255 };
    let mut value = FlowKey::from_parts(addresses, both(source_port, destination_port), protocol, version);
    let mut mask =
        FlowKey::from_parts(address_mask, both(source_mask, destination_mask), protocol_mask, version_mask);
    match given.vlan {
        Some(vlan @ 0..4095) => (value, mask) = (value.in_vlan(vlan), mask.in_vlan(0xfff)),
        Some(vlan) => return Err(ScenarioError::new(key("vlan"), vlan, "0 to 4094")),
        None => {}
    }
    let action = action(given, queues, contexts).map_err(|e| e.within(&format!("steering.rules[{i}]")))?;
    Ok(NtupleRule { location: given.location.unwrap_or(i as u32), value, mask, action })
}

fn action(given: &NtupleSection, queues: u16, contexts: &[u32]) -> Result<Action, ScenarioError> {
    match (given.context, given.queue) {
        (Some(id), 0) => match contexts.iter().position(|other| *other == id) {
            Some(place) => Ok(Action::Context(ContextId(place as u8 + 1))),
            None => Err(ScenarioError::new("context", id, format!("one of nic.rss.contexts: {contexts:?}"))),
        },
        (Some(_), queue) => Err(ScenarioError::new("queue", queue, "0 beside a context")),
        (None, -1) => Ok(Action::Drop),
        (None, queue) if (0..i32::from(queues)).contains(&queue) => Ok(Action::Queue(QueueId(queue as u16))),
        (None, queue) => Err(ScenarioError::new("queue", queue, format!("-1 to {}", queues - 1))),
    }
}

fn copy(to: &mut [u8; 32], at: usize, from: &[u8]) {
    to.iter_mut().skip(at).zip(from).for_each(|(to, from)| *to = *from);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Format;

    fn actions(rule: &str) -> Result<Vec<Action>, String> {
        let contexts = "version = 1\n[[nic.rss.contexts]]\nid = 5\n[[nic.rss.contexts]]\n";
        let scenario = Scenario::parse(&format!("{contexts}[[steering.rules]]\n{rule}"), Format::Toml);
        scenario
            .and_then(|scenario| rules(&scenario))
            .map(|rules| rules.iter().map(|rule| rule.action).collect())
            .map_err(|e| e.key)
    }

    #[test]
    fn rules_name_contexts_by_their_numbers() {
        assert_eq!(actions("context = 5"), Ok(vec![Action::Context(ContextId(1))]));
        assert_eq!(actions("context = 2"), Ok(vec![Action::Context(ContextId(2))]));
        assert_eq!(actions("context = 1"), Err("steering.rules[0].context".into()));
        assert_eq!(actions("context = 5\nqueue = 1"), Err("steering.rules[0].queue".into()));
        assert_eq!(actions("vlan = 4095"), Err("steering.rules[0].vlan".into()));
    }

    #[test]
    fn no_two_contexts_have_one_number() {
        let mut scenario = Scenario::default();
        scenario.nic.rss.contexts = vec![Default::default(), Default::default()];
        assert_eq!(context_ids(&scenario.nic.rss), Ok(vec![1, 2]));
        scenario.nic.rss.contexts[1].id = Some(1);
        assert_eq!(context_ids(&scenario.nic.rss).unwrap_err().key, "nic.rss.contexts[1].id");
    }
}
