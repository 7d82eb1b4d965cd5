//! Who changed what: every administrative change, with its actor and the names of what changed.

use http::Method;
use serde_json::{Value, json};

use crate::support::http::{Answer, HttpClient, Request};
use crate::support::realm::Realm;

/// The event of an administrative request in a realm.
async fn change(realm: &Realm, place: &str, answer: &Answer) -> Value {
    let id = answer.header("x-request-id").unwrap();
    let mut events = realm.events_in(place, &format!("request_id={id}")).await;
    assert_eq!(events.len(), 1, "{events:#?}");
    let event = events.remove(0);
    let actor = json!({"by": "administrator", "client_id": "tests", "subject": "tests"});
    assert_eq!(event["details"]["actor"], actor, "{event:#}");
    event
}

fn assert_change(event: &Value, object: &str, id: &str, action: &str, fields: &[&str]) {
    assert_eq!(event["kind"], "administrative_change");
    let details = &event["details"];
    let named = (&details["object"], &details["id"], &details["action"]);
    assert_eq!(named, (&json!(object), &json!(id), &json!(action)), "{event:#}");
    assert_eq!(details["fields"].as_array().cloned().unwrap_or_default(), fields, "{event:#}");
}

#[tokio::test]
async fn each_change_says_who_what_and_which_members() {
    let realm = Realm::new().await;
    let (administration, name) = (&realm.server.administration, realm.name.as_str());
    let ask = async |method, path: &str, body: Value| {
        administration.ask(method, &format!("/realms/{name}{path}"), &body).await
    };

    let body = json!({"client_id": "app", "redirect_uris": ["https://rp.test/cb"], "client_name": "before"});
    let event = change(&realm, name, &ask(Method::POST, "/clients", body).await).await;
    assert_change(&event, "client", "app", "created", &[]);
    assert_eq!(event["client_id"], "app");
    let body = json!({"client_name": "a name that is nobody's business", "settings": {"skip_consent": true}});
    let answer = ask(Method::PATCH, "/clients/app", body).await;
    let event = change(&realm, name, &answer).await;
    assert_change(&event, "client", "app", "updated", &["client_name", "settings.skip_consent"]);
    assert!(!event.to_string().contains("nobody's business"), "{event:#}");
    let answer = ask(Method::POST, "/clients/app/secret", json!({})).await;
    assert_change(&change(&realm, name, &answer).await, "client", "app", "secret_rotated", &[]);
    let answer = ask(Method::DELETE, "/clients/app", Value::Null).await;
    assert_change(&change(&realm, name, &answer).await, "client", "app", "deleted", &[]);

    let answer = ask(Method::POST, "/users", json!({"username": "bea", "password": "bea and 9 mussels"})).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let event = change(&realm, name, &answer).await;
    assert_change(&event, "user", &id, "created", &[]);
    assert_eq!(event["user_id"], id);
    let path = format!("/users/{id}");
    let answer = ask(Method::PATCH, &path, json!({"username": "beate", "claims": {"email": "b@b.test"}})).await;
    assert_change(&change(&realm, name, &answer).await, "user", &id, "updated", &["claims.email", "username"]);
    let answer = ask(Method::PUT, &format!("{path}/password"), json!({"password": "bea and 10 mussels"})).await;
    assert_change(&change(&realm, name, &answer).await, "user", &id, "password_set", &[]);
    let answer = ask(Method::DELETE, &path, Value::Null).await;
    assert_change(&change(&realm, name, &answer).await, "user", &id, "deleted", &[]);

    let body = json!({"identifier": "https://api.test", "display_name": "API"});
    let answer = ask(Method::POST, "/resource-servers", body).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_change(&change(&realm, name, &answer).await, "resource_server", &id, "created", &[]);
    let answer = ask(Method::PATCH, &format!("/resource-servers/{id}"), json!({"display_name": "Other"})).await;
    assert_change(&change(&realm, name, &answer).await, "resource_server", &id, "updated", &["display_name"]);
    let answer = ask(Method::DELETE, &format!("/resource-servers/{id}"), Value::Null).await;
    assert_change(&change(&realm, name, &answer).await, "resource_server", &id, "deleted", &[]);

    let body = json!({"type": "pay", "schema": {"type": "object"}, "texts": {"en": {"title": "Pay"}}});
    let answer = ask(Method::POST, "/authorization-details-types", body).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let (kind, path) = ("authorization_details_type", format!("/authorization-details-types/{id}"));
    assert_change(&change(&realm, name, &answer).await, kind, &id, "created", &[]);
    let answer = ask(Method::PATCH, &path, json!({"remembered": true})).await;
    assert_change(&change(&realm, name, &answer).await, kind, &id, "updated", &["remembered"]);
    let answer = ask(Method::DELETE, &path, Value::Null).await;
    assert_change(&change(&realm, name, &answer).await, kind, &id, "deleted", &[]);

    let body = json!({"issuer": "https://partner.test", "jwks_uri": "https://partner.test/jwks"});
    let answer = ask(Method::POST, "/trusted-issuers", body).await;
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let (kind, path) = ("trusted_issuer", format!("/trusted-issuers/{id}"));
    assert_change(&change(&realm, name, &answer).await, kind, &id, "created", &[]);
    let answer = ask(Method::PATCH, &path, json!({"enabled": false})).await;
    assert_change(&change(&realm, name, &answer).await, kind, &id, "updated", &["enabled"]);
    let answer = ask(Method::DELETE, &path, Value::Null).await;
    assert_change(&change(&realm, name, &answer).await, kind, &id, "deleted", &[]);

    let answer = ask(Method::PATCH, "", json!({"access_token_seconds": 60, "display_name": "Other"})).await;
    let event = change(&realm, name, &answer).await;
    assert_change(&event, "realm", name, "updated", &["access_token_seconds", "display_name"]);
}

