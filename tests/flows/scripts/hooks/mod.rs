//! What scripts decide at each hook, and what happens where they fail, over real connections.

mod authorization;
mod challenges;
mod ciba;
mod claims;
mod clients;
mod connections;
mod consent;
mod details;
mod devices;
mod discovery;
mod errors;
mod events;
mod exchanges;
mod grants;
mod logins;
mod logouts;
mod pct_claims;
mod registration;
mod resources;
mod sessions;
mod shadows;
mod tokens;
mod transactions;
mod uma;

use http::Method;
use serde_json::{Value, json};

use super::{ask, deploy, get};
use crate::support::client::Client;
use crate::support::http::Answer;
use crate::support::realm::Realm;
use crate::support::wait::until;

/// What a script does that fails, and says something that nobody but the operator may see.
pub(super) const FAILS: &str = "throw `secret sauce of ${4000 + 711}`;";

/// The files of a package: its hooks, more of its manifest, its script.
fn package(name: &str, hooks: &[&str], manifest: &str, script: &str) -> Value {
    json!({
        "manifest.toml": format!("name = \"{name}\"\napi = \"1\"\nhooks = {hooks:?}\n{manifest}\n"),
        "main.rhai": format!("{script}\n"),
    })
}

/// Binds a package with one hook to the realm; `body` is what the function for it does.
async fn bind(realm: &Realm, hook: &str, body: &str) -> String {
    let argument = argument(hook);
    let name = hook.replace('_', "-");
    deploy(realm, package(&name, &[hook], "", &format!("fn {hook}(ctx{argument}) {{ {body} }}"))).await
}

/// The second parameter of a hook.
fn argument(hook: &str) -> String {
    let hook: signet_hooks::Hook = hook.parse().unwrap();
    hook.argument().map(|name| format!(", {name}")).unwrap_or_default()
}

/// Sets a value that scripts may use.
pub(super) async fn set(realm: &Realm, path: &str, value: Value) {
    let answer = ask(realm, Method::PUT, &format!("/script-values/{path}"), &json!({"value": value})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

/// Runs of scripts as the audit trail tells of them, once it tells of so many at a hook; oldest first.
async fn runs(realm: &Realm, hook: &str, at_least: usize) -> Vec<Value> {
    until(&format!("{at_least} runs of {hook}"), async || {
        let listed = get(realm, "/audit-events?kind=script_decision&order=oldest&limit=200").await;
        let items = listed["items"].as_array().unwrap();
        let found: Vec<Value> = items.iter().filter(|item| item["details"]["hook"] == hook).cloned().collect();
        (found.len() >= at_least).then_some(found)
    })
    .await
}

/// SC-009: nothing of a script that failed reaches the other side.
fn assert_silent_about_scripts(text: &str) {
    // The member of RFC 6749 section 5.2 has the word in its name.
    let text = text.replace("error_description", "");
    for said in ["secret", "sauce", "4711", "rhai", "script", "throw", "on-", "on_"] {
        assert!(!text.contains(said), "{said}: {text}");
    }
}

/// A refusal of an endpoint of clients because a script failed.
fn assert_failed_closed(answer: &Answer) {
    assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("server_error")), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_silent_about_scripts(&answer.body);
}

/// A client whose users are not asked for consent.
async fn trusted_client(realm: &Realm) -> Client {
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let scope = "openid profile email offline_access read write";
    realm.client(json!({"grant_types": grants, "scope": scope, "settings": {"skip_consent": true}})).await
}
