//! A law that did not hold at the end of a run.

use std::fmt;

/// Frames, buffers or time that do not add up: a fault of the engine, never of the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LawBroken(
    /// Which law, and the numbers.
    pub String,
);

impl fmt::Display for LawBroken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LawBroken {}
