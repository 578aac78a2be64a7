//! Why bytes are no capture.

use std::fmt;

/// What is wrong, where, and what would have been right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaptureError {
    /// Offset in the file.
    pub offset_bytes: usize,
    /// The field.
    pub field: &'static str,
    /// What was found there.
    pub found: String,
    /// What is allowed.
    pub allowed: &'static str,
}

impl CaptureError {
    pub(crate) fn new(
        offset_bytes: usize,
        field: &'static str,
        found: impl Into<String>,
        allowed: &'static str,
    ) -> Self {
        CaptureError { offset_bytes, field, found: found.into(), allowed }
    }
}

impl fmt::Display for CaptureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} at byte {}: found {}, allowed is {}",
            self.field, self.offset_bytes, self.found, self.allowed
        )
    }
}

impl std::error::Error for CaptureError {}
