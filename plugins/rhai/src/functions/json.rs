//! JSON.

use rhai::Dynamic;
use serde_json::Value;

use super::library::{Effect, Library};
use crate::convert::{Bounds, to_json, to_script};
use crate::meter::{Failed, charge_bytes, charge_value, charge_work, limits};
use crate::size::made_text;

pub(super) fn register(library: &mut Library) {
    library.add(("to_json", "(value) -> string", "A value as JSON."), Effect::Reads, |value: Dynamic| {
        let bounds = Bounds { depth: limits().value_depth, bytes: limits().string_bytes };
        let json = to_json(&value, bounds).map_err(|problem| Failed::from(problem.to_string()))?;
        made_text(json.to_string())
    });
    library.add(
        ("parse_json", "(text: string) -> value", "The value that a JSON text says; throws if it is none."),
        Effect::Reads,
        |text: &str| {
            charge_work(text.len() / 16)?;
            let value: Value = serde_json::from_str(text).map_err(|_| Failed::from("the text is no JSON"))?;
            parsed(&value)
        },
    );
}

/// A JSON value for a script: paid for before and after.
pub(crate) fn parsed(value: &Value) -> Result<Dynamic, Failed> {
    charge_bytes(bytes_of(value))?;
    let value = to_script(value);
    charge_value(&value)?;
    Ok(value)
}

/// About how many bytes the value takes in a script besides its texts.
fn bytes_of(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(|item| 16 + bytes_of(item)).sum(),
        Value::Object(members) => members.values().map(|member| 64 + bytes_of(member)).sum(),
        _ => 0,
    }
}