#[tokio::test]
async fn keys_leave_their_trace() {
    let realm = Realm::new().await;
    let (administration, name) = (&realm.server.administration, realm.name.as_str());
    let ask = async |method, path: &str, body: Value| {
        administration.ask(method, &format!("/realms/{name}/keys{path}"), &body).await
    };
    let answer = ask(Method::POST, "", json!({"algorithm": "ES256"})).await;
    let kid = answer.json()["kid"].as_str().unwrap().to_owned();
    assert_change(&change(&realm, name, &answer).await, "key", &kid, "created", &[]);
    let answer = ask(Method::PATCH, &format!("/{kid}"), json!({"state": "retired"})).await;
    assert_change(&change(&realm, name, &answer).await, "key", &kid, "updated", &["state"]);
    let answer = ask(Method::DELETE, &format!("/{kid}"), Value::Null).await;
    assert_change(&change(&realm, name, &answer).await, "key", &kid, "deleted", &[]);

    let keys = ask(Method::GET, "", json!({})).await.json();
    let active =
        keys["items"].as_array().unwrap().iter().find(|key| key["algorithm"] == "ES256").unwrap()["kid"].clone();
    let answer = ask(Method::POST, "/rotate", json!({"algorithm": "ES256", "immediately": true})).await;
    let event = change(&realm, name, &answer).await;
    assert_eq!(event["kind"], "key_rotated");
    let details = &event["details"];
    assert_eq!((&details["algorithm"], &details["replaced"]), (&json!("ES256"), &active), "{event:#}");
    assert_eq!(details["key"], answer.json()["kid"]);
}

