//! The document's keys about packets that are not for this host.

use super::{Scenario, ScenarioError};
use crate::forward_settings::forward_config;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

section! {
    /// IP forwarding, by the one route there is: packets to others go on to the next hop.
    ForwardingSection {
        /// Whether they do (`net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`); else they are dropped. It needs
        /// `host.addresses`.
        enabled: bool = false,
        /// LRO stays on in the card, and what it merges is dropped instead of sent on. Else forwarding turns LRO off, as
        /// Linux does (`dev_disable_lro`), whatever `nic.lro.enabled` says.
        keep_lro: bool = false,
        /// MTU of the interface they leave by, in bytes of IP packet, 68 to 65535.
        mtu_bytes: u32 = 1500,
        /// Link address of that interface.
        source_mac: String = "02:00:00:00:00:01".into(),
        /// Link address of the next hop.
        next_hop_mac: String = "02:00:00:00:00:02".into(),
    }
}

impl Scenario {
    pub(super) fn check_forwarding(&self) -> Result<(), ScenarioError> {
        let forwarding = &self.host.forwarding;
        if forwarding.enabled && self.host.addresses.is_empty() {
            let allowed = "at least one: without, every packet is for this host and none to be forwarded";
            return Err(ScenarioError::new("host.addresses", "[]", allowed));
        }
        if !(68..=65_535).contains(&forwarding.mtu_bytes) {
            let key = "host.forwarding.mtu_bytes";
            return Err(ScenarioError::new(key, forwarding.mtu_bytes, "68 to 65535"));
        }
        forward_config(self).map(drop)
    }

    /// Whether the card merges: as it is told, unless forwarding has turned that off.
    pub fn lro_enabled(&self) -> bool {
        let forwarding = &self.host.forwarding;
        self.nic.lro.enabled && (!forwarding.enabled || forwarding.keep_lro)
    }
}
