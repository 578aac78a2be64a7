//! Virtual time.
//!
//! [`Simulation`] drives a [`graph::ReceivePath`] with a source's frames: arrivals and events in one total order,
//! virtual CPUs that run hardirqs before softirqs before tasks, and a charge for every operation and every cache
//! line, so that the ledger's sum is the CPUs' busy time.

#![forbid(unsafe_code)]

mod cache;
mod costs;
mod cpu;
mod events;
mod simulation;
mod slice;
mod tables;
mod tcp_table;

pub use graph::LawBroken;
pub use simulation::Simulation;
