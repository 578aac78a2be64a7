//! Where frames come from and go to.

pub mod af_packet;
pub mod af_xdp;
mod error;
mod inlet;
mod memory;
mod outlet;
mod partial;
mod received;
mod socket;
pub mod tap;
mod wire;
mod wire_port;

pub use af_packet::AfPacket;
pub use af_xdp::AfXdp;
pub use error::{OpenError, PortError};
pub(crate) use inlet::{BURST_FRAMES, Inlet};
pub(crate) use memory::Memory;
pub(crate) use outlet::Outlet;
pub use outlet::Refused;
pub use received::ReceivePort;
pub(crate) use received::Received;
pub(crate) use wire::Wire;
pub use wire_port::WirePort;

use stage::Nanos;
use std::time::Duration;
use traffic::Batch;

/// A port the NIC receives from.
pub(crate) enum Port {
    /// The scenario's traffic as it comes: generated, or replayed from captures.
    Wire(Box<Wire>),
    /// Frames laid out before the run, offered over and over.
    Memory(Memory),
    /// What arrives at an interface of this machine.
    Received(Box<Received>),
}

impl Port {
    /// The next frames, if there are any. `now_ns` is the run's time, for a port that ends by the clock.
    #[inline]
    pub(crate) fn next(&mut self, now_ns: Nanos) -> Option<&Batch> {
        match self {
            Port::Wire(wire) => wire.next(now_ns),
            Port::Memory(memory) => memory.next(now_ns),
            Port::Received(received) => received.next(now_ns),
        }
    }

    /// Sleep until something has come, at most so long; only what is received has to be waited for.
    pub(crate) fn wait(&mut self, at_most: Duration) {
        if let Port::Received(received) = self {
            received.wait(at_most);
        }
    }

    /// The end: frames that came and found no room in front of the NIC, and why the interface is gone, if so.
    pub(crate) fn end(self) -> (u64, Option<PortError>) {
        match self {
            Port::Wire(_) | Port::Memory(_) => (0, None),
            Port::Received(received) => received.end(),
        }
    }
}
