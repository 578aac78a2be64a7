//! Steering by where sockets are read: what the scheduler and the sockets tell the driver, and the driver the device.

mod callback;
mod counters;
mod scan;

pub use callback::{Reason, WorkStep};
pub use counters::SockSteeringCounter;

pub(crate) use callback::Callback;
