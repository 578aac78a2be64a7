//! Time as a stage sees it: an argument, never a clock it reads.

/// Nanoseconds since the run began. Integer, so that event order is exact and repeatable.
pub type Nanos = u64;

/// Nanoseconds in a second.
pub const NANOS_PER_SECOND: u64 = 1_000_000_000;
