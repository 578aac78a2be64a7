//! Real time: what the engine does with this machine's own CPUs, threads and clock.
//!
//! [`OwnHost`] runs a scenario on pinned threads; [`LinuxHost`] runs its NIC before this machine's kernel. The only crate
//! that may contain unsafe code, and only where a system call, an instruction set or memory shared between threads
//! demands it.

#![deny(clippy::undocumented_unsafe_blocks)]

mod access_latency;
mod bump;
mod card;
mod clock;
mod cpu_features;
mod cpus;
mod exchange;
mod linux_host;
mod memory_latency;
mod offers;
mod own_host;
pub mod peer;
pub mod ports;
mod prefetch;
pub mod spsc;
mod steer_requests;
mod toeplitz_gfni;

pub use access_latency::{Access, AccessLatency, ProbeError, access_latency};
pub use bump::{Bump, BumpSettings};
pub use card::CardOutcome;
pub use linux_host::{LinuxHost, LinuxSettings};
pub use memory_latency::memory_latency_ns;
pub use own_host::{Control, Idle, Outcome, OwnHost, Pacing, RunError, Settings};
pub use steer_requests::Steer;
pub use toeplitz_gfni::Gfni;
