//! How scripts are shown: as the admin API does.

use serde_json::{Value, json};
use signet_core::model::{ScriptSummary, ScriptValue, ScriptValueContent};
use signet_core::protocol::identifiers::ClientId;
use signet_core::registry::ScriptState;

use crate::command::views::{timestamp, without_nulls};

/// A script where it decides.
pub(super) fn script(state: &ScriptState) -> Value {
    let binding = &state.binding;
    let shadow =
        binding.shadow.map(|shadow| json!({ "version": shadow.version.to_string(), "percent": shadow.percent }));
    without_nulls(json!({
        "name": binding.target.package.as_str(),
        "client_id": binding.target.client_id.as_ref().map(ClientId::as_str),
        "active": binding.active.to_string(),
        "previous": binding.previous.map(|version| version.to_string()),
        "shadow": shadow,
        "position": binding.position,
        "description": state.declaration.description,
        "hooks": state.declaration.hooks,
        "capabilities": state.declaration.capabilities,
        "problem": state.problem,
        "updated_at": timestamp(binding.updated_at),
    }))
}

/// The same for a table: short versions, names alone.
pub(super) fn script_row(state: &ScriptState) -> Value {
    let binding = &state.binding;
    json!({
        "name": binding.target.package.as_str(),
        "client_id": binding.target.client_id.as_ref().map(ClientId::as_str),
        "active": binding.active.short(),
        "previous": binding.previous.map(|version| version.short()),
        "shadow": binding.shadow.map(|shadow| format!("{} {}%", shadow.version.short(), shadow.percent)),
        "hooks": state.declaration.hooks.keys().collect::<Vec<_>>(),
        "problem": state.problem.as_ref().map(|_| "does not compile"),
    })
}

/// A version without its files.
pub(super) fn version(summary: &ScriptSummary) -> Value {
    json!({
        "name": summary.name.as_str(),
        "version": summary.version.to_string(),
        "api": summary.declaration.api,
        "description": summary.declaration.description,
        "hooks": summary.declaration.hooks,
        "capabilities": summary.declaration.capabilities,
        "created_at": timestamp(summary.created_at),
    })
}

/// Most characters of a document in a table.
const SHORT: usize = 60;

/// A value in a table: the beginning of a long document.
pub(super) fn value_row(stored: &ScriptValue) -> Value {
    let mut row = value(stored);
    let text = row.get("value").map(ToString::to_string).unwrap_or_default();
    if text.chars().count() > SHORT {
        row["value"] = format!("{}...", text.chars().take(SHORT).collect::<String>()).into();
    }
    row
}

/// A value; a secret without it.
pub(super) fn value(value: &ScriptValue) -> Value {
    let shown = match &value.content {
        ScriptValueContent::Secret(_) => Value::Null,
        ScriptValueContent::Document(document) => document.clone(),
        ScriptValueContent::Connection(connection) => json!(connection),
    };
    let mut object = json!({
        "kind": value.content.kind().as_str(),
        "name": value.name.as_str(),
        "value": shown,
        "updated_at": timestamp(value.updated_at),
    });
    if let (ScriptValueContent::Secret(_), Some(members)) = (&value.content, object.as_object_mut()) {
        members.remove("value");
    }
    object
}
