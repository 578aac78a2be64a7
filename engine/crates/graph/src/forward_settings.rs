//! Forwarding: from the document to the host's settings.

use crate::network::network;
use crate::{Scenario, ScenarioError};
use host::forward::{ForwardConfig, MAC_BYTES, Network};

/// Where packets that are not for this host go.
///
/// # Errors
/// Names the key that is no address.
pub(crate) fn forward_config(scenario: &Scenario) -> Result<ForwardConfig, ScenarioError> {
    let forwarding = &scenario.host.forwarding;
    let mut addresses = Vec::with_capacity(scenario.host.addresses.len());
    for (i, text) in scenario.host.addresses.iter().enumerate() {
        let key = format!("host.addresses[{i}]");
        let given = network(&key, text)?;
        let Some(network) = given.and_then(|given| Network::new(&given.bytes, &given.mask)) else {
            return Err(ScenarioError::new(key, text, "an address, or a network as in 10.0.0.0/8"));
        };
        addresses.push(network);
    }
    Ok(ForwardConfig {
        addresses,
        enabled: forwarding.enabled,
        mtu_bytes: forwarding.mtu_bytes,
        source_mac: mac("host.forwarding.source_mac", &forwarding.source_mac)?,
        next_hop_mac: mac("host.forwarding.next_hop_mac", &forwarding.next_hop_mac)?,
    })
}

fn mac(key: &str, text: &str) -> Result<[u8; MAC_BYTES], ScenarioError> {
    let refused = || ScenarioError::new(key, text, "a link address, as 02:00:00:00:00:01");
    let bytes = text.split(':').map(|byte| match byte.len() {
        2 => u8::from_str_radix(byte, 16).map_err(|_| refused()),
        _ => Err(refused()),
    });
    let bytes: Vec<u8> = bytes.collect::<Result<_, _>>()?;
    bytes.try_into().map_err(|_| refused())
}
