//! The tcp table: each sender's flow beside the socket that receives it.

use crate::Simulation;
use host::socket::Socket;
use stage::Nanos;
use stats::{Table, table};
use std::collections::HashMap;
use std::net::IpAddr;
use traffic::{CongestionControl, FlowRecord};

fn or_none(value: Option<Nanos>) -> i64 {
    value.map_or(-1, |value| value as i64)
}

/// An amount that may be without bound, which is -1.
fn bounded(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(-1)
}

fn address(bytes: &[u8]) -> String {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(bytes).map(IpAddr::from);
    v4.or(v6).map_or_else(|_| String::new(), |address| address.to_string())
}

fn goodput_bps(record: &FlowRecord) -> f64 {
    let end_ns = record.done_ns.unwrap_or(record.last_ns);
    let elapsed_ns = record.start_ns.map_or(0, |start_ns| end_ns.saturating_sub(start_ns));
    if elapsed_ns == 0 { 0.0 } else { record.acknowledged_bytes as f64 * 8e9 / elapsed_ns as f64 }
}

impl Simulation {
    pub(crate) fn tcp_table(&self) -> Table {
        let sockets: HashMap<(String, u16, u16), &Socket> = self
            .path
            .host
            .sockets()
            .iter()
            .map(|socket| {
                let key = &socket.key;
                ((key.source(), key.source_port(), key.destination_port()), socket)
            })
            .collect();
        let rows: Vec<_> = self
            .source
            .flow_records()
            .map(|record| {
                let source = address(&record.source);
                let key = (source.clone(), record.source_port, record.destination_port);
                let socket = sockets.get(&key).copied();
                (record, source, socket)
            })
            .collect();
        table!(rows.iter(), |(record, source, socket)| {
            "stream": I64 = i64::from(record.stream),
            "flow": I64 = i64::from(record.flow),
            "source": Text = source.clone(),
            "source_port": I64 = i64::from(record.source_port),
            "congestion": Name = match record.congestion {
                CongestionControl::Newreno => "newreno",
                CongestionControl::Cubic => "cubic",
            },
            "mss_bytes": U64 = u64::from(record.mss_bytes),
            "size_bytes": I64 = bounded(record.size_bytes),
            "acked_bytes": U64 = record.acknowledged_bytes,
            "delivered_bytes": U64 = socket.map_or(0, |socket| socket.delivered_bytes),
            "flight_bytes": U64 = record.flight_bytes,
            "cwnd_bytes": U64 = record.window_bytes,
            "ssthresh_bytes": I64 = bounded(record.threshold_bytes),
            "srtt_ns": I64 = or_none(record.srtt_ns),
            "segments": U64 = record.tally.segments,
            "retransmits": U64 = record.tally.retransmissions,
            "probes": U64 = record.tally.probes,
            "acks_sent": U64 = socket.map_or(0, |socket| socket.tcp.ack.sent),
            "acks_received": U64 = record.tally.acks,
            "duplicate_acks": U64 = record.tally.duplicate_acks,
            "recoveries": U64 = record.tally.recoveries,
            "timeouts": U64 = record.tally.timeouts,
            "rounds": U64 = record.tally.rounds,
            "slow_start_rounds": U64 = record.tally.slow_start_rounds,
            "largest_burst": U64 = record.tally.largest_burst,
            "start_ns": I64 = or_none(record.start_ns),
            "slow_start_end_ns": I64 = or_none(record.slow_start_end_ns),
            "done_ns": I64 = or_none(record.done_ns),
            "goodput_bps": F64 = goodput_bps(record),
        })
    }
}
