//! The document's keys about reading by mapping.

use super::check::within;
use super::{Scenario, ScenarioError};
use host::{PAGE_BYTES, ZeroCopyConfig};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use traffic::StreamConfig;

section! {
    /// TCP sockets are read by mapping the pages their payload fills (`TCP_ZEROCOPY_RECEIVE`); the rest is copied. It needs
    /// pages to map: `nic.buffer_bytes = 4096`, and `nic.tcp_data_split`.
    ZeroCopySection {
        /// Whether pages are mapped.
        enabled: bool = false,
        /// Bytes of the address range, and so of a call, a multiple of 4096 up to 16777216.
        window_bytes: u32 = 524_288,
        /// How many more calls a call's pages stay mapped for, up to 1024; 0: they are unmapped after it.
        keep_calls: u32 = 0,
    }
}

impl Scenario {
    pub(super) fn check_zero_copy(&self) -> Result<(), ScenarioError> {
        let given = &self.host.apps.zero_copy;
        within("host.apps.zero_copy.window_bytes", given.window_bytes, PAGE_BYTES..=16_777_216)?;
        if !given.window_bytes.is_multiple_of(PAGE_BYTES) {
            let allowed = format!("a multiple of {PAGE_BYTES}: whole pages are mapped");
            return Err(ScenarioError::new("host.apps.zero_copy.window_bytes", given.window_bytes, allowed));
        }
        within("host.apps.zero_copy.keep_calls", given.keep_calls, 0..=1024)?;
        for (i, stream) in self.traffic.streams.iter().enumerate().filter(|_| given.enabled) {
            if let StreamConfig::Generated(stream) = stream
                && stream.flows.tcp_share < 1.0
            {
                let allowed = format!(
                    "false, or traffic.streams[{i}].generated.flows.tcp_share = 1: UDP sockets cannot map what they receive"
                );
                return Err(ScenarioError::new("host.apps.zero_copy.enabled", true, allowed));
            }
        }
        Ok(())
    }

    /// How programs map, if they do.
    pub(crate) fn zero_copy(&self) -> Option<ZeroCopyConfig> {
        let given = &self.host.apps.zero_copy;
        let (window_bytes, keep_calls) = (given.window_bytes, given.keep_calls);
        given.enabled.then_some(ZeroCopyConfig { window_bytes, keep_calls })
    }
}
