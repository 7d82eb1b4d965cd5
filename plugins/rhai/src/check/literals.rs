//! Values that stand in the source, and whether a schema takes them.

use rhai::Expr;
use serde_json::{Map, Value};

/// The value of an expression that is one all through.
pub(super) fn literal(expression: &Expr) -> Option<Value> {
    match expression {
        Expr::BoolConstant(value, _) => Some((*value).into()),
        Expr::IntegerConstant(value, _) => Some((*value).into()),
        Expr::FloatConstant(value, _) => serde_json::Number::from_f64(**value).map(Value::Number),
        Expr::StringConstant(text, _) => Some(text.as_str().into()),
        Expr::CharConstant(character, _) => Some(character.to_string().into()),
        Expr::Unit(_) => Some(Value::Null),
        Expr::Array(items, _) => items.iter().map(literal).collect::<Option<Vec<Value>>>().map(Value::Array),
        Expr::Map(members, _) => {
            let members = members.0.iter().map(|(name, value)| Some((name.name.to_string(), literal(value)?)));
            members.collect::<Option<Map<String, Value>>>().map(Value::Object)
        }
        _ => None,
    }
}

/// What kind of value an expression writes down; nothing where it is not one that is written down.
pub(super) const fn kind(expression: &Expr) -> Option<&'static str> {
    match expression {
        Expr::BoolConstant(..) => Some("true or false"),
        Expr::IntegerConstant(..) | Expr::FloatConstant(..) => Some("a number"),
        Expr::StringConstant(..) | Expr::InterpolatedString(..) | Expr::CharConstant(..) => Some("a text"),
        Expr::Unit(_) => Some("()"),
        Expr::Array(..) => Some("a list"),
        Expr::Map(..) => Some("a map"),
        _ => None,
    }
}

/// Why a value is none that a schema describes. Looks at types, choices, bounds of numbers and names of members, which is
/// what people get wrong; patterns and lengths are left to the run.
pub(super) fn mismatch(schema: &Value, value: &Value) -> Option<String> {
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let problems: Option<Vec<String>> = choices.iter().map(|choice| mismatch(choice, value)).collect();
        return problems.and_then(|problems| problems.into_iter().next());
    }
    let choices = schema.get("enum").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    if let Some(choices) = choices {
        let words: Vec<&Value> = choices.iter().map(|choice| choice.get("const").unwrap_or(choice)).collect();
        let list = || words.iter().filter_map(|word| word.as_str()).collect::<Vec<_>>().join(", ");
        return (!words.contains(&value)).then(|| format!("is one of {}", list()));
    }
    if let Some(problem) = wrong_type(schema, value) {
        return Some(problem);
    }
    match value {
        Value::Number(number) => out_of_bounds(schema, number.as_i64()?),
        Value::Array(items) => {
            let schema = schema.get("items")?;
            items.iter().find_map(|item| mismatch(schema, item)).map(|problem| format!("has an item that {problem}"))
        }
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let known = schema.get("properties").and_then(|known| known.get(name));
            match (known, schema.get("additionalProperties")) {
                (Some(schema), _) => {
                    mismatch(schema, member).map(|problem| format!("has a member {name} that {problem}"))
                }
                (None, Some(Value::Bool(false))) => Some(format!("has no member {name}")),
                (None, Some(schema @ Value::Object(_))) => {
                    mismatch(schema, member).map(|problem| format!("has a member {name} that {problem}"))
                }
                (None, _) => None,
            }
        }),
        _ => None,
    }
}

fn wrong_type(schema: &Value, value: &Value) -> Option<String> {
    let types = schema.get("type")?;
    let types: Vec<&str> = match types {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        other => other.as_str().into_iter().collect(),
    };
    let fits = |name: &&str| match *name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    let word = |name: &&str| match *name {
        "null" => "()",
        "boolean" => "true or false",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "a list",
        _ => "a map",
    };
    (!types.iter().any(fits)).then(|| format!("is {}", types.iter().map(word).collect::<Vec<_>>().join(" or ")))
}

fn out_of_bounds(schema: &Value, number: i64) -> Option<String> {
    let (minimum, maximum) = (schema.get("minimum")?.as_i64()?, schema.get("maximum")?.as_i64()?);
    (!(minimum..=maximum).contains(&number)).then(|| format!("is from {minimum} to {maximum}"))
}
