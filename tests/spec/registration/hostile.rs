//! Clients that mean harm: each gets its specified error, and costs nobody else anything.

use http::Response;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use super::{assert_refused, open_realm, register, registered, text};
use crate::support::client::{Client, Credential};
use crate::support::http::{Answer, Request};
use crate::support::jwt::SigningKey;
use crate::support::realm::{REDIRECT_URI, Realm};
use crate::support::web::WebServer;

#[tokio::test]
async fn rg_016_hostile_documents_are_refused() {
    let realm = open_realm().await;
    let url = realm.url("/register");
    let many: serde_json::Map<String, Value> = (0..10_000).map(|n| (format!("m{n}"), json!(n))).collect();
    let mut large = json!(many);
    large["redirect_uris"] = json!([REDIRECT_URI]);
    assert!(registered(&realm, &large).await["m1"].is_null(), "10,000 unknown members are 10,000 ignored ones");
    for (body, member) in [
        (json!({"redirect_uris": [REDIRECT_URI], "client_name": "x".repeat(100 * 1024)}), "client_name"),
        (json!({"redirect_uris": [REDIRECT_URI], "contacts": vec!["a"; 10_000]}), "contacts"),
        (json!({"redirect_uris": vec![REDIRECT_URI; 101]}), "redirect_uris"),
        (json!({"redirect_uris": [REDIRECT_URI, null]}), "redirect_uris"),
        (json!({"redirect_uris": [REDIRECT_URI], "contacts": {"0": "a"}}), "contacts"),
    ] {
        let error = if member == "redirect_uris" { "invalid_redirect_uri" } else { "invalid_client_metadata" };
        assert_refused(&register(&realm, &body).await, error, member);
    }
    let deep = format!("{}1{}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    let long = json!({"redirect_uris": [REDIRECT_URI], "contacts": vec!["a"; 100_000]}).to_string();
    for body in ["", "[]", "null", "{\"client_name\":\"a\",\"client_name\":\"b\"}", "{\"a\":1e999}", &deep, &long] {
        let answer = realm.http.send(Request::post(&url, "application/json", body)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_client_metadata")));
    }
    let answer = realm.http.send(Request::post(&url, "text/plain", "{}")).await;
    assert_eq!(answer.status, 400);
    let longer = "x".repeat(512 * 1024 + 1);
    assert_eq!(realm.http.send(Request::post(&url, "application/json", longer)).await.status, 413);
}

/// A client that registered itself with keys behind an address, and what it gets at the token endpoint.
async fn with_keys_at(realm: &Realm, address: &str) -> Client {
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "private_key_jwt", "jwks_uri": address,
    });
    let client = registered(realm, &body).await;
    Client {
        issuer: realm.issuer.clone(),
        mtls_issuer: realm.issuer.clone(),
        id: text(&client, "client_id").to_owned(),
        credential: Credential::Assertion(SigningKey::generate("ES256")),
        redirect_uri: REDIRECT_URI.to_owned(),
        http: realm.http.clone(),
    }
}

async fn assert_nobody(client: &Client) {
    client.ask("/token", &[("grant_type", "authorization_code"), ("code", "x")]).await.assert_refused("invalid_client");
}

/// Somebody else's request, which is answered while the hostile one still waits.
async fn assert_held_up_by(realm: &Realm, hostile: JoinHandle<Answer>) -> Answer {
    let other = realm.versatile_client().await;
    for _ in 0..20 {
        other.client_credentials("read").await.tokens();
    }
    assert!(!hostile.is_finished(), "the others did not wait for it");
    hostile.await.unwrap()
}

#[tokio::test]
async fn a_jwks_uri_that_never_answers_is_invalid_client_and_holds_up_nobody() {
    let realm = open_realm().await;
    let site = WebServer::answering(|_| std::future::pending()).await;
    let client = with_keys_at(&realm, &format!("{}/jwks", site.url)).await;
    assert!(site.received().is_empty(), "registration asks nobody for keys");
    let asking = client.clone();
    let hostile =
        tokio::spawn(async move { asking.ask("/token", &[("grant_type", "authorization_code"), ("code", "x")]).await });
    assert_held_up_by(&realm, hostile).await.assert_refused("invalid_client");
}

#[tokio::test]
async fn a_sector_identifier_uri_that_never_answers_is_refused_and_holds_up_nobody() {
    let realm = open_realm().await;
    let site = WebServer::answering(|_| std::future::pending()).await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "sector_identifier_uri": format!("{}/list", site.url)});
    let registering = realm.clone();
    let hostile = tokio::spawn(async move { register(&registering, &body).await });
    let answer = assert_held_up_by(&realm, hostile).await;
    assert_refused(&answer, "invalid_client_metadata", "sector_identifier_uri");
}

#[tokio::test]
async fn a_jwks_uri_that_answers_too_much_or_elsewhere_is_invalid_client() {
    let realm = open_realm().await;
    let site = WebServer::start(|request| match request.target.as_str() {
        // Five gigabytes end as these do: at the first byte beyond the bound, which tests of the client itself show.
        "/large" => Response::new("x".repeat(5 * 1024 * 1024)),
        "/metadata" => {
            let away = Response::builder().status(302).header("location", "https://169.254.169.254/latest/meta-data");
            away.body(String::new()).unwrap()
        }
        "/inside" => Response::builder().status(307).header("location", "/other").body(String::new()).unwrap(),
        _ => Response::new("{\"keys\": []}".to_owned()),
    })
    .await;
    for path in ["/large", "/metadata", "/inside"] {
        let client = with_keys_at(&realm, &format!("{}{path}", site.url)).await;
        assert_nobody(&client).await;
    }
    assert!(site.received().iter().all(|request| request.target != "/other"), "a redirection is not followed");
}

#[tokio::test]
async fn rg_006_a_sector_identifier_document_without_end_is_refused() {
    let realm = open_realm().await;
    let site = WebServer::start(|_| Response::new("x".repeat(5 * 1024 * 1024))).await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "sector_identifier_uri": format!("{}/list", site.url)});
    assert_refused(&register(&realm, &body).await, "invalid_client_metadata", "sector_identifier_uri");
}
