//! When TCP segments of one flow may become one: the decision that a card's LRO and a host's GRO share.
//!
//! The rules are those of Linux 6.18 (net/core/gro.c, net/ipv4/tcp_offload.c, `inet_gro_receive` and `ipip_gro_receive`
//! in net/ipv4/af_inet.c, net/ipv6/ip6_offload.c), held to that kernel case by case. [`read`] says how a frame stands
//! to its flow, an [`Aggregate`] says whether a segment follows what it has, and what header they end up under. Who
//! holds aggregates, for how long and where their payload lies is the caller's business.
//!
//! Two segments become one if their headers are equal but for lengths, checksums, IPv4 identification, sequence
//! number, FIN and PSH, and the later one begins where the earlier one ends. One difference to Linux: segments without
//! ACK never merge (RFC 9293 section 3.10.7.4 drops them; the kernel merges them if all of them lack it).

mod aggregate;
mod flow;
mod header;
mod mask;
mod payload_sum;
mod plain;
mod read;
mod refusal;

pub use aggregate::{Aggregate, Limits, Stamps};
pub use flow::{Flow, Told};
pub use plain::plain;
pub use read::{Checksum, Reading, Segment, read};
pub use refusal::{Closing, Refusal};

/// Longest run of headers that is compared; a segment with more goes alone.
pub const MAX_HEADER_BYTES: usize = 256;

#[cfg(test)]
mod tests;
