//! Acknowledging: when ([`policy`]), how far ([`window`]), of what beyond a hole ([`sack`]), and the segment itself
//! ([`segment`]).

mod counters;
mod linux;
mod policy;
mod sack;
mod segment;
mod send;
mod state;
mod window;

pub use counters::TcpCounter;
pub use policy::{AckConfig, AckPolicy};
use policy::{Arrived, Decision};
pub use sack::SackBlocks;
pub use segment::MAX_ACK_BYTES;
use segment::{AckSegment, MAX_ANSWER_BYTES};
pub(crate) use send::Data;
pub use state::AckState;
