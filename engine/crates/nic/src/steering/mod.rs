//! Steering of single flows.

mod bucket;
mod exact_match;
mod flow_key;

pub use exact_match::{ExactMatch, Flow, Full, Slot};
pub use flow_key::FlowKey;
