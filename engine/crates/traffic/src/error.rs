//! What is wrong with a traffic configuration.

use std::fmt;

/// A value that cannot be used: which key, what was found, what is allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// Path of the key within the traffic configuration, as `streams[0].flows.count`.
    pub key: String,
    /// The value found.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl ConfigError {
    pub(crate) fn new(key: &str, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        ConfigError { key: key.to_owned(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The same error, seen from the structure that holds `key` under `prefix`.
    pub(crate) fn within(mut self, prefix: &str) -> Self {
        self.key = format!("{prefix}.{}", self.key);
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, allowed is {}", self.key, self.value, self.allowed)
    }
}

impl std::error::Error for ConfigError {}

/// `value` if it lies in `allowed`.
pub(crate) fn check_range<T: PartialOrd + fmt::Display>(
    key: &str,
    value: T,
    allowed: std::ops::RangeInclusive<T>,
) -> Result<T, ConfigError> {
    if allowed.contains(&value) {
        Ok(value)
    } else {
        Err(ConfigError::new(key, &value, format!("{} to {}", allowed.start(), allowed.end())))
    }
}
