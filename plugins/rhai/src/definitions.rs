//! Definition files for editors: what a Rhai language server knows about the functions of scripts and about `ctx`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::Value;
use signet_hooks::{API_VERSION, Hook};

use crate::functions::Documented;
use crate::language::Language;
use crate::testing::test_functions;

/// The definition files by name: one for scripts, one for what test files have besides.
pub fn definitions() -> BTreeMap<String, String> {
    let language = Language::new();
    let mut scripts = format!(
        "module static;\n\n// Signet scripts, version {API_VERSION} of the hook API. Made by Signet; changes are lost.\n"
    );
    functions(&mut scripts, language.documented());
    members(&mut scripts);
    hooks(&mut scripts);
    let mut tests = String::from("module static;\n\n// What test files of Signet scripts have besides.\n");
    functions(&mut tests, &test_functions());
    [("signet.d.rhai".to_owned(), scripts), ("signet_tests.d.rhai".to_owned(), tests)].into()
}

fn functions(file: &mut String, documented: &[Documented]) {
    for function in documented {
        _ = write!(file, "\n/// {}\nfn {}{};\n", function.about, function.name, typed(function.signature));
    }
}

/// The signature with `?` for types that may be any.
fn typed(signature: &str) -> String {
    let (parameters, result) = signature.split_once(") -> ").unwrap_or((signature.trim_end_matches(')'), "()"));
    let parameters = parameters.trim_start_matches('(').split(", ").filter(|parameter| !parameter.is_empty());
    let parameters: Vec<String> = parameters
        .map(|parameter| match parameter.split_once(": ") {
            Some((name, kind)) => format!("{name}: {}", known(kind)),
            None => format!("{parameter}: ?"),
        })
        .collect();
    format!("({}) -> {}", parameters.join(", "), known(result))
}

/// A type as editors know it.
fn known(kind: &str) -> &str {
    match kind {
        "value" | "number" => "?",
        "function" => "Fn",
        other => other,
    }
}

/// What can be read of `ctx`, with the hooks that have it.
fn members(file: &mut String) {
    let mut found: BTreeMap<String, (String, String, BTreeSet<&str>)> = BTreeMap::new();
    for hook in Hook::ALL {
        let schemas = hook.schemas();
        for (name, schema) in schemas.ctx["properties"].as_object().into_iter().flatten() {
            let about =
                schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
            let entry = found.entry(name.clone()).or_insert_with(|| (about, kind(schema), BTreeSet::new()));
            entry.2.insert(hook.name());
        }
    }
    for (name, (about, kind, hooks)) in found {
        let hooks = if hooks.len() == Hook::ALL.len() {
            String::new()
        } else {
            format!(" In {}.", hooks.into_iter().collect::<Vec<_>>().join(", "))
        };
        _ = write!(file, "\n/// {about}{hooks}\nfn get {name}(ctx: ctx) -> {kind};\n");
    }
    for (name, about) in
        [("kv", "Stored values of the realm: `ctx.kv.get(name)`."), ("log", "Lines for administrators.")]
    {
        _ = write!(file, "\n/// {about}\nfn get {name}(ctx: ctx) -> {name};\n");
    }
}

/// The type of a value; any where it may be absent.
fn kind(schema: &Value) -> String {
    match schema["type"].as_str() {
        Some("integer") => "int",
        Some("boolean") => "bool",
        Some("object") => "map",
        Some("array") => "array",
        Some("string") => "string",
        _ => "?",
    }
    .to_owned()
}

/// The hooks as comments: their functions are the script's own.
fn hooks(file: &mut String) {
    file.push_str("\n// The functions of hooks:\n");
    for hook in Hook::ALL {
        _ = writeln!(file, "// fn {}: {}", hook.signature(), hook.about());
    }
}
