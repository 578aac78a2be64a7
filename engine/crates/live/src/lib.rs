//! Real time: what the engine does with this machine's own CPU.
//!
//! The only crate that may contain unsafe code, and only where an instruction set demands it.

#![deny(clippy::undocumented_unsafe_blocks)]

pub mod spsc;
