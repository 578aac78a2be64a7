//! Closed-loop TCP in the scenario's words.

use super::requests::RequestsConfig;
use crate::error::{ConfigError, check_range};
use crate::lifetime::FlowSizesConfig;
use crate::tuples::DestinationConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use stage::Nanos;

/// How a sender's window grows and shrinks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CongestionControl {
    /// RFC 5681 and RFC 6582.
    #[default]
    Newreno,
    /// RFC 9438.
    Cubic,
}

/// TCP senders that react to acknowledgements, on a path that ends in the line. Their connections are established,
/// with a window scale and, if `sack`, selective acknowledgements agreed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TcpStreamConfig {
    /// Flows at a time, 1 to 65536.
    pub flows: u32,
    /// Bytes a flow sends; without it, flows do not end.
    pub size: Option<FlowSizesConfig>,
    /// A flow that has ended is followed by a new one.
    pub repeat: bool,
    /// Flows send requests and await answers, and do not end.
    pub requests: Option<RequestsConfig>,
    /// When the first flow starts, ns.
    pub start_ns: Nanos,
    /// How much later each further flow starts, ns.
    pub stagger_ns: Nanos,
    /// Round-trip time of the path without any queue, 1000 ns to 10 s.
    pub rtt_ns: Nanos,
    /// Share of data frames lost before the line, 0 to 1.
    pub loss: f64,
    /// Share of acknowledgements lost on their way, 0 to 1.
    pub ack_loss: f64,
    /// Data frames lost before the line, by number from 0, retransmissions counted.
    pub lose_frames: Vec<u64>,
    /// Bytes that may wait for the line when a frame of this stream comes; what does not fit is lost there. Without
    /// it, there is room for all.
    pub buffer_bytes: Option<u64>,
    /// Congestion control.
    pub congestion: CongestionControl,
    /// Segments an acknowledgement may be worth in slow start: 1 as in RFC 5681, 2 as in RFC 3465; 0: as many as it
    /// acknowledges, as in Linux.
    pub byte_counting: u32,
    /// First window, in segments, 1 to 1000 (RFC 6928: 10).
    pub initial_window: u32,
    /// Window at which slow start ends at first, in segments; without it, at the first loss.
    pub initial_ssthresh: Option<u32>,
    /// Payload of a full segment, 88 to 9000.
    pub mss: u32,
    /// Selective acknowledgements (RFC 6675); without, recovery after RFC 6582.
    pub sack: bool,
    /// Segments are spread over the round-trip time.
    pub pacing: bool,
    /// Least retransmission timeout, ns, 1 ms to 60 s (Linux: 200 ms; RFC 6298: 1 s).
    pub min_rto_ns: Nanos,
    /// IPv6 instead of IPv4.
    pub ipv6: bool,
    /// Whom they send to.
    pub destination: DestinationConfig,
    /// Differentiated services code point (RFC 2474), 0 to 63.
    pub dscp: u8,
}

impl Default for TcpStreamConfig {
    fn default() -> Self {
        TcpStreamConfig {
            flows: 1,
            size: None,
            repeat: false,
            requests: None,
            start_ns: 0,
            stagger_ns: 0,
            rtt_ns: 1_000_000,
            loss: 0.0,
            ack_loss: 0.0,
            lose_frames: Vec::new(),
            buffer_bytes: None,
            congestion: CongestionControl::default(),
            byte_counting: 0,
            initial_window: 10,
            initial_ssthresh: None,
            mss: 1460,
            sack: true,
            pacing: false,
            min_rto_ns: 200_000_000,
            ipv6: false,
            destination: DestinationConfig::default(),
            dscp: 0,
        }
    }
}

impl TcpStreamConfig {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        check_range("flows", self.flows, 1..=65_536)?;
        check_range("rtt_ns", self.rtt_ns, 1_000..=10_000_000_000)?;
        check_range("loss", self.loss, 0.0..=1.0)?;
        check_range("ack_loss", self.ack_loss, 0.0..=1.0)?;
        check_range("byte_counting", self.byte_counting, 0..=1_000)?;
        check_range("initial_window", self.initial_window, 1..=1_000)?;
        check_range("initial_ssthresh", self.initial_ssthresh.unwrap_or(2), 2..=10_000_000)?;
        check_range("mss", self.mss, 88..=9_000)?;
        check_range("min_rto_ns", self.min_rto_ns, 1_000_000..=60_000_000_000)?;
        check_range("dscp", self.dscp, 0..=63)?;
        if let Some(requests) = self.requests {
            requests.check(self.mss)?;
            if self.size.is_some() {
                return Err(ConfigError::new("requests", "given beside size", "one of the two"));
            }
            if self.ack_loss > 0.0 {
                let allowed = "0 with requests: the host sends no answer again";
                return Err(ConfigError::new("ack_loss", self.ack_loss, allowed));
            }
        }
        if self.repeat && self.size.is_none() {
            return Err(ConfigError::new("repeat", "true", "false without size: flows that do not end"));
        }
        Ok(())
    }
}
