//! `ctx.http`: claims from another server.

use std::sync::{Arc, Mutex};

use http::Response;
use serde_json::{Value, json};

use super::{assert_failed_closed, deploy, package, set, trusted_client};
use crate::support::client::Client;
use crate::support::jwt;
use crate::support::realm::Realm;
use crate::support::web::WebServer;

const MANIFEST: &str = "http = [\"directory\"]\nclaims = { office = \"string\", stale = \"bool\" }";

/// A package that asks a connection about the client.
fn asking(ask: &str) -> Value {
    let script = format!(
        "fn on_claims(ctx, target) {{ if target != \"access_token\" {{ return none(); }} {ask} \
         claims(#{{ office: reply.json.office, stale: reply.stale }}) }}"
    );
    package("offices", &["on_claims"], MANIFEST, &script)
}

async fn connect(realm: &Realm, base_url: &str, cache_seconds: i64) {
    set(realm, "secret/directory-token", json!("t0ken")).await;
    let connection = json!({"base_url": base_url, "bearer": "directory-token", "cache_seconds": cache_seconds});
    set(realm, "connection/directory", connection).await;
}

async fn claims(client: &Client) -> Value {
    jwt::read(client.client_credentials("read").await.tokens().access_token()).claims
}

#[tokio::test]
async fn a_claim_is_fetched_kept_and_stands_in_where_the_server_fails() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let status = Arc::new(Mutex::new(200));
    let current = Arc::clone(&status);
    let directory = WebServer::start(move |_| {
        Response::builder().status(*current.lock().unwrap()).body("{\"office\": \"Bern\"}".to_owned()).unwrap()
    })
    .await;
    connect(&realm, &format!("{}/v1", directory.url), 0).await;
    deploy(&realm, asking("let reply = ctx.http(\"directory\").get(\"/offices?client=\" + ctx.client.id);")).await;
    assert_eq!(claims(&client).await["office"], "Bern");
    let asked = directory.received();
    assert_eq!(asked[0].target, format!("/v1/offices?client={}", client.id));
    assert_eq!(asked[0].headers["authorization"], "Bearer t0ken");
    claims(&client).await;
    assert_eq!(directory.received().len(), 2, "nothing is kept without cache_seconds");

    connect(&realm, &format!("{}/v1", directory.url), 3600).await;
    for _ in 0..3 {
        assert_eq!(claims(&client).await["stale"], false);
    }
    assert_eq!(directory.received().len(), 3);
    // A POST is sent each time.
    deploy(&realm, asking("let reply = ctx.http(\"directory\").post(\"/offices\", #{ client: ctx.client.id });")).await;
    claims(&client).await;
    claims(&client).await;
    let asked = directory.received();
    assert_eq!((asked.len(), &asked[4].body), (5, &json!({"client": client.id}).to_string()));
    *status.lock().unwrap() = 503;
    assert_eq!(claims(&client).await["office"], "Bern", "a status is an answer for the script to judge");
}

#[tokio::test]
async fn sc_014_scripts_reach_nothing_that_the_server_would_not_ask_itself() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let canary = WebServer::start(|_| Response::new("{\"office\": \"inside\"}".to_owned())).await;
    let target = format!("{}/internal", canary.url);
    let redirecting = WebServer::start(move |_| {
        Response::builder().status(302).header("location", &target).body(String::new()).unwrap()
    })
    .await;
    let attempt = "let office = \"\"; let stale = false; \
                   try { office = ctx.http(\"directory\").get(PATH).json.office; } catch (error) { office = error; } \
                   let reply = #{ json: #{ office: office }, stale: stale };";
    for (base_url, path, problem) in [
        // The metadata service of clouds stays closed, also where private addresses are open.
        ("https://169.254.169.254", "\"/latest\"", "http: the destination is not allowed"),
        ("https://[fd00:ec2::254]", "\"/latest\"", "http: the destination is not allowed"),
        (redirecting.url.as_str(), "\"/\"", "http: the destination is not allowed"),
        (canary.url.as_str(), "\"//127.0.0.1/\"", "http: the path is not acceptable"),
        (&format!("{}/v1", canary.url), "\"/../internal\"", "http: the path is not acceptable"),
        (&format!("{}/v1", canary.url), "\"/%2e%2e/internal\"", "http: the path is not acceptable"),
        ("https://client.invalid", "\"/\"", "http: not available"),
    ] {
        connect(&realm, base_url, 0).await;
        deploy(&realm, asking(&attempt.replace("PATH", path))).await;
        assert_eq!(claims(&client).await["office"], problem, "{base_url} {path}");
    }
    assert!(canary.received().is_empty(), "{:?}", canary.received());
}

#[tokio::test]
async fn what_is_not_declared_is_refused_and_a_reply_that_is_too_long_fails() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let server = WebServer::start(|_| Response::new("x".repeat(64 * 1024 + 1))).await;
    connect(&realm, &server.url, 0).await;
    deploy(&realm, asking("let reply = ctx.http(\"directory\").get(\"/\");")).await;
    assert_failed_closed(&client.client_credentials("read").await);
    let name = "let name = \"direc\"; if ctx.now > 0 { name = \"other\"; } let reply = ctx.http(name).get(\"/\");";
    deploy(&realm, asking(name)).await;
    assert_failed_closed(&client.client_credentials("read").await);
}

#[tokio::test]
async fn a_connection_that_fails_is_left_alone() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let server = WebServer::start(|_| Response::builder().status(500).body(String::new()).unwrap()).await;
    connect(&realm, &server.url, 0).await;
    let office = "let office = \"\"; \
                  try { office = \"status \" + ctx.http(\"directory\").get(\"/\").status; } catch (error) { office = error; } \
                  let reply = #{ json: #{ office: office }, stale: false };";
    deploy(&realm, asking(office)).await;
    for _ in 0..5 {
        assert_eq!(claims(&client).await["office"], "status 500");
    }
    assert_eq!(claims(&client).await["office"], "http: not available");
    assert_eq!(server.received().len(), 5);
}
