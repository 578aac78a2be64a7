//! The network card: from a frame on the wire to a descriptor in a receive ring and an interrupt.
//!
//! Read `pipeline.rs` first: it is the packet's way, a screen long. What each step does lies in its folder: `parser`,
//! [`rss`], [`steering`], [`lro`], [`queue`]. The driver's side is [`stage::RxQueues`].

#![forbid(unsafe_code)]

mod config;
mod counters;
mod error;
mod flow_table;
mod header_split;
pub mod lro;
mod nic;
mod parser;
mod pipeline;
pub mod queue;
mod reconfigure;
pub mod rss;
pub mod steering;
#[cfg(test)]
mod test_frames;

pub use config::NicConfig;
pub use counters::NicCounter;
pub use error::ConfigError;
pub use nic::Nic;
pub use parser::Classified;
pub use pipeline::{Received, Steered};
pub use reconfigure::{Built, Reconfiguration};
