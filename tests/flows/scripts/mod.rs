//! Scripts: deploying packages, choosing versions, and what they may use, at the admin API of a running server.

mod deployment;
mod events;
mod hooks;
mod rollout;
mod table;
mod trials;
mod values;

use http::Method;
use serde_json::{Value, json};

use crate::support::http::Answer;
use crate::support::realm::Realm;
use crate::support::scripts::files;

/// Asks the admin API about something of a realm.
async fn ask(realm: &Realm, method: Method, path: &str, body: &Value) -> Answer {
    let path = format!("/realms/{}{path}", realm.name);
    realm.server.administration.try_ask(method, &path, body).await
}

async fn get(realm: &Realm, path: &str) -> Value {
    ask(realm, Method::GET, path, &Value::Null).await.success()
}

/// A request that is refused: its status, the kind of problem, the member, and what is said.
async fn refused(realm: &Realm, method: Method, path: &str, body: &Value) -> (u16, String, String) {
    let answer = ask(realm, method, path, body).await;
    let problem = answer.json();
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    (answer.status, text("field"), text("detail"))
}

/// Deploys a package; answers its version.
async fn deploy(realm: &Realm, files: Value) -> String {
    let deployed = ask(realm, Method::POST, "/scripts", &json!({"files": files})).await;
    assert_eq!(deployed.status, 201, "{deployed:?}");
    deployed.json()["version"].as_str().unwrap().to_owned()
}

/// Stores a version beside the one that decides; answers it.
async fn store(realm: &Realm, body: &str) -> String {
    let request = json!({"files": files("limits", "", body), "activate": false});
    let deployed = ask(realm, Method::POST, "/scripts", &request).await;
    assert_eq!(deployed.status, 201, "{deployed:?}");
    deployed.json()["version"].as_str().unwrap().to_owned()
}
