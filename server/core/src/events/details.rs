//! The details of an event as bounded JSON text.

use serde::Serialize;
use serde_json::{Map, Value};

/// Longest text, in bytes.
pub(super) const LONGEST: usize = 8 * 1024;
/// Longest string of details that would be too long, in characters.
const LONGEST_STRING: usize = 128;
/// Most items of a list in details that would be too long.
const MOST_ITEMS: usize = 16;
/// The member that names the rules that were passed before.
const PASSED: &str = "passed";
/// The member that says that something was left out.
const SHORTENED: &str = "shortened";

/// Writes details as one line of JSON, with the rules that were passed before. What is longer than 8 KiB is cut, and says
/// so.
pub(super) fn write(details: &impl Serialize, passed: &[&str]) -> String {
    let mut value = serde_json::to_value(details).unwrap_or_default();
    if let Value::Object(members) = &mut value
        && !passed.is_empty()
    {
        members.insert(PASSED.to_owned(), passed.into());
    }
    let text = value.to_string();
    if text.len() <= LONGEST {
        return text;
    }
    let mut cut = match cut(value) {
        Value::Object(members) => members,
        other => Map::from_iter([("details".to_owned(), other)]),
    };
    cut.insert(SHORTENED.to_owned(), Value::Bool(true));
    let text = Value::Object(cut).to_string();
    if text.len() <= LONGEST { text } else { format!("{{\"{SHORTENED}\":true}}") }
}

fn cut(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.chars().take(LONGEST_STRING).collect()),
        Value::Array(items) => items.into_iter().take(MOST_ITEMS).map(cut).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, cut(value))).collect(),
        plain => plain,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn short_details_are_written_as_they_are() {
        assert_eq!(write(&json!({"scope": "openid \u{e4}"}), &[]), "{\"scope\":\"openid \u{e4}\"}");
        assert_eq!(write(&json!({}), &["state", "scope"]), "{\"passed\":[\"state\",\"scope\"]}");
    }

    #[test]
    fn long_details_are_cut_and_say_so() {
        let long = "\u{e4}".repeat(9000);
        let text = write(&json!({"scope": long, "list": vec!["x"; 5000], "plain": 7}), &[]);
        assert!(text.len() <= LONGEST);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["scope"], "\u{e4}".repeat(128));
        assert_eq!(value["list"].as_array().unwrap().len(), 16);
        assert_eq!((&value["plain"], &value["shortened"]), (&json!(7), &json!(true)));
        let many: Map<String, Value> = (0..2000).map(|number| (number.to_string(), json!("xxxxxxxx"))).collect();
        assert_eq!(write(&many, &[]), "{\"shortened\":true}");
    }
}
