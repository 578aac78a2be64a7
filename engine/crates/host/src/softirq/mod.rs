//! NET_RX softirq: when frames are taken off their queues, and how many at once.

pub mod napi;
mod softnet;

pub use napi::Progress;
pub use softnet::{NapiId, Softnet, SoftnetCounter};
