//! Where frames come from and go to.

mod error;
mod inlet;
mod memory;
mod outlet;
mod partial;
pub mod tap;
mod wire;
mod wire_port;

pub use error::{OpenError, PortError};
pub(crate) use inlet::{BURST_FRAMES, Inlet};
pub(crate) use memory::Memory;
pub(crate) use outlet::Outlet;
pub use outlet::Refused;
pub(crate) use wire::Wire;
pub use wire_port::WirePort;

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
