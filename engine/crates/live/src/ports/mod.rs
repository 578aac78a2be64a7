//! Where frames come from and go to.

mod error;
mod memory;
pub mod tap;
mod wire;

pub use error::{OpenError, PortError};
pub(crate) use memory::Memory;
pub(crate) use wire::Wire;

use stage::Nanos;
use traffic::Batch;

/// A port the NIC receives from.
pub(crate) enum Port {
    /// The scenario's traffic as it comes: generated, or replayed from captures.
    Wire(Box<Wire>),
    /// Frames laid out before the run, offered over and over.
    Memory(Memory),
}

impl Port {
    /// The next frames, if there are any. `now_ns` is the run's time, for a port that ends by the clock.
    #[inline]
    pub(crate) fn next(&mut self, now_ns: Nanos) -> Option<&Batch> {
        match self {
            Port::Wire(wire) => wire.next(),
            Port::Memory(memory) => memory.next(now_ns),
        }
    }
}