#[tokio::test]
async fn realms_leave_their_trace_where_it_outlives_them() {
    let realm = Realm::new().await;
    let administration = &realm.server.administration;
    let body = json!({"name": "short-lived", "display_name": "Short-lived"});
    let answer = administration.ask(Method::POST, "/realms", &body).await;
    assert_change(&change(&realm, "admin", &answer).await, "realm", "short-lived", "created", &[]);
    let answer = administration.ask(Method::DELETE, "/realms/short-lived", &Value::Null).await;
    assert_change(&change(&realm, "admin", &answer).await, "realm", "short-lived", "deleted", &[]);
    // What was refused was no change.
    let answer = administration.try_ask(Method::DELETE, "/realms/short-lived", &Value::Null).await;
    assert_eq!(answer.status, 404);
    let id = answer.header("x-request-id").unwrap();
    assert!(realm.events_in("admin", &format!("request_id={id}")).await.is_empty());
}

#[tokio::test]
async fn whoever_may_not_administer_is_recorded() {
    let realm = Realm::new().await;
    let http = HttpClient::new();
    let base = format!("{}/admin/api/v1/realms", realm.server.public_url);
    let tokens = realm.versatile_client().await.client_credentials("read").await.tokens();
    for request in [Request::get(&base), Request::get(&base).bearer(tokens.access_token())] {
        let answer = http.send(request).await;
        assert_eq!(answer.status, 401);
        let id = answer.header("x-request-id").unwrap().to_owned();
        let mut events = Vec::new();
        while events.is_empty() {
            events = realm.events_in("admin", &format!("request_id={id}")).await;
        }
        assert_eq!(events[0]["kind"], "administration_refused");
        assert_eq!(events[0]["details"]["error"], "invalid_token");
    }
}

#[tokio::test]
async fn the_list_is_filtered_and_comes_in_pages() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    for _ in 0..3 {
        client.client_credentials("read").await.tokens();
    }
    realm.events("kind=token_issued", 3).await;
    let path = format!("/realms/{}/audit-events", realm.name);
    let get = async |query: &str| {
        let path = format!("{path}?{query}");
        realm.server.administration.try_ask(Method::GET, &path, &json!({})).await
    };
    let all = get("limit=200").await.json()["items"].as_array().unwrap().clone();
    assert!(
        all.iter().map(|event| event["id"].as_str().unwrap()).is_sorted_by(|newer, older| newer > older)
            || all.len() > 1
    );
    let mut paged: Vec<Value> = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get(&format!("limit=2{cursor}")).await.json();
        paged.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    let ids = |events: &[Value]| events.iter().map(|event| event["id"].clone()).collect::<Vec<_>>();
    assert_eq!(ids(&paged), ids(&all));
    assert!(get("since=2200-01-01").await.json()["items"].as_array().unwrap().is_empty());
    assert!(get("until=2000-01-01T00:00:00Z").await.json()["items"].as_array().unwrap().is_empty());
    let about = get(&format!("user_id={}", realm.user.id)).await.json();
    assert_eq!(about["items"].as_array().unwrap().len(), 1, "{about:#}");
    let about = get(&format!("client_id={}&kind=administrative_change", client.id)).await.json();
    assert_eq!(about["items"].as_array().unwrap().len(), 1, "{about:#}");
    for query in ["kind=nothing", "since=yesterday", "user_id=x", "order=random", "limit=0", "kind=login&kind=login"] {
        assert_eq!(get(query).await.status, 400, "{query}");
    }
}

#[tokio::test]
async fn the_chain_is_checked_through_the_api() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    client.client_credentials("read").await.tokens();
    realm.events("kind=token_issued", 1).await;
    let path = format!("/realms/{}/audit-chain", realm.name);
    let mut found = json!({"waiting": 1});
    while found["waiting"] != 0 {
        found = realm.server.administration.ask(Method::GET, &path, &json!({})).await.json();
        assert_eq!((&found["holds"], &found["first"]), (&json!(true), &json!(1)), "{found:#}");
    }
    // The user, the client and the token.
    assert_eq!((&found["sealed"], &found["checked"]), (&json!(3), &json!(3)), "{found:#}");
    assert!(found["checkpoint"].as_str().unwrap().starts_with("3:"), "{found:#}");
}
