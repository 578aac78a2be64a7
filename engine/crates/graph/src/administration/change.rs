//! One change: a patch of the document, and which keys it may touch.

use crate::{Scenario, ScenarioError};
use serde_json::{Map, Value};

/// Keys that may change while it runs, with everything below them.
const CHANGEABLE: [&str; 13] = [
    "nic.up",
    "nic.queues",
    "nic.ring_size",
    "nic.rx_checksum",
    "nic.coalesce",
    "nic.queue_coalesce",
    "nic.rss.key",
    "nic.rss.weights",
    "nic.rss.table",
    "nic.rss.symmetric",
    "nic.rss.fields",
    "nic.rss.contexts",
    "steering.rules",
];

/// A patch of the document: what it holds is put in place of what is there, `null` brings a default back (RFC 7396).
#[derive(Clone, Debug, PartialEq)]
pub struct Change(Value);

impl Change {
    /// From JSON: `{"nic": {"coalesce": {"rx_usecs": 100}}}`.
    ///
    /// # Errors
    /// Anything but an object.
    pub fn from_json(text: &str) -> Result<Change, ScenarioError> {
        let refused = |found: String| ScenarioError::new("change", found, "a JSON object of keys to change");
        match serde_json::from_str(text) {
            Ok(value @ Value::Object(_)) => Ok(Change(value)),
            Ok(other) => Err(refused(other.to_string())),
            Err(error) => Err(refused(error.to_string())),
        }
    }

    /// From settings: `nic.coalesce.rx_usecs = 100`. The value is read as TOML, and as plain text where it is none.
    ///
    /// # Errors
    /// Names the setting that has no key or no `=`.
    pub fn from_settings(settings: &[String]) -> Result<Change, ScenarioError> {
        let mut whole = Value::Object(Map::new());
        for (i, setting) in settings.iter().enumerate() {
            let parsed = toml::from_str(setting).ok().or_else(|| as_text(setting)).ok_or_else(|| {
                let key = format!("settings[{i}]");
                ScenarioError::new(key, setting, "key = value, such as nic.queues = 4")
            })?;
            merge(&mut whole, &parsed);
        }
        Ok(Change(whole))
    }

    /// The document after the change.
    ///
    /// # Errors
    /// What the parser refuses, and a key that cannot change while it runs.
    pub(crate) fn applied_to(&self, scenario: &Scenario) -> Result<Scenario, ScenarioError> {
        let before = value_of(scenario)?;
        let mut after = before.clone();
        merge(&mut after, &self.0);
        let changed = Scenario::from_value(&after)?;
        match fixed(&before, &value_of(&changed)?, "") {
            Some((key, value)) => Err(ScenarioError::new(
                key,
                value,
                format!("what it was when it started; while it runs these change: {}", CHANGEABLE.join(", ")),
            )),
            None => Ok(changed),
        }
    }
}

/// A setting whose value is no TOML: text without quotes.
fn as_text(setting: &str) -> Option<Value> {
    let (key, value) = setting.split_once('=')?;
    let parts: Vec<&str> = key.split('.').map(str::trim).collect();
    let text = Value::String(value.trim().to_owned());
    let nested = |inner, part: &&str| Value::Object(Map::from_iter([((*part).to_owned(), inner)]));
    (!parts.contains(&"")).then(|| parts.iter().rev().fold(text, nested))
}

fn value_of(scenario: &Scenario) -> Result<Value, ScenarioError> {
    serde_json::to_value(scenario).map_err(|e| ScenarioError::new("document", e, "finite numbers"))
}

/// RFC 7396, section 2.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    let Value::Object(target) = target else { return };
    for (key, value) in patch {
        match value {
            Value::Null => {
                target.remove(key);
            }
            value => merge(target.entry(key.clone()).or_insert(Value::Null), value),
        }
    }
}

/// The first key that differs and may not, with its new value.
fn fixed(before: &Value, after: &Value, at: &str) -> Option<(String, Value)> {
    if before == after || CHANGEABLE.contains(&at) {
        return None;
    }
    let (Value::Object(old), Value::Object(new)) = (before, after) else {
        return Some((at.to_owned(), after.clone()));
    };
    let absent = Value::Null;
    let mut keys: Vec<&String> = old.keys().chain(new.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys.into_iter().find_map(|key| {
        let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
        fixed(old.get(key).unwrap_or(&absent), new.get(key).unwrap_or(&absent), &path)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    // RFC 7396, appendix A.
    #[test]
    fn a_patch_merges_as_the_rfc_shows() {
        for (target, patch, result) in [
            (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
            (json!({"a":"b"}), json!({"a":null}), json!({})),
            (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
            (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
            (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
            (json!({"a":{"b":"c"}}), json!({"a":{"b":"d","c":null}}), json!({"a":{"b":"d"}})),
            (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
            (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
            (json!({"a":"b"}), json!(["c"]), json!(["c"])),
            (json!({"a":"foo"}), json!(null), json!(null)),
            (json!({"a":"foo"}), json!("bar"), json!("bar")),
            (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
            (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
            (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, result, "{target} with {patch}");
        }
    }

    #[test]
    fn settings_are_a_patch() {
        let settings = ["nic.coalesce.rx_usecs = 100".to_owned(), "nic.rss.weights = [1, 2]".to_owned()];
        let patch = Change(json!({"nic": {"coalesce": {"rx_usecs": 100}, "rss": {"weights": [1, 2]}}}));
        assert_eq!(Change::from_settings(&settings), Ok(patch));
        let text = Change::from_settings(&["nic.rss.key = abcd".to_owned()]);
        assert_eq!(text, Ok(Change(json!({"nic": {"rss": {"key": "abcd"}}}))));
        let error = Change::from_settings(&["nic.queues: 3".to_owned()]).unwrap_err();
        assert_eq!((error.key.as_str(), error.value.as_str()), ("settings[0]", "nic.queues: 3"));
    }

    #[test]
    fn the_changeable_keys_exist() {
        let document = value_of(&Scenario::default()).unwrap();
        for key in CHANGEABLE {
            let pointer = format!("/{}", key.replace('.', "/"));
            assert!(document.pointer(&pointer).is_some(), "{key}");
        }
    }
}
