//! The reference of hooks, as Markdown made from the types.

use std::fmt::Write as _;

use serde_json::Value;

use crate::API_VERSION;
use crate::claims::PROTECTED;
use crate::decision::Constructor;
use crate::hook::{FailureMode, Hook};
use crate::limits::Class;

/// The reference page of all hooks.
pub fn reference() -> String {
    let mut page = format!(
        "\
# Hooks

A hook is a point where Signet asks a script. A script answers with a decision: it refuses, narrows what was about to
happen, or adds what its manifest declares. `none()` says nothing and is allowed everywhere. A decision that is not in
the list of its hook is a failure of the script. This page is made from the types in `plugins/hooks`, version {API_VERSION} of the
hook API. [The same as JSON Schema](hooks.schema.json) is what `signet script schema` prints.

## Limits

| Class | Operations | Time | Memory | HTTP calls |
|---|---|---|---|---|
"
    );
    for class in [Class::Decision, Class::Enrichment, Class::Asynchronous] {
        let limits = class.limits();
        let row = format!(
            "| {} | {} | {} ms | {} MiB | {} |\n",
            class_name(class),
            limits.operations,
            limits.deadline.as_millis(),
            limits.memory_bytes / (1024 * 1024),
            limits.http_calls
        );
        page.push_str(&row);
    }
    let limits = Class::Decision.limits();
    _ = write!(
        page,
        "
An enrichment has its budget where the package declares a connection, and otherwise that of a decision. Strings have at most {} KiB, arrays {} items, maps {} members; functions call each other {} deep. A decision has at most
{} KiB as JSON, a run at most {} lines of log.

## Claims no script can set

{}.

## Members of `ctx` that every hook has

",
        limits.string_bytes / 1024,
        limits.array_items,
        limits.map_members,
        limits.call_depth,
        limits.output_bytes / 1024,
        limits.log_lines,
        PROTECTED.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
    );
    page.push_str(&members(&common_schema(), ""));
    for hook in Hook::ALL {
        page.push('\n');
        page.push_str(&hook.markdown());
    }
    page
}

/// The schema of a context without facts.
fn common_schema() -> Value {
    let settings =
        schemars::generate::SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<crate::context::Context>().to_value()
}

const fn class_name(class: Class) -> &'static str {
    match class {
        Class::Decision => "decision",
        Class::Enrichment => "enrichment",
        Class::Asynchronous => "asynchronous",
    }
}

const fn failure(mode: FailureMode) -> &'static str {
    match mode {
        FailureMode::Closed => "the request fails",
        FailureMode::Open => "the request goes on without a decision",
        FailureMode::Queue => "it is tried again later",
    }
}

impl Hook {
    /// The section of the reference about this hook.
    pub fn markdown(self) -> String {
        let schemas = self.schemas();
        let constructors: Vec<String> = std::iter::once(&Constructor::NONE)
            .chain(self.constructors())
            .map(|constructor| format!("`{}`", constructor.signature()))
            .collect();
        let mut section = format!(
            "## `{}`\n\n{}\n\n- Class: {}\n- Where the script fails: {}\n- Never: {}\n- Decisions: {}\n",
            self.signature(),
            self.about(),
            class_name(self.class()),
            failure(self.failure_mode()),
            self.never(),
            constructors.join(", "),
        );
        let own = own_members(&schemas.ctx);
        if !own.is_empty() {
            _ = write!(section, "\nMembers of `ctx` besides those every hook has:\n\n{own}");
        }
        if let (Some(argument), Some(schema)) = (self.argument(), &schemas.argument) {
            _ = write!(section, "\n`{argument}`: {}\n", one_line(schema.get("description")));
            let rows = rows(schema, argument);
            if rows.is_empty() {
                _ = writeln!(section, "Value: {}", type_of(schema));
            } else {
                _ = write!(section, "\n{HEAD}{rows}");
            }
        }
        let decisions = decisions(&schemas.output);
        if !decisions.is_empty() {
            _ = write!(section, "\nMembers of decisions:\n\n{HEAD}{decisions}");
        }
        section
    }
}

const HEAD: &str = "| Member | Value | Meaning |\n|---|---|---|\n";

fn members(schema: &Value, prefix: &str) -> String {
    let rows = rows(schema, prefix);
    if rows.is_empty() { rows } else { format!("{HEAD}{rows}") }
}

