//! The record of what happened: each decision leaves its event, none of them opens anything, and nobody can change one
//! unnoticed.

mod administration;
mod command_line;
mod logins;
mod secrecy;
mod tokens;

use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::realm::Realm;

/// Whom an event is about.
fn assert_about(event: &Value, user: Option<&str>, client: Option<&Client>) {
    let client = client.map(|client| client.id.as_str());
    assert_eq!((&event["user_id"], &event["client_id"]), (&json!(user), &json!(client)), "{event:#}");
}

/// The rule that a refusal names, and where it stands.
fn assert_refused(event: &Value, error: &str, specification: &str) {
    let details = &event["details"];
    assert_eq!((&details["error"], &details["specification"]), (&json!(error), &json!(specification)), "{event:#}");
    assert!(details["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{event:#}");
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with what may be absent")]
fn user_of(realm: &Realm) -> Option<&str> {
    Some(realm.user.id.as_str())
}
