//! From text to a scenario, with errors that name the key.

use super::{Scenario, ScenarioError};
use serde_json::Value;

/// How the document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Toml,
    /// For programs; the canonical form.
    Json,
}

impl Scenario {
    /// Parse and check a document.
    ///
    /// # Errors
    /// Names the first key that is unknown, of the wrong type, or out of range.
    pub fn parse(document: &str, format: Format) -> Result<Scenario, ScenarioError> {
        let syntax = |position: String| ScenarioError::new("document", position, "well-formed text");
        let value: Value = match format {
            Format::Toml => {
                toml::from_str(document).map_err(|e| syntax(e.to_string().trim_end().to_owned()))?
            }
            Format::Json => serde_json::from_str(document).map_err(|e| syntax(e.to_string()))?,
        };
        Scenario::from_value(&value)
    }

    /// The same from a document that is parsed already.
    pub(crate) fn from_value(value: &Value) -> Result<Scenario, ScenarioError> {
        match value.get("version") {
            Some(Value::Number(n)) if n.as_u64() == Some(1) => {}
            Some(other) => return Err(ScenarioError::new("version", other, "1")),
            None => return Err(ScenarioError::new("version", "nothing", "1")),
        }
        let scenario: Scenario = serde_path_to_error::deserialize(value).map_err(|error| {
            let key = error.path().to_string();
            let found = found_at(value, &key);
            ScenarioError { key, value: found, allowed: allowed_in(&error.into_inner().to_string()) }
        })?;
        scenario.check()?;
        Ok(scenario)
    }

    /// The canonical document: every key, fixed order.
    ///
    /// # Errors
    /// When a number cannot be written as JSON (not finite).
    pub fn to_json(&self) -> Result<String, ScenarioError> {
        serde_json::to_string(self).map_err(|e| ScenarioError::new("document", e, "finite numbers"))
    }
}

/// serde says "unknown field `x`, expected one of …": what follows is what is allowed.
fn allowed_in(message: &str) -> String {
    message.split_once(", expected ").map_or(message, |(_, allowed)| allowed).to_owned()
}

/// The value at a dotted path, shortened.
fn found_at(document: &Value, path: &str) -> String {
    let pointer: String =
        path.split(['.', '[']).map(|part| format!("/{}", part.trim_end_matches(']'))).collect();
    let mut text = document.pointer(&pointer).map_or_else(|| "nothing".to_owned(), Value::to_string);
    if text.chars().count() > 60 {
        text = text.chars().take(57).chain("...".chars()).collect();
    }
    text
}

/// The document's JSON schema.
pub fn schema() -> String {
    schemars::schema_for!(Scenario).to_value().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(document: &str) -> ScenarioError {
        Scenario::parse(document, Format::Toml).unwrap_err()
    }

    #[test]
    fn an_empty_document_is_the_default() {
        assert_eq!(Scenario::parse("version = 1", Format::Toml).unwrap(), Scenario::default());
    }

    #[test]
    fn the_canonical_form_parses_to_the_same() {
        let scenario = Scenario::parse("version = 1\nseed = 7\n[nic]\nqueues = 3", Format::Toml).unwrap();
        assert_eq!(Scenario::parse(&scenario.to_json().unwrap(), Format::Json).unwrap(), scenario);
    }

    #[test]
    fn errors_name_key_value_and_what_is_allowed() {
        let cases = [
            ("", "version", "nothing"),
            ("version = 2", "version", "2"),
            ("version = 1\n[nic]\nquues = 3", "nic.quues", "3"),
            ("version = 1\n[nic]\nqueues = \"many\"", "nic.queues", "\"many\""),
            ("version = 1\n[nic]\nqueues = -1", "nic.queues", "-1"),
            ("version = 1\n[nic]\nqueues = 0", "nic.queues", "0"),
            ("version = 1\n[nic]\nqueues = 129", "nic.queues", "129"),
            ("version = 1\n[host]\ncpus = 0", "host.cpus", "0"),
            ("version = 1\n[nic]\nirq_cpus = [9]", "nic.irq_cpus[0]", "9"),
            ("version = 1\n[nic.rss]\nkey = \"xyz\"", "nic.rss.key", "xyz"),
            ("version = 1\n[nic.rss]\ntable_entries = 100", "nic.rss.table_entries", "100"),
            ("version = 1\n[[costs]]\nop = \"napi.poll\"\nns = 1.0\nsource = \"\"", "costs[0].source", ""),
            ("version = 1\n[[costs]]\nop = \"napi.no\"\nns = 1.0\nsource = \"x\"", "costs[0].op", "napi.no"),
        ];
        for (document, key, value) in cases {
            let error = refused(document);
            assert_eq!((error.key.as_str(), error.value.as_str()), (key, value), "{document}: {error}");
            assert!(!error.allowed.is_empty());
        }
    }
}
