//! JSON from strangers: a member name may stand only once in an object (RFC 7515 section 4, RFC 7517 section 4,
//! RFC 7519 section 4). A parser that takes the last of two lets a token say different things to two readers.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The text is not JSON, or an object in it repeats a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the value is not a JSON object or array with unique member names")]
pub struct NotStrictJson;

/// Parses an object; duplicate members are refused at every depth, and so is anything after the object.
pub fn parse_object(text: &[u8]) -> Result<Map<String, Value>, NotStrictJson> {
    match serde_json::from_slice::<StrictValue>(text) {
        Ok(StrictValue(Value::Object(members))) => Ok(members),
        Ok(_) | Err(_) => Err(NotStrictJson),
    }
}

/// Parses an array in the same way.
pub fn parse_array(text: &[u8]) -> Result<Vec<Value>, NotStrictJson> {
    match serde_json::from_slice::<StrictValue>(text) {
        Ok(StrictValue(Value::Array(elements))) => Ok(elements),
        Ok(_) | Err(_) => Err(NotStrictJson),
    }
}

struct StrictValue(Value);

impl<'de> Deserialize<'de> for StrictValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("not a finite number"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(StrictValue(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((name, StrictValue(value))) = members.next_entry::<String, StrictValue>()? {
            if object.insert(name, value).is_some() {
                return Err(A::Error::custom("duplicate member"));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc7515_4_duplicate_members_are_refused_at_every_depth() {
        for refused in [
            r#"{"alg":"ES256","alg":"none"}"#,
            r#"{"a":{"b":1,"b":1}}"#,
            r#"{"a":[{"b":1},{"c":[{"d":null,"d":null}]}]}"#,
            r#"{"alg":1,"\u0061lg":2}"#,
        ] {
            assert_eq!(parse_object(refused.as_bytes()), Err(NotStrictJson), "{refused}");
        }
    }

    #[test]
    fn rfc7515_4_only_one_object_and_nothing_else() {
        for refused in [
            "",
            "[]",
            "1",
            "null",
            r#"{"a":1}{}"#,
            r#"{"a":1} x"#,
            r#"{"a":1,}"#,
            r#"{"a":1e999}"#,
            "{\"a\":\"\u{0}\"}",
        ] {
            assert_eq!(parse_object(refused.as_bytes()), Err(NotStrictJson), "{refused}");
        }
        assert_eq!(parse_object(b"\xff\xfe{}"), Err(NotStrictJson));
        let nested = format!("{}{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
        assert_eq!(parse_object(nested.as_bytes()), Err(NotStrictJson));
    }

    #[test]
    fn arrays_are_read_as_strictly_as_objects() {
        assert_eq!(parse_array(br#"[{"a":1},2]"#), Ok(vec![serde_json::json!({"a": 1}), 2.into()]));
        for refused in [r#"[{"a":1,"a":2}]"#, "{}", "[1]x", "[1,]", ""] {
            assert_eq!(parse_array(refused.as_bytes()), Err(NotStrictJson), "{refused}");
        }
    }

    #[test]
    fn rfc7515_4_values_are_kept_as_they_are() {
        let text = r#"{"a":1,"b":-1,"c":1.5,"d":"x\ny","e":[true,null],"f":{"g":18446744073709551615}}"#;
        let parsed = parse_object(text.as_bytes()).unwrap();
        assert_eq!(Value::Object(parsed), serde_json::from_str::<Value>(text).unwrap());
    }
}
