//! What a script may do to an object when it is asked whether the object is good: write it in another form, or take
//! rights from it. It can neither add to it nor turn it into another one.

use serde_json::Value;

use super::DetailsType;
use crate::model::AuthorizationDetail;

/// Whether an object says the same as another, or less: texts may differ in white space and in the case of letters, and
/// lists of rights may have fewer elements.
pub(super) fn is_another_form(new: &AuthorizationDetail, old: &AuthorizationDetail, kind: &DetailsType) -> bool {
    let is_same_shape = new.members().len() == old.members().len() && new.name_of_type() == old.name_of_type();
    let holds = |(name, value): (&String, &Value)| match (value, old.members().get(name)) {
        (Value::Array(some), Some(Value::Array(all))) if kind.is_additive(name) => {
            let is_known = |one: &Value| all.iter().any(|other| is_same(one, other));
            some.is_empty() == all.is_empty() && some.iter().all(is_known)
        }
        (value, Some(known)) => is_same(value, known),
        (_, None) => false,
    };
    is_same_shape && new.own_members().all(holds)
}

fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => letters(one).eq(letters(other)),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            let holds = |(name, value): (&String, &Value)| other.get(name).is_some_and(|other| is_same(value, other));
            one.len() == other.len() && one.iter().all(holds)
        }
        (one, other) => one == other,
    }
}

fn letters(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|character| !character.is_whitespace()).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::details::compare::tests::{detail, types};

    #[test]
    fn an_object_may_be_written_otherwise_and_narrowed_but_says_nothing_more() {
        let types = types();
        let kind = types.find("accounts").unwrap();
        let old =
            detail(json!({"iban": "de02 1001", "actions": ["read", "write"], "limit": 5, "owner": {"name": "A"}}));
        for (new, expected) in [
            (json!({"iban": "DE021001", "actions": ["read"], "limit": 5, "owner": {"name": "a"}}), true),
            (json!({"iban": "DE021002", "actions": ["read"], "limit": 5, "owner": {"name": "A"}}), false),
            (json!({"iban": "DE021001", "actions": ["drop"], "limit": 5, "owner": {"name": "A"}}), false),
            (json!({"iban": "DE021001", "actions": [], "limit": 5, "owner": {"name": "A"}}), false),
            (json!({"iban": "DE021001", "actions": ["read"], "limit": 500, "owner": {"name": "A"}}), false),
            (json!({"iban": "DE021001", "actions": ["read"], "limit": 5}), false),
            (json!({"iban": "DE021001", "actions": ["read"], "limit": 5, "owner": {}}), false),
            (json!({"iban": "DE021001", "actions": ["read"], "locations": ["x"], "owner": {"name": "A"}}), false),
        ] {
            assert_eq!(is_another_form(&detail(new.clone()), &old, kind), expected, "{new}");
        }
    }
}
