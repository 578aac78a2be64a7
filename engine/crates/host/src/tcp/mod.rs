//! TCP input: segments in, an ordered byte stream and acknowledgements out.

pub mod ack;
mod input;
mod receiver;

pub use ack::{AckConfig, AckPolicy, AckState, TcpCounter};
pub use receiver::{Arrival, Receiver};
