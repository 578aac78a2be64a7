//! The document's keys about the XDP program and the page pool.

use super::check::{one_of, within};
use super::{Scenario, ScenarioError};
use crate::xdp_settings::xdp_rules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

section! {
    /// One rule of the XDP program; what is not said fits anything. The first that fits decides.
    XdpRuleSection {
        /// `tcp`, `udp`, or empty: any.
        protocol: String = String::new(),
        /// Address or network of the source, as 10.0.0.0/8; empty: any.
        source: String = String::new(),
        /// Of the destination.
        destination: String = String::new(),
        /// Port of TCP or UDP.
        source_port: Option<u16> = None,
        /// Of the destination.
        destination_port: Option<u16> = None,
        /// `drop`, `pass`, or `redirect`: out of an interface, link addresses exchanged.
        action: String = "drop".into(),
    }
}

section! {
    /// A program at the driver's hook, before an skb is allocated. Without rules none is attached.
    XdpSection {
        /// On a frame's outermost IP header, up to 256; a frame that fits none goes on.
        rules: Vec<XdpRuleSection> = Vec::new(),
    }
}

section! {
    /// The page pools of the queues.
    PagePoolSection {
        /// Whether released pages go back as the kernel's do. Else all are recycled at once, at no cost of their own.
        enabled: bool = false,
        /// Pages a pool's ptr_ring holds, up to 1048576; 0: as many as the queue's ring.
        ring_pages: u32 = 0,
    }
}

impl Scenario {
    pub(super) fn check_xdp(&self) -> Result<(), ScenarioError> {
        within("host.page_pool.ring_pages", self.host.page_pool.ring_pages, 0..=1_048_576)?;
        let rules = &self.host.xdp.rules;
        within("host.xdp.rules", rules.len(), 0..=256)?;
        for (i, rule) in rules.iter().enumerate() {
            one_of(&format!("host.xdp.rules[{i}].protocol"), &rule.protocol, &["", "tcp", "udp"])?;
            one_of(&format!("host.xdp.rules[{i}].action"), &rule.action, &["drop", "pass", "redirect"])?;
        }
        // mlx5, ixgbe and others refuse the two together: a merged frame is more than a program may see.
        if !rules.is_empty() && self.lro_enabled() {
            let allowed = "none with nic.lro.enabled: drivers refuse XDP on merged frames";
            return Err(ScenarioError::new("host.xdp.rules", format!("{} rules", rules.len()), allowed));
        }
        xdp_rules(self).map(drop)
    }
}
