//! The receive path in order, and the scenario document that describes one.
//!
//! [`ReceivePath`] is the whole way of a packet; what drives it (virtual or real time) is another crate's.

#![forbid(unsafe_code)]

mod administration;
mod costs;
mod declarations;
pub mod dissect;
mod forward_settings;
mod law;
mod network;
mod nic_settings;
pub mod observe;
mod receive_path;
pub mod scenario;
mod steering_settings;
pub mod tables;
mod tcp_settings;
mod to_ethernet;
mod xdp_settings;

pub use administration::{Administration, Change};
pub use costs::{CostRow, CostTable, Latencies, MemoryCosts};
pub use declarations::declarations;
pub use law::{LawBroken, frames_are_conserved};
pub use receive_path::{Hasher, ReceivePath, host_over, irq_cpu_of};
pub use scenario::{CacheConfig, Scenario, ScenarioError};
pub use tcp_settings::{has_senders, window_scale};
pub use to_ethernet::to_ethernet;
