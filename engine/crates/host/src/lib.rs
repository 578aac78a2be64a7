//! The host's receive path.
//!
//! Read [`path`] first: it is the way of one frame, in order. [`softirq::napi`] decides when frames start on it,
//! [`app`] takes them off its end.

#![forbid(unsafe_code)]

pub mod app;
mod busy_poll;
mod config;
pub mod forward;
pub mod gro;
mod page_pool;
pub mod path;
pub mod rps;
pub mod skb;
pub mod socket;
pub mod softirq;
pub mod steering;
pub mod tcp;
mod unplug;
mod xdp;
mod zero_copy;

pub use config::{
    Accept, AppConfig, BusyPollConfig, CallbackConfig, Gap, GroConfig, HostConfig, NapiConfig, RfsConfig,
    RpsConfig, SocketConfig, SteeringConfig, TcpConfig,
};
pub use page_pool::{PagePoolConfig, PagePoolCounter};
pub use path::Host;
pub use tcp::{AckConfig, AckPolicy};
pub use xdp::{XdpAction, XdpCounter, XdpRule};
pub use zero_copy::{PAGE_BYTES, ZeroCopyConfig, ZeroCopyCounter};