/// The members that are not common to all hooks.
fn own_members(ctx: &Value) -> String {
    let common = common_schema();
    let mut own = ctx.clone();
    if let (Some(members), Some(common)) =
        (own.get_mut("properties").and_then(Value::as_object_mut), common.get("properties").and_then(Value::as_object))
    {
        members.retain(|name, _| !common.contains_key(name));
    }
    members(&own, "")
}

/// A row for each member of an object, and for those of objects within.
fn rows(schema: &Value, prefix: &str) -> String {
    let schema = present(schema);
    let Some(members) = schema.get("properties").and_then(Value::as_object) else { return String::new() };
    let mut rows = String::new();
    for (name, member) in members {
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        _ = writeln!(rows, "| `{path}` | {} | {} |", type_of(member), one_line(member.get("description")));
        rows.push_str(&self::rows(member, &path));
    }
    rows
}

/// A row for each member of the hook's own decisions; those of `deny` name the codes.
fn decisions(output: &Value) -> String {
    let mut table = String::new();
    for variant in output.get("oneOf").and_then(Value::as_array).into_iter().flatten() {
        let decision = variant.pointer("/properties/decision/const").and_then(Value::as_str).unwrap_or_default();
        let Some(members) = variant.get("properties").and_then(Value::as_object) else { continue };
        for (name, member) in members.iter().filter(|(name, _)| *name != "decision") {
            let path = format!("{decision}.{name}");
            _ = writeln!(table, "| `{path}` | {} | {} |", type_of(member), one_line(member.get("description")));
            table.push_str(&rows(member, &path));
        }
    }
    table
}

/// The schema of the value of an optional member.
fn present(schema: &Value) -> &Value {
    let choices = schema.get("anyOf").and_then(Value::as_array);
    choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")).unwrap_or(schema)
}

/// The type of a value in words.
fn type_of(schema: &Value) -> String {
    let is_null = |value: &Value| value == "null";
    let types = schema.get("type");
    let nullable = types.and_then(Value::as_array).is_some_and(|types| types.iter().any(is_null))
        || schema.get("anyOf").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| is_null(&one["type"])));
    let word = word_for(present(schema));
    if nullable { format!("{word} or `()`") } else { word }
}

fn word_for(schema: &Value) -> String {
    let choices = schema.get("enum").or_else(|| schema.get("oneOf")).and_then(Value::as_array);
    if let Some(choices) = choices {
        let choice = |value: &Value| format!("`{}`", value.get("const").unwrap_or(value).as_str().unwrap_or_default());
        return choices.iter().map(choice).collect::<Vec<_>>().join(", ");
    }
    let types = schema.get("type");
    let name = types
        .and_then(Value::as_str)
        .or_else(|| types.and_then(Value::as_array)?.iter().filter_map(Value::as_str).find(|name| *name != "null"));
    match name {
        Some("array") => format!("list of {}", schema.get("items").map_or_else(|| "values".to_owned(), word_for)),
        Some("object") if schema.get("properties").is_none() => "map".to_owned(),
        Some("object") => "object".to_owned(),
        Some("integer") => match (schema.get("minimum"), schema.get("maximum")) {
            (Some(minimum), Some(maximum)) => format!("{minimum} to {maximum}"),
            _ => "int".to_owned(),
        },
        Some("boolean") => "bool".to_owned(),
        Some(name) => name.to_owned(),
        None => "any value".to_owned(),
    }
}

fn one_line(description: Option<&Value>) -> String {
    let text = description.and_then(Value::as_str).unwrap_or_default();
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_names_every_hook_with_its_decisions_and_limits() {
        let page = reference();
        for hook in Hook::ALL {
            assert!(page.contains(&format!("\n## `{}`\n", hook.signature())), "{hook}");
            for constructor in hook.constructors() {
                assert!(hook.markdown().contains(&constructor.signature()), "{hook} {}", constructor.name);
            }
        }
        assert!(page.contains("| `client.auth_method` | string |"), "{page}");
        assert!(page.contains("| decision | 50000 | 50 ms |"), "{page}");
    }

    #[test]
    fn every_member_is_explained() {
        let page = reference();
        let unexplained: Vec<&str> =
            page.lines().filter(|line| line.starts_with("| `") && line.ends_with("|  |")).collect();
        assert!(unexplained.is_empty(), "{unexplained:#?}");
    }
}
