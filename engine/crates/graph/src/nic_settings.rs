//! From the scenario's `nic` keys to the NIC's own configuration.

use crate::scenario::{CoalesceSection, ContextSection, Mode, RssFields, RssSection};
use crate::steering_settings::flow_table;
use crate::{Scenario, ScenarioError};
use nic::NicConfig;
use nic::lro::LroConfig;
use nic::queue::{CoalesceConfig, ModerationMode, SentMode};
use nic::rss::{ContextConfig, ContextRule, Fields, FieldsConfig, RssConfig, RssKey, Spread, Symmetry};
use stage::{QueueId, Random};
use wire::coalesce::{Stamps, Told};

pub(crate) fn nic_config(scenario: &Scenario) -> Result<NicConfig, ScenarioError> {
    let nic = &scenario.nic;
    let CoalesceSection { rx_usecs, rx_max_coalesced_frames, .. } = nic.coalesce;
    context_ids(&nic.rss)?;
    let contexts = nic.rss.contexts.iter().enumerate();
    Ok(NicConfig {
        up: nic.up,
        queues: nic.queues,
        ring_size: nic.ring_size,
        buffer_bytes: nic.buffer_bytes,
        tcp_data_split: nic.tcp_data_split,
        max_frame_bytes: nic.max_frame_bytes,
        refill_batch: nic.refill_batch,
        rx_checksum: nic.rx_checksum,
        coalesce: CoalesceConfig { rx_usecs, rx_max_coalesced_frames },
        moderation: moderation(&nic.coalesce),
        queue_coalesce: nic
            .queue_coalesce
            .iter()
            .map(|own| {
                let (rx_usecs, rx_max_coalesced_frames) = (own.rx_usecs, own.rx_max_coalesced_frames);
                (QueueId(own.queue), CoalesceConfig { rx_usecs, rx_max_coalesced_frames })
            })
            .collect(),
        rss: RssConfig {
            key: key("nic.rss.key", &nic.rss.key)?,
            fields: fields(&nic.rss.fields)?,
            symmetry: if nic.rss.symmetric { Symmetry::Xor } else { Symmetry::None },
            inner: nic.rss.inner,
            spread: match scenario.steering.mode {
                Mode::None => Spread::First { size: nic.rss.table_entries as usize, queues: 1 },
                _ => spread("nic.rss", &nic.rss, &nic.rss.table, &nic.rss.weights)?,
            },
        },
        contexts: contexts.map(|(i, given)| context(i, given, &nic.rss)).collect::<Result<_, _>>()?,
        steering: flow_table(scenario)?,
        lro: lro(scenario)?,
    })
}

fn moderation(given: &CoalesceSection) -> ModerationMode {
    ModerationMode {
        adaptive: given.adaptive_rx,
        from_last_frame: given.cqe_mode_rx,
        sent: SentMode {
            adaptive: given.adaptive_tx,
            usecs: given.tx_usecs,
            max_frames: given.tx_max_coalesced_frames,
        },
    }
}

fn lro(scenario: &Scenario) -> Result<Option<LroConfig>, ScenarioError> {
    let given = &scenario.nic.lro;
    let told = match given.flows.as_str() {
        "connection" => Told::ByConnection,
        "linux" => Told::AsLinux,
        other => return Err(ScenarioError::new("nic.lro.flows", other, "connection, linux")),
    };
    let stamps = match given.timestamps.as_str() {
        "equal" => Stamps::Equal,
        "rising" => Stamps::Rising,
        other => return Err(ScenarioError::new("nic.lro.timestamps", other, "equal, rising")),
    };
    Ok(scenario.lro_enabled().then(|| LroConfig {
        contexts: given.contexts,
        timer_us: given.timer_us,
        max_segments: given.max_segments,
        max_bytes: given.max_bytes,
        told,
        stamps,
        trim_padding: given.trim_padding,
        secret: Random::for_component(scenario.seed, "nic.lro").next_u64(),
    }))
}

fn key(name: &str, hex: &str) -> Result<RssKey, ScenarioError> {
    RssKey::from_hex(hex).map_err(|e| ScenarioError::new(name, e.value, e.allowed))
}

fn fields(given: &RssFields) -> Result<FieldsConfig, ScenarioError> {
    let parse = |name: &str, value: &str| match value {
        "off" => Ok(Fields::Off),
        "2-tuple" => Ok(Fields::TwoTuple),
        "4-tuple" => Ok(Fields::FourTuple),
        _ => Err(ScenarioError::new(format!("nic.rss.fields.{name}"), value, "off, 2-tuple, 4-tuple")),
    };
    Ok(FieldsConfig {
        ipv4: parse("ipv4", &given.ipv4)?,
        tcp4: parse("tcp4", &given.tcp4)?,
        udp4: parse("udp4", &given.udp4)?,
        ipv6: parse("ipv6", &given.ipv6)?,
        tcp6: parse("tcp6", &given.tcp6)?,
        udp6: parse("udp6", &given.udp6)?,
    })
}

fn spread(name: &str, rss: &RssSection, table: &[u16], weights: &[u32]) -> Result<Spread, ScenarioError> {
    let size = rss.table_entries as usize;
    match (table, weights) {
        ([], []) => Ok(Spread::Equal { size }),
        ([], weights) => Ok(Spread::Weights { size, weights: weights.to_vec() }),
        (table, []) if table.len() == size => {
            Ok(Spread::Explicit(table.iter().map(|q| QueueId(*q)).collect()))
        }
        (table, []) => {
            let allowed = format!("{size} entries, as nic.rss.table_entries says");
            Err(ScenarioError::new(format!("{name}.table"), format!("{} entries", table.len()), allowed))
        }
        _ => Err(ScenarioError::new(format!("{name}.weights"), "given beside a table", "one of the two")),
    }
}

/// The numbers of the contexts, in their order.
pub(crate) fn context_ids(rss: &RssSection) -> Result<Vec<u32>, ScenarioError> {
    let mut ids = Vec::with_capacity(rss.contexts.len());
    for (i, given) in rss.contexts.iter().enumerate() {
        let id = given.id.unwrap_or(i as u32 + 1);
        if !(1..=64).contains(&id) || ids.contains(&id) {
            let allowed = "1 to 64, and no other context's";
            return Err(ScenarioError::new(format!("nic.rss.contexts[{i}].id"), id, allowed));
        }
        ids.push(id);
    }
    Ok(ids)
}

fn context(i: usize, given: &ContextSection, rss: &RssSection) -> Result<ContextConfig, ScenarioError> {
    let name = format!("nic.rss.contexts[{i}]");
    let rule = match (given.destination_port, given.vlan) {
        (Some(port), None) => Some(ContextRule::DestinationPort(port)),
        (None, Some(vlan)) => Some(ContextRule::Vlan(vlan)),
        (None, None) => None,
        (Some(_), Some(_)) => return Err(ScenarioError::new(name, "two rules", "destination_port or vlan")),
    };
    Ok(ContextConfig {
        rule,
        spread: spread(&name, rss, &given.table, &given.weights)?,
        key: match given.key.as_str() {
            "" => None,
            hex => Some(key(&format!("{name}.key"), hex)?),
        },
    })
}
