//! Where frames come from.
//!
//! A [`Source`] merges streams onto one line and hands out frames in batches, with real bytes and two times: when a
//! frame was meant to be sent, and when its last bit arrived. Streams are generated ([`GeneratorConfig`]: arrivals,
//! sizes, flows, templates), recorded ([`CaptureConfig`]: pcap, pcapng) or sent by TCP senders that await acknowledgements
//! ([`tcp`]). Nothing is allocated per frame, and the same configuration and seed give the same times and bytes.

#![forbid(unsafe_code)]

mod arrivals;
mod batch;
pub mod capture;
mod class;
mod closed_loop;
mod config;
mod distribution;
mod elementary;
mod error;
mod flows;
mod generator;
mod lifetime;
pub mod line;
mod popularity;
mod published;
mod replay;
mod sizes;
mod source;
mod stamp;
pub mod tcp;
mod template;
mod tuples;
mod vary;

pub use arrivals::{ArrivalsConfig, OfferedConfig};
pub use batch::{BATCH_FRAMES, Batch, NO_FLOW, Offer};
pub use capture::{Capture, LinkType};
pub use config::{StreamConfig, TrafficConfig};
pub use distribution::CdfPoint;
pub use error::ConfigError;
pub use flows::{FlowsConfig, MAX_FLOWS};
pub use generator::GeneratorConfig;
pub use lifetime::FlowSizesConfig;
pub use popularity::PopularityConfig;
pub use published::PACKET_PAYLOAD_BYTES;
pub use replay::{CaptureConfig, TimingConfig};
pub use sizes::{MAX_FRAME_BYTES, RFC_2544_BYTES, SizesConfig};
pub use source::{Captures, Source};
pub use stamp::{STAMP_BYTES, Stamp};
pub use tcp::{CongestionControl, FlowRecord, RequestsConfig, TcpStreamConfig};
pub use template::{DESTINATION_MAC, FILLER, SOURCE_MAC};
pub use tuples::DestinationConfig;
