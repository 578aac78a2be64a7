//! Real time: what the engine does with this machine's own CPUs, threads and clock.
//!
//! [`Control, OwnHost`] runs a scenario on pinned threads. The only crate that may contain unsafe code, and only where an
//! instruction set or memory shared between threads demands it.

#![deny(clippy::undocumented_unsafe_blocks)]

mod access_latency;
mod clock;
mod cpu_features;
mod exchange;
mod own_host;
pub mod ports;
mod prefetch;
pub mod spsc;
mod toeplitz_gfni;

pub use access_latency::{Access, AccessLatency, ProbeError, access_latency};
pub use own_host::{Control, Idle, Outcome, OwnHost, Pacing, RunError, Settings};
pub use toeplitz_gfni::Gfni;
