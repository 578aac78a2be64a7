//! TCP: from the document to the receiver's settings, and what both ends agreed on.

use crate::Scenario;
use host::{AckConfig, AckPolicy};
use traffic::StreamConfig;

/// How the host acknowledges.
pub(crate) fn ack_config(scenario: &Scenario) -> AckConfig {
    let ack = &scenario.host.tcp.ack;
    AckConfig {
        policy: match ack.policy.as_str() {
            "one_per_frame" => AckPolicy::OnePerFrame,
            "expand" => AckPolicy::Expand,
            "linux" => AckPolicy::Linux,
            _ => AckPolicy::Delayed,
        },
        delay_ns: u64::from(ack.delay_us) * 1_000,
        expand_segments: ack.expand_segments,
        awaited: has_senders(scenario),
        window_scale: window_scale(scenario),
    }
}

/// Whether some of the traffic awaits acknowledgements.
pub fn has_senders(scenario: &Scenario) -> bool {
    scenario.traffic.streams.iter().any(|stream| matches!(stream, StreamConfig::Tcp(_)))
}

/// Shift of the window field (RFC 7323 section 2.2): the least one with which the whole buffer can be said, as
/// `tcp_select_initial_window` chooses it.
pub fn window_scale(scenario: &Scenario) -> u8 {
    let bits = u32::BITS - scenario.host.tcp.rcvbuf_bytes.leading_zeros();
    bits.saturating_sub(u16::BITS).min(14) as u8
}
