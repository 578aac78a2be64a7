//! The cache model: private L1d and L2 per CPU, a shared last-level cache with a share for the NIC's writes, and
//! ownership, so that a line another CPU has written costs a transfer; of several NUMA nodes, what is fetched from another
//! one costs more.
//!
//! What it leaves out, knowingly: instruction fetches, TLBs, associativity conflicts with other programs, and bandwidth
//! limits. Hardware prefetch is one number ([`CacheCosts::stream_divisor`]).

mod counts;
mod layout;
mod lines;
mod llc;
mod model;
mod nodes;
mod private;
mod recency;
#[cfg(test)]
mod reference;
mod set_associative;

pub(crate) use counts::{Counts, Level};
pub(crate) use layout::{Layout, Sizes};
pub(crate) use model::CacheModel;
