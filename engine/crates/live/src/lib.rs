//! Real time: what the engine does with this machine's own CPU.
//!
//! The only crate that may contain unsafe code, and only where an instruction set demands it.

#![deny(clippy::undocumented_unsafe_blocks)]

mod cpu_features;
pub mod spsc;
mod toeplitz_gfni;

pub use toeplitz_gfni::Gfni;
