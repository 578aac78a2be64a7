//! The network card: from a frame on the wire to a descriptor in a receive ring and an interrupt.
//!
//! [`Nic`] is the pipeline in the packet's order; its driver's side is [`stage::RxQueues`]. What each step does lies in
//! its folder: `parser`, [`rss`], [`steering`], [`queue`].

#![forbid(unsafe_code)]

mod config;
mod counters;
mod error;
mod parser;
mod pipeline;
pub mod queue;
pub mod rss;
pub mod steering;
#[cfg(test)]
mod test_frames;

pub use config::NicConfig;
pub use counters::NicCounter;
pub use error::ConfigError;
pub use parser::Classified;
pub use pipeline::Nic;
