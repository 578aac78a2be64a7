//! Ends to measure this machine's kernel with: a TCP sender that stands behind a TAP, and programs that read what
//! reaches sockets.

mod pattern;
mod segment;
mod sink;
mod stream;

pub use segment::Ends;
pub use sink::{Sink, SinkKind, SinkSettings};
pub use stream::{StreamError, StreamSettings, Streamed, stream};
