//! Placeholders in plan files.

use crate::error::HarnessError;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the placeholders of one plan stand for: `suite` (the suite's base URL), `alias`, `realm`, `issuer`; where the
/// plan has a user `username` and `password`; `initial_access_token` and `resource` where the plan asks for one. A
/// client's registration may also contain `role`, and a realm's settings contain no other than `client_authority`, who
/// signs the certificates of clients, and `approvals`, the service that reaches users.
pub(crate) type Names = BTreeMap<&'static str, String>;

/// Replaces the placeholders in every text of `value`. Braces around anything but a lower-case word stay as they are.
pub(crate) fn fill(value: &Value, names: &Names) -> Result<Value, HarnessError> {
    Ok(match value {
        Value::String(text) => Value::String(fill_text(text, names)?),
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, names)).collect::<Result<_, _>>()?),
        Value::Object(members) => {
            let filled = members.iter().map(|(name, value)| Ok((name.clone(), fill(value, names)?)));
            Value::Object(filled.collect::<Result<_, HarnessError>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, names: &Names) -> Result<String, HarnessError> {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}') {
            Some((word, behind)) if is_word(word) => {
                let known = names.keys().copied().collect::<Vec<_>>().join(", ");
                let unknown = || HarnessError::Input(format!("the placeholder {{{word}}} is not one of {known}"));
                filled.push_str(names.get(word).ok_or_else(unknown)?);
                rest = behind;
            }
            _ => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    Ok(filled)
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn placeholders_are_replaced_at_any_depth_and_other_braces_stay() {
        let names = Names::from([("issuer", "https://op".to_owned()), ("alias", "a".to_owned())]);
        let value = json!({ "a": ["{issuer}/x/{alias}", 3, null], "b": { "c": "[0-9]{2} {} {X} {" } });
        let filled = fill(&value, &names).unwrap();
        assert_eq!(filled, json!({ "a": ["https://op/x/a", 3, null], "b": { "c": "[0-9]{2} {} {X} {" } }));
    }

    #[test]
    fn a_value_is_not_searched_for_placeholders_again() {
        let names = Names::from([("password", "{issuer}".to_owned())]);
        assert_eq!(fill(&json!("{password}"), &names).unwrap(), json!("{issuer}"));
    }

    #[test]
    fn an_unknown_placeholder_is_an_error_that_lists_the_known() {
        let error = fill(&json!("{isuer}"), &Names::from([("issuer", String::new())])).unwrap_err().to_string();
        assert!(error.contains("{isuer}") && error.contains("issuer"), "{error}");
    }
}
