//! What happened in one request, for a person: the rules that were passed, and each decision in order, with its rule and
//! where that stands; what scripts were told, where that was recorded.

use serde_json::{Map, Value, json};
use signet_core::events::{EventKind, ListedRecord};
use signet_core::protocol::rfc3339;
use signet_core::registry::RecordedRun;

/// Members that are told in a sentence of their own.
const TOLD: [&str; 5] = ["passed", "error", "reason", "specification", "detail"];

/// A text of several lines.
pub(super) fn text(realm: &str, events: &[ListedRecord], recordings: &[RecordedRun]) -> String {
    let mut lines = Vec::new();
    if let Some(first) = events.first() {
        let from = first.record.address.as_deref().map(|address| format!(" from {address}")).unwrap_or_default();
        let at = rfc3339::write(first.record.recorded_at);
        lines.push(format!("Request {} to realm {realm}{from}, {at}", first.record.request_id));
    }
    let begin = events.first().map_or(0, |first| first.record.recorded_at.0);
    let mut told = Vec::new();
    for listed in events {
        let record = &listed.record;
        let meaning =
            record.kind.parse().map_or_else(|_| record.kind.clone(), |kind: EventKind| kind.meaning().to_owned());
        lines.push(String::new());
        lines.push(format!("+{} ms  {meaning} ({})", record.recorded_at.0 - begin, record.kind));
        let mut fact = |name: &str, value: &str| lines.push(format!("    {name:<14} {value}"));
        if let Some(user) = &record.user_id {
            fact("user", &user.to_string());
        }
        if let Some(client) = &record.client_id {
            fact("client", client);
        }
        if let Some(session) = &record.session_id {
            fact("session", &session.to_string());
        }
        let details: Map<String, Value> = serde_json::from_str(&record.details).unwrap_or_default();
        let passed = rules(&details);
        if let Some(more) = passed.strip_prefix(told.as_slice()).filter(|more| !more.is_empty()) {
            fact("passed", &more.join(", "));
            told = passed;
        }
        for (name, shown) in [("error", "error"), ("reason", "rule"), ("specification", "see"), ("detail", "detail")] {
            if let Some(value) = details.get(name) {
                fact(shown, &plain(value));
            }
        }
        for (name, value) in details.iter().filter(|(name, _)| !TOLD.contains(&name.as_str())) {
            fact(&name.replace('_', " "), &plain(value));
        }
        fact(
            "sealed",
            &listed.sequence.map_or_else(|| "not yet".to_owned(), |sequence| format!("as number {sequence}")),
        );
    }
    for run in recordings {
        let stored = &run.stored;
        lines.push(String::new());
        lines.push(format!(
            "Recording {} of {} in {} {}",
            stored.id,
            stored.hook,
            stored.package,
            stored.version.short()
        ));
        for (name, value) in
            recorded(run).as_object().into_iter().flatten().filter(|(name, _)| RECORDED.contains(&name.as_str()))
        {
            lines.push(format!("    {name:<14} {}", plain_json(value)));
        }
    }
    lines.join("\n")
}

/// Members of a recorded run that a person reads.
const RECORDED: [&str; 5] = ["ctx", "argument", "decision", "failure", "log"];

/// What went into a recorded run and came out, with its placeholders.
pub(super) fn recorded(run: &RecordedRun) -> Value {
    let mut shown = json!({
        "id": run.stored.id.to_string(),
        "hook": run.stored.hook,
        "package": run.stored.package.as_str(),
        "version": run.stored.version.to_string(),
    });
    if let Some(recording) = &run.recording {
        shown["ctx"] = recording.context.ctx();
        if let Some(argument) = recording.context.argument() {
            shown["argument"] = argument.clone();
        }
        match &recording.outcome {
            Ok(decision) => shown["decision"] = decision.clone(),
            Err(failure) => shown["failure"] = json!(failure),
        }
        shown["log"] = json!(recording.log);
    }
    shown
}

/// The rules that had been passed when an event was made.
fn rules(details: &Map<String, Value>) -> Vec<String> {
    let passed = details.get("passed").and_then(Value::as_array);
    passed.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// JSON on one line, as it may go to a terminal.
fn plain_json(value: &Value) -> String {
    value.to_string().chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// A value without quotes, on one line.
fn plain(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(members) => {
            members.iter().map(|(name, value)| format!("{name}={}", plain(value))).collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    };
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}
