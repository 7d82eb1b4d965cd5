//! `signet script schema`.

use serde_json::{Map, Value, json};
use signet_hooks::{API_VERSION, Hook, Schemas};

use crate::command::CommandResult;
use crate::output;

pub(super) fn run(hook: Option<Hook>) -> CommandResult {
    if let Some(hook) = hook {
        return output::print_json(&schema(hook));
    }
    let hooks: Map<String, Value> = Hook::ALL.iter().map(|hook| (hook.name().to_owned(), schema(*hook))).collect();
    output::print_json(&json!({ "api": API_VERSION, "hooks": hooks }))
}

fn schema(hook: Hook) -> Value {
    let Schemas { ctx, argument, output } = hook.schemas();
    let mut schema = json!({ "signature": hook.signature(), "ctx": ctx, "decision": output });
    if let Some(argument) = argument {
        schema["argument"] = argument;
    }
    schema
}
