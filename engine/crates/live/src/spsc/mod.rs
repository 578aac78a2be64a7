//! A bounded ring from one thread to one other, for small descriptors, moved in bursts.
//!
//! Each side keeps its own index and a copy of the opposite one, and reads the opposite index again only when the
//! copy says the ring is full or empty: a burst then costs one cache-line transfer instead of one per descriptor.
//! The slots are relaxed atomics, which compile to plain loads and stores, so the ring needs no unsafe code.

mod record;
mod ring;

pub use record::Record;
pub use ring::{Consumer, Producer, ring};

#[cfg(test)]
mod tests;
