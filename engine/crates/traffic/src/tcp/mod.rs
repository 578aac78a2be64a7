//! TCP senders: a closed loop. What they send next depends on the acknowledgements that come back.
//!
//! A [`Sender`] is the protocol, without I/O: told of acknowledgements and time, it says which segment goes next. The
//! stream puts senders on a path with a round-trip time, loss and a bottleneck, and makes frames of their segments.

mod agenda;
mod config;
mod flow;
mod path;
mod record;
mod requests;
pub mod sender;
mod stream;

pub use config::{CongestionControl, TcpStreamConfig};
pub use path::PathTally;
pub use record::FlowRecord;
pub use requests::RequestsConfig;
pub use sender::{AckSeen, Next, Sender, SenderConfig, Transmission};
pub(crate) use stream::TcpStream;
