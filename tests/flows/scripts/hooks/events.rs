//! `on_event`: events of the audit chain, in order and at least once.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use http::{Method, Response};
use serde_json::{Value, json};
use signet_core::registry::{self, DeploymentRequest};

use super::{ask, deploy, get, package, set, trusted_client};
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;
use crate::support::wait::{until, until_true};
use crate::support::web::WebServer;

/// Binds a package at a provider whose parts run in the test.
pub(super) async fn bind_in(timed: &TimedProvider, realm: &Realm, files: Value) {
    let provider = &timed.provider;
    let request = DeploymentRequest {
        files: serde_json::from_value(files).unwrap(),
        client_id: None,
        position: None,
        activate: true,
        accept: Vec::new(),
    };
    let context = registry::find_realm(provider, &realm.name.parse().unwrap()).await.unwrap();
    registry::deploy_script(&provider.serving_itself(), &context, request).await.unwrap();
}

/// What arrived, once there are so many with this member.
async fn delivered(server: &WebServer, kind: &str, number: usize) -> Vec<Value> {
    until(&format!("{number} deliveries of {kind}"), async || {
        let all: Vec<Value> =
            server.received().iter().map(|received| serde_json::from_str(&received.body).unwrap()).collect();
        (all.iter().filter(|event| event["kind"] == kind).count() >= number).then_some(all)
    })
    .await
}

/// Binds a package that forwards events, and waits until it is told of them.
async fn forward(realm: &Realm, server: &WebServer) {
    set(realm, "connection/sink", json!({"base_url": server.url})).await;
    let script = "fn on_event(ctx, event) { \
                  let reply = ctx.http(\"sink\").post(\"/events\", event); \
                  if reply.status != 200 { throw `status ${reply.status}`; } none() }";
    deploy(realm, package("forward", &["on_event"], "http = [\"sink\"]", script)).await;
    // Whatever happens after the package is known to the delivery is delivered, and nothing before it is left behind.
    until_true("a first delivery", async || {
        mark(realm).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        !server.received().is_empty()
    })
    .await;
    let last = mark(realm).await;
    until_true("the delivery of everything so far", async || {
        server.received().iter().any(|received| received.body.contains(&last))
    })
    .await;
}

/// Makes something happen, and says what it is known by.
async fn mark(realm: &Realm) -> String {
    let user = json!({"username": crate::support::jwt::random_text()});
    let created = ask(realm, Method::POST, "/users", &user).await;
    assert_eq!(created.status, 201, "{created:?}");
    created.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn on_event_is_told_every_event_in_order() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let server = WebServer::start(|_| Response::new(String::new())).await;
    forward(&realm, &server).await;
    let scopes = ["read", "write", "read write"];
    for scope in scopes {
        client.client_credentials(scope).await.tokens();
    }
    let all = delivered(&server, "token_issued", 3).await;
    let issued: Vec<_> = all.iter().filter(|event| event["kind"] == "token_issued").collect();
    let told: Vec<_> = issued.iter().map(|event| event["data"]["scope"].as_str().unwrap()).collect();
    assert_eq!(told, scopes);
    assert_eq!(issued[0]["client_id"], client.id);
    let ids: Vec<_> = all.iter().map(|event| event["id"].as_str().unwrap()).collect();
    let distinct: HashSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "nothing failed, so that nothing came twice");
    // A delivery is no news of its own.
    assert!(!all.iter().any(|event| event["data"]["hook"] == "on_event"), "{all:?}");
    let chain = get(&realm, "/audit-chain").await;
    assert_eq!(chain["holds"], true, "{chain}");
}

#[tokio::test]
async fn on_event_is_told_again_where_it_failed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let status = Arc::new(AtomicU16::new(200));
    let current = Arc::clone(&status);
    let server = WebServer::start(move |_| {
        Response::builder().status(current.load(Ordering::SeqCst)).body(String::new()).unwrap()
    })
    .await;
    forward(&realm, &server).await;
    status.store(503, Ordering::SeqCst);
    client.client_credentials("read").await.tokens();
    let first = delivered(&server, "token_issued", 1).await;
    client.client_credentials("write").await.tokens();
    status.store(200, Ordering::SeqCst);
    let all = delivered(&server, "token_issued", 3).await;
    let of_first = |event: &&Value| event["data"]["scope"] == "read";
    let ids: Vec<_> = all.iter().filter(of_first).map(|event| event["id"].clone()).collect();
    assert!(ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]), "the same event again: {ids:?}");
    assert_eq!(first.iter().filter(|event| event["data"]["scope"] == "write").count(), 0);
    let last = all.iter().rev().find(|event| event["kind"] == "token_issued").unwrap();
    assert_eq!(last["data"]["scope"], "write", "those behind wait for it");
    let failures = super::runs(&realm, "on_event", 1).await;
    assert_eq!(failures[0]["details"]["decision"], "queue");
}
