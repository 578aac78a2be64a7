//! A port that frames come in and leave through.

use super::inlet::Inlet;
use super::tap::{Tap, TapInlet};
use super::{OpenError, Outlet};
use std::sync::Arc;

/// What stands at one end of a wire.
pub enum WirePort {
    /// A TAP device: the kernel behind it is the other end.
    Tap(Arc<Tap>),
}

type Ends = (Box<dyn Inlet + Send>, Box<dyn Outlet + Send>);

impl WirePort {
    /// The two directions of the port, for frames of up to `largest_bytes`.
    pub(crate) fn open(self, largest_bytes: u32) -> Result<Ends, OpenError> {
        Ok(match self {
            WirePort::Tap(tap) => (Box::new(TapInlet::new(Arc::clone(&tap), largest_bytes)), Box::new(tap)),
        })
    }
}
