//! `on_event`: events of the audit chain, in order and at least once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use http::{Method, Response};
use serde_json::{Value, json};
use signet_core::registry::{self, DeploymentRequest};

use super::{ask, deploy, package, set, trusted_client};
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;
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
    loop {
        let all: Vec<Value> =
            server.received().iter().map(|received| serde_json::from_str(&received.body).unwrap()).collect();
        if all.iter().filter(|event| event["kind"] == kind).count() >= number {
            return all;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Binds a package that forwards events, and waits until it is told of them.
async fn forward(realm: &Realm, server: &WebServer) {
    set(realm, "connection/sink", json!({"base_url": server.url})).await;
    let script = "fn on_event(ctx, event) { \
                  let reply = ctx.http(\"sink\").post(\"/events\", event); \
                  if reply.status != 200 { throw `status ${reply.status}`; } none() }";
    deploy(realm, package("forward", &["on_event"], "http = [\"sink\"]", script)).await;
    // Whatever happens after the package is known to the delivery is delivered.
    loop {
        let marked = ask(realm, Method::POST, "/users", &json!({"username": random_name()})).await;
        assert_eq!(marked.status, 201, "{marked:?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
        if !server.received().is_empty() {
            return;
        }
    }
}

fn random_name() -> String {
    crate::support::jwt::random_text()
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
