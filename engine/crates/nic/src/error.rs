//! A refused configuration: which key, which value, what is allowed.

use std::fmt;

/// Why a configuration is refused. Nothing of it has been applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    /// The key, as the scenario document names it below `nic`.
    pub key: &'static str,
    /// The value given.
    pub value: String,
    /// What is allowed.
    pub allowed: String,
}

impl ConfigError {
    /// `key = value` is refused because only `allowed` is.
    pub(crate) fn new(key: &'static str, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        ConfigError { key, value: value.to_string(), allowed: allowed.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nic.{} = {}: allowed is {}", self.key, self.value, self.allowed)
    }
}

impl std::error::Error for ConfigError {}
