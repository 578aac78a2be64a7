//! TCP input: segments in, an ordered byte stream out.

mod input;
mod receiver;

pub use receiver::{Arrival, Receiver};
