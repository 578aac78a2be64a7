//! A flow as the tcp table shows it.

use super::CongestionControl;
use super::sender::SenderTally;
use stage::Nanos;

/// One flow of a stream of senders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRecord {
    /// The stream, by its place in the configuration.
    pub stream: u16,
    /// Serial number of the flow within it.
    pub flow: u32,
    /// Source address: 4 bytes or 16.
    pub source: Box<[u8]>,
    /// Source port.
    pub source_port: u16,
    /// Destination port.
    pub destination_port: u16,
    /// Congestion control.
    pub congestion: CongestionControl,
    /// Payload of a full segment.
    pub mss_bytes: u32,
    /// Bytes to send; `u64::MAX`: no end.
    pub size_bytes: u64,
    /// Bytes acknowledged.
    pub acknowledged_bytes: u64,
    /// Bytes sent and not acknowledged.
    pub flight_bytes: u64,
    /// Congestion window.
    pub window_bytes: u64,
    /// Slow start threshold; `u64::MAX` before the first loss.
    pub threshold_bytes: u64,
    /// Smoothed round-trip time.
    pub srtt_ns: Option<Nanos>,
    /// When it began, as far as it has.
    pub start_ns: Option<Nanos>,
    /// When slow start ended for the first time.
    pub slow_start_end_ns: Option<Nanos>,
    /// When everything was acknowledged.
    pub done_ns: Option<Nanos>,
    /// When the sender was last told something.
    pub last_ns: Nanos,
    /// What it did.
    pub tally: SenderTally,
}
