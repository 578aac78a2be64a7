//! Sockets: who a frame is for, and the queue it waits on.

mod flow_key;
mod sockets;
mod table;

pub use flow_key::FlowKey;
pub use sockets::{Demux, Socket, Sockets};
