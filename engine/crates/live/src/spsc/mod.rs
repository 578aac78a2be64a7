//! A bounded ring from one thread to one other, for small descriptors, moved in bursts.
//!
//! Each side keeps its own index and a copy of the opposite one, and reads the opposite index again only when the
//! copy says the ring is full or empty: a burst then costs one cache-line transfer instead of one per descriptor.
//!
//! The slots are plain memory, not atomics: between cores the store queue bounds the bursts in flight, and 8-byte
//! atomic stores fill it four times sooner than the compiler's wide copies (measured: 1.9 times the time).

mod ring;
mod slots;

pub use ring::{Consumer, Producer, ring};

#[cfg(test)]
mod tests;
