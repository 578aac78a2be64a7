//! Sockets: who a frame is for, and the queue it waits on.

mod flow_key;
mod readers;
mod sockets;
mod steering;
mod table;

pub use flow_key::FlowKey;
pub use sockets::{Demux, NextReader, Socket, Sockets, Taken};
pub use steering::SocketSteering;
