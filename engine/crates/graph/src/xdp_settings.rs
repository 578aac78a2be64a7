//! The XDP program and the page pools: from the document to the host's settings.

use crate::network::network;
use crate::{Scenario, ScenarioError};
use host::forward::Network;
use host::{PagePoolConfig, XdpAction, XdpRule};
use wire::protocol;

/// The program's rules.
///
/// # Errors
/// Names the key that is no address.
pub(crate) fn xdp_rules(scenario: &Scenario) -> Result<Vec<XdpRule>, ScenarioError> {
    let side = |key: String, text: &str| {
        let given = network(&key, text)?;
        Ok(given.and_then(|given| Network::new(&given.bytes, &given.mask)))
    };
    let rules = scenario.host.xdp.rules.iter().enumerate();
    rules
        .map(|(i, rule)| {
            Ok(XdpRule {
                protocol: match rule.protocol.as_str() {
                    "tcp" => Some(protocol::TCP),
                    "udp" => Some(protocol::UDP),
                    _ => None,
                },
                source: side(format!("host.xdp.rules[{i}].source"), &rule.source)?,
                destination: side(format!("host.xdp.rules[{i}].destination"), &rule.destination)?,
                source_port: rule.source_port,
                destination_port: rule.destination_port,
                action: match rule.action.as_str() {
                    "pass" => XdpAction::Pass,
                    "redirect" => XdpAction::Redirect,
                    _ => XdpAction::Drop,
                },
            })
        })
        .collect()
}

/// The queues' page pools, where they are asked for.
pub(crate) fn page_pools(scenario: &Scenario) -> Option<PagePoolConfig> {
    let pool = &scenario.host.page_pool;
    let ring_pages = if pool.ring_pages == 0 { scenario.nic.ring_size } else { pool.ring_pages };
    pool.enabled.then_some(PagePoolConfig { ring_pages })
}
