//! NET_RX softirq: when frames are taken off their queues, and how many at once.

pub mod napi;
mod napi_struct;
mod softnet;

pub use napi::Progress;
pub use napi_struct::NapiCounter;
pub(crate) use napi_struct::NapiStruct;
pub use softnet::{NapiId, Softnet, SoftnetCounter};
