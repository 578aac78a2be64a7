//! What cannot be dissected: what was given, and what is allowed.

use std::fmt;
use traffic::capture::CaptureError;

/// A capture that cannot be read, or a hash that cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DissectError {
    /// `capture.` and the field of the file, `rss_key` or `queues`.
    pub key: String,
    /// The value found there; in a capture with its byte.
    pub value: String,
    /// What may stand there.
    pub allowed: String,
}

impl From<CaptureError> for DissectError {
    fn from(error: CaptureError) -> Self {
        DissectError {
            key: format!("capture.{}", error.field),
            value: format!("{} at byte {}", error.found, error.offset_bytes),
            allowed: error.allowed.to_owned(),
        }
    }
}

impl From<nic::ConfigError> for DissectError {
    fn from(error: nic::ConfigError) -> Self {
        let key = if error.key == "rss.key" { "rss_key" } else { error.key };
        DissectError { key: key.to_owned(), value: error.value, allowed: error.allowed }
    }
}

impl fmt::Display for DissectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: allowed is {}", self.key, self.value, self.allowed)
    }
}

impl std::error::Error for DissectError {}
