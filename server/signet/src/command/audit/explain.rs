//! What happened in one request, for a person: each decision in order, with its rule and where that stands.

use serde_json::{Map, Value};
use signet_core::events::{EventKind, ListedRecord};
use signet_core::protocol::rfc3339;

/// Members that are told in a sentence of their own.
const TOLD: [&str; 4] = ["error", "reason", "specification", "detail"];

/// A text of several lines.
pub(super) fn text(realm: &str, events: &[ListedRecord]) -> String {
    let mut lines = Vec::new();
    if let Some(first) = events.first() {
        let from = first.record.address.as_deref().map(|address| format!(" from {address}")).unwrap_or_default();
        let at = rfc3339::write(first.record.recorded_at);
        lines.push(format!("Request {} to realm {realm}{from}, {at}", first.record.request_id));
    }
    let begin = events.first().map_or(0, |first| first.record.recorded_at.0);
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
    lines.join("\n")
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
