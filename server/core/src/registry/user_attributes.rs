//! What an organization knows of its users beyond the standard claims: for scripts that name it in their manifests.

use serde_json::{Map, Value};
use signet_protocol::standard_claims;

use super::RegistryError;

/// Most attributes of a user.
const MOST: usize = 64;
/// Longest value as JSON, in bytes.
const LONGEST_VALUE: usize = 4 * 1024;
/// Longest of all together as JSON, in bytes.
const LONGEST: usize = 16 * 1024;
/// Arrays and objects within each other.
const DEEPEST: usize = 4;
/// Names that scripts know as something else.
const TAKEN: &[&str] = &["sub", "username"];

/// Checks the attributes of a user record.
///
/// # Errors
/// `Invalid`, naming the first that is wrong.
pub(super) fn check(attributes: &Map<String, Value>) -> Result<(), RegistryError> {
    for (name, value) in attributes {
        check_name(name)
            .and_then(|()| check_value(value))
            .map_err(|problem| RegistryError::invalid(format!("attributes.{name}"), problem))?;
    }
    if attributes.len() > MOST {
        return Err(RegistryError::invalid("attributes", "has more than 64 members"));
    }
    if length(attributes) > LONGEST {
        return Err(RegistryError::invalid("attributes", "has more than 16 KiB as JSON"));
    }
    Ok(())
}

/// The names that manifests can name.
fn check_name(name: &str) -> Result<(), &'static str> {
    if !(1..=128).contains(&name.len()) || !name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"') {
        return Err("does not have a name of 1 to 128 printable ASCII characters without space and quotation mark");
    }
    if TAKEN.contains(&name) || standard_claims::scope_of(name).is_some() {
        return Err("has the name of a standard claim or of something else that scripts know; choose another");
    }
    Ok(())
}

fn check_value(value: &Value) -> Result<(), &'static str> {
    if has_null(value) {
        return Err("is null or has null in it; leave out what is not known");
    }
    if depth(value) > DEEPEST {
        return Err("is nested more than 4 deep");
    }
    if length(value) > LONGEST_VALUE { Err("has more than 4 KiB as JSON") } else { Ok(()) }
}

fn has_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(has_null),
        Value::Object(members) => members.values().any(has_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or_default(),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or_default(),
        _ => 0,
    }
}

fn length(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(attributes: &Value) -> Option<String> {
        match check(attributes.as_object().unwrap()) {
            Ok(()) => None,
            Err(RegistryError::Invalid { field, .. }) => Some(field),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn attributes_are_json_of_any_type_within_bounds() {
        let good = json!({
            "department": "treasury", "limit_eur": 5_000_000, "manager": false, "rate": 0.5, "teams": ["a", "b"],
            "https://example.com/cost-center": {"number": 7, "parts": [[1]]}, "email_2": "",
        });
        assert_eq!(refused(&good), None);
    }

    #[test]
    fn what_is_wrong_with_an_attribute_is_named() {
        for name in ["", "a b", "a\"b", "\u{e4}", "a\n", "sub", "username", "email", "name#de", "updated_at"] {
            assert_eq!(refused(&json!({ name: 1 })).as_deref(), Some(&*format!("attributes.{name}")));
        }
        for value in [
            json!(null),
            json!([null]),
            json!({"a": {"b": null}}),
            json!([[[[[1]]]]]),
            json!("x".repeat(LONGEST_VALUE)),
        ] {
            assert_eq!(refused(&json!({"a": value})).as_deref(), Some("attributes.a"));
        }
        let many = |number: usize, length: usize| {
            let value = Value::from("x".repeat(length));
            Value::Object((0..number).map(|number| (format!("a{number}"), value.clone())).collect())
        };
        assert_eq!(refused(&many(MOST, 1)), None);
        assert_eq!(refused(&many(MOST + 1, 1)).as_deref(), Some("attributes"));
        assert_eq!(refused(&many(5, 4_000)).as_deref(), Some("attributes"));
    }
}
