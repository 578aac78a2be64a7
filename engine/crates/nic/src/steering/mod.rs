//! Steering of single flows: the host tells the NIC which queue a flow's frames go to.
//!
//! Read [`SteeringTable::choose`] first: that is what a frame meets. [`SteeringTable::insert`] is what the host asks;
//! `room.rs` says who has to leave for it.

mod admission;
mod bucket;
mod budget;
mod config;
mod counters;
mod exact_match;
mod flow_key;
mod ntuple;
mod progress;
mod room;
mod rule;
mod settle;
mod table;

pub(crate) use ntuple::NtupleRules;

pub use config::{Admission, Moves, SteeringConfig};
pub use counters::SteeringCounter;
pub use exact_match::{ExactMatch, Flow, Full, Slot};
pub use flow_key::{flow_of, packet_of};
pub use ntuple::{Action, NtupleRule};
pub use progress::QueueProgress;
pub use rule::Rule;
pub use stage::FlowKey;
pub use table::SteeringTable;
