//! What is wrong with a scenario: the key, its value, what is allowed.

use std::fmt;

/// A scenario that cannot be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScenarioError {
    /// Dotted key, as `nic.rss.table_entries`.
    pub key: String,
    /// The value found there.
    pub value: String,
    /// What may stand there.
    pub allowed: String,
}

impl ScenarioError {
    /// A value that is not allowed at a key.
    pub fn new(key: impl Into<String>, value: impl fmt::Display, allowed: impl Into<String>) -> Self {
        ScenarioError { key: key.into(), value: value.to_string(), allowed: allowed.into() }
    }

    /// The same, with the key below another one.
    pub(crate) fn within(self, outer: &str) -> Self {
        ScenarioError { key: format!("{outer}.{}", self.key), ..self }
    }
}

impl fmt::Display for ScenarioError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: allowed is {}", self.key, self.value, self.allowed)
    }
}

impl std::error::Error for ScenarioError {}
