//! `on_client_registration`.

use http::Method;
use serde_json::{Value, json};

use super::{FAILS, assert_failed_closed, bind, runs};
use crate::support::http::{Answer, Request};
use crate::support::realm::{REDIRECT_URI, Realm};

async fn open_realm() -> Realm {
    Realm::with(json!({"registration": {"mode": "open", "attempts_per_address": 10_000}})).await
}

async fn register(realm: &Realm, more: Value) -> Answer {
    let mut body = json!({"redirect_uris": [REDIRECT_URI]});
    body.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    realm.http.send(Request::post(&realm.url("/register"), "application/json", body.to_string())).await
}

async fn managed(realm: &Realm, method: Method, client: &Value, body: &Value) -> Answer {
    let uri = client["registration_client_uri"].as_str().unwrap();
    let request = Request::post(uri, "application/json", body.to_string());
    let token = client["registration_access_token"].as_str().unwrap();
    realm.http.send(Request { method, ..request }.bearer(token)).await
}

async fn clients(realm: &Realm) -> usize {
    realm.rows().await.count("clients")
}

#[tokio::test]
async fn on_client_registration_refuses_what_the_realm_would_permit() {
    let realm = open_realm().await;
    let body = "if reg.operation == \"create\" && reg.metadata.client_name == \"Phish\" { \
                return deny(\"invalid_client_metadata\", \"not this name\"); } allow()";
    bind(&realm, "on_client_registration", body).await;
    let before = clients(&realm).await;
    let refused = register(&realm, json!({"client_name": "Phish"})).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_client_metadata")));
    assert_eq!(refused.json()["error_description"], "not this name");
    assert_eq!(clients(&realm).await, before);
    assert_eq!(register(&realm, json!({"client_name": "Shop"})).await.status, 201);
}

#[tokio::test]
async fn on_client_registration_takes_away_and_demands_more() {
    let realm = open_realm().await;
    let body = "narrow(#{ drop_scopes: [\"email\"], drop_grant_types: [\"refresh_token\"], access_token_seconds: 45, \
                require_pkce: true })";
    bind(&realm, "on_client_registration", body).await;
    let wish = json!({"scope": "openid email", "grant_types": ["authorization_code", "refresh_token"]});
    let client = register(&realm, wish).await;
    assert_eq!(client.status, 201, "{client:?}");
    let client = client.json();
    assert_eq!((&client["scope"], &client["grant_types"]), (&json!("openid"), &json!(["authorization_code"])));
    let id = client["client_id"].as_str().unwrap();
    let stored = realm.server.administration.client(&realm.name, id).await;
    assert_eq!(
        (&stored["settings"]["access_token_seconds"], &stored["settings"]["require_pkce"]),
        (&json!(45), &json!(true))
    );
    let nothing_left = register(&realm, json!({"scope": "email"})).await;
    assert_eq!((nothing_left.status, &nothing_left.json()["error"]), (400, &json!("invalid_client_metadata")));
}

#[tokio::test]
async fn on_client_registration_is_asked_about_changes_and_deletions_too() {
    let realm = open_realm().await;
    let client = register(&realm, json!({})).await.json();
    let body = "if reg.operation == \"delete\" { return deny(\"access_denied\", \"stay\"); } \
                if reg.operation == \"update\" && ctx.client.id != reg.metadata.client_name { \
                return deny(\"invalid_client_metadata\", \"be named as you are\"); } allow()";
    bind(&realm, "on_client_registration", body).await;
    let change =
        |name: &Value| json!({"client_id": client["client_id"], "redirect_uris": [REDIRECT_URI], "client_name": name});
    let refused = managed(&realm, Method::PUT, &client, &change(&json!("other"))).await;
    assert_eq!((refused.status, &refused.json()["error_description"]), (400, &json!("be named as you are")));
    let changed = managed(&realm, Method::PUT, &client, &change(&client["client_id"])).await.success();
    let kept = managed(&realm, Method::DELETE, &changed, &Value::Null).await;
    assert_eq!((kept.status, &kept.json()["error"]), (403, &json!("access_denied")));
    assert_eq!(managed(&realm, Method::GET, &changed, &Value::Null).await.status, 200);
}

#[tokio::test]
async fn on_client_registration_sees_what_vouches_for_a_client() {
    let realm = Realm::with(json!({"registration": {"mode": "initial_access_token"}})).await;
    let made = json!({"uses": 5, "description": "partners"});
    let made = realm.server.administration.create_initial_access_token(&realm.name, &made).await;
    let body = "if reg.initial_access_token == \"partners\" && reg.software_statement == () { return \
                deny(\"access_denied\", \"no more partners\"); } allow()";
    bind(&realm, "on_client_registration", body).await;
    let wish = json!({"redirect_uris": [REDIRECT_URI]}).to_string();
    let request = Request::post(&realm.url("/register"), "application/json", wish);
    let refused = realm.http.send(request.bearer(made["token"].as_str().unwrap())).await;
    assert_eq!((refused.status, &refused.json()["error_description"]), (403, &json!("no more partners")));
    // What is refused uses nothing up.
    let path = format!("/realms/{}/initial-access-tokens/{}", realm.name, made["id"].as_str().unwrap());
    let kept = realm.server.administration.ask(Method::GET, &path, &Value::Null).await;
    assert_eq!(kept.json()["uses_left"], 5);
}

#[tokio::test]
async fn sc_009_on_client_registration_fails_closed() {
    let realm = open_realm().await;
    let client = register(&realm, json!({})).await.json();
    let before = clients(&realm).await;
    bind(&realm, "on_client_registration", FAILS).await;
    assert_failed_closed(&register(&realm, json!({})).await);
    assert_failed_closed(&managed(&realm, Method::DELETE, &client, &Value::Null).await);
    assert_eq!(clients(&realm).await, before);
    let run = &runs(&realm, "on_client_registration", 1).await[0]["details"];
    assert!(!run.to_string().contains("sauce"), "{run}");
}
