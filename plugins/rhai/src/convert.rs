//! Between JSON and the values of scripts. Values are copied both ways.

use rhai::{Array, Dynamic, Map};
use serde_json::{Map as JsonMap, Number, Value};

/// Why a value of a script is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NoJson {
    #[error("a {0} cannot leave the script; texts, numbers, booleans, (), arrays and maps can")]
    Type(&'static str),
    #[error("a number that is infinite or none cannot leave the script")]
    Number,
    #[error("the value is nested too deeply")]
    Depth,
    #[error("the value is too large")]
    Size,
}

/// A value of a script for a JSON value. Whole numbers beyond 64 bits become floating-point numbers.
pub(crate) fn to_script(value: &Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| number.as_f64().unwrap_or(f64::NAN).into(), Dynamic::from)
        }
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => Dynamic::from_array(items.iter().map(to_script).collect::<Array>()),
        Value::Object(members) => Dynamic::from_map(map_to_script(members)),
    }
}

/// A map of a script for a JSON object.
pub(crate) fn map_to_script(members: &JsonMap<String, Value>) -> Map {
    members.iter().map(|(name, value)| (name.as_str().into(), to_script(value))).collect()
}

/// How large a value may be that leaves a script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Deepest nesting.
    pub(crate) depth: usize,
    /// About the bytes of its JSON.
    pub(crate) bytes: usize,
}

/// The JSON value for a value of a script.
pub(crate) fn to_json(value: &Dynamic, bounds: Bounds) -> Result<Value, NoJson> {
    let mut left = bounds;
    json(value, &mut left)
}

/// The JSON object for a map of a script.
pub(crate) fn map_to_json(members: &Map, bounds: Bounds) -> Result<JsonMap<String, Value>, NoJson> {
    let mut left = bounds;
    object(members, &mut left)
}

fn json(value: &Dynamic, left: &mut Bounds) -> Result<Value, NoJson> {
    spend(left, 1)?;
    if value.is_unit() {
        Ok(Value::Null)
    } else if let Ok(text) = value.as_immutable_string_ref() {
        spend(left, text.len())?;
        Ok(Value::String(text.as_str().to_owned()))
    } else if let Ok(number) = value.as_int() {
        spend(left, 8)?;
        Ok(number.into())
    } else if let Ok(flag) = value.as_bool() {
        Ok(flag.into())
    } else if let Ok(members) = value.as_map_ref() {
        object(&members, left).map(Value::Object)
    } else if let Ok(items) = value.as_array_ref() {
        let mut inner = deeper(left)?;
        let items = items.iter().map(|item| json(item, &mut inner)).collect::<Result<_, _>>();
        left.bytes = inner.bytes;
        items.map(Value::Array)
    } else if let Ok(number) = value.as_float() {
        spend(left, 8)?;
        Number::from_f64(number).map(Value::Number).ok_or(NoJson::Number)
    } else if let Ok(character) = value.as_char() {
        Ok(character.to_string().into())
    } else {
        Err(NoJson::Type(type_name(value)))
    }
}

fn object(members: &Map, left: &mut Bounds) -> Result<JsonMap<String, Value>, NoJson> {
    let mut inner = deeper(left)?;
    let mut object = JsonMap::new();
    for (name, value) in members {
        spend(&mut inner, name.len() + 3)?;
        object.insert(name.to_string(), json(value, &mut inner)?);
    }
    left.bytes = inner.bytes;
    Ok(object)
}

const fn deeper(left: &Bounds) -> Result<Bounds, NoJson> {
    match left.depth.checked_sub(1) {
        Some(depth) => Ok(Bounds { depth, bytes: left.bytes }),
        None => Err(NoJson::Depth),
    }
}

const fn spend(left: &mut Bounds, bytes: usize) -> Result<(), NoJson> {
    match left.bytes.checked_sub(bytes) {
        Some(bytes) => {
            left.bytes = bytes;
            Ok(())
        }
        None => Err(NoJson::Size),
    }
}

/// The name of a value's type, as scripts know it.
pub(crate) fn type_name(value: &Dynamic) -> &'static str {
    if value.is_unit() {
        "()"
    } else if value.is_bool() {
        "bool"
    } else if value.is_int() {
        "int"
    } else if value.is_float() {
        "float"
    } else if value.is_string() {
        "string"
    } else if value.is_char() {
        "char"
    } else if value.is_array() {
        "array"
    } else if value.is_map() {
        "map"
    } else if value.is_fnptr() {
        "function"
    } else {
        "value of the server"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const BOUNDS: Bounds = Bounds { depth: 8, bytes: 1_000 };

    #[test]
    fn values_go_in_and_out_unchanged() {
        let value = json!({"a": [1, -2, 1.5, "x", true, null], "b": {"c": {}}, "d": []});
        assert_eq!(to_json(&to_script(&value), BOUNDS), Ok(value));
    }

    #[test]
    fn what_is_no_json_stays_inside() {
        assert_eq!(to_json(&f64::NAN.into(), BOUNDS), Err(NoJson::Number));
        assert_eq!(to_json(&rhai::FnPtr::new("f").unwrap().into(), BOUNDS), Err(NoJson::Type("function")));
        let mut deep = json!(1);
        for _ in 0..9 {
            deep = json!([deep]);
        }
        assert_eq!(to_json(&to_script(&deep), BOUNDS), Err(NoJson::Depth));
        assert_eq!(to_json(&to_script(&json!("x".repeat(1_000))), BOUNDS), Err(NoJson::Size));
        let wide: Vec<i64> = (0..200).collect();
        assert_eq!(to_json(&to_script(&json!(wide)), BOUNDS), Err(NoJson::Size));
    }
}
