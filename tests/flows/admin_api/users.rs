//! Users and their passwords.

use serde_json::{Value, json};
use signet_core::registry;

use super::service::Service;

/// The stored password hash of a user of realm `one`.
async fn hash(service: &Service, username: &str) -> Option<String> {
    let realm = registry::find_realm(&service.provider, &"one".parse().unwrap()).await.unwrap();
    let (_, credential) = service.provider.store.user_by_username(realm.id(), username).await.unwrap().unwrap();
    credential.map(|credential| credential.hash)
}

async fn opens(service: &Service, username: &str, password: &str) -> bool {
    let stored = hash(service, username).await;
    service.provider.passwords.verify(password, stored.as_deref()).await.unwrap()
}

#[tokio::test]
async fn a_user_is_made_shown_changed_and_deleted() {
    let service = Service::start().await;
    let users = format!("{}/users", service.realm("one").await);
    let claims = json!({
        "name": "Ana", "name#de": "Anna", "email": "ana@b.test", "email_verified": true, "address": {"country": "CH"},
    });
    let attributes = json!({"department": "sales", "desk": {"floor": 3, "window": true}, "limit": 2.5});
    let body = json!({
        "username": "Ana", "password": "correct horse battery", "claims": claims, "attributes": attributes,
    });
    let made = service.post(users.clone(), &body).send().await;
    assert_eq!((made.status, &made.body["claims"], &made.body["attributes"]), (201, &claims, &attributes));
    assert!(made.body["password"].is_null(), "{made:?}");
    let path = format!("{users}/{}", made.body["id"].as_str().unwrap());
    assert!(made.header("location").ends_with(&path), "{made:?}");
    assert!(opens(&service, "ana", "correct horse battery").await);

    let change = json!({
        "claims": {"name#de": null, "nickname": "A", "address": {"region": "ZH"}}, "enabled": false,
        "attributes": {"department": null, "desk": {"floor": 4}},
    });
    let changed = service.patch(path.clone(), &change).send().await.body;
    let claims = json!({
        "name": "Ana", "nickname": "A", "email": "ana@b.test", "email_verified": true,
        "address": {"country": "CH", "region": "ZH"},
    });
    assert_eq!((&changed["claims"], &changed["enabled"]), (&claims, &json!(false)));
    assert_eq!(changed["attributes"], json!({"desk": {"floor": 4, "window": true}, "limit": 2.5}));
    assert_eq!(changed["id"], made.body["id"]);
    assert_eq!(service.get(path.clone()).send().await.body, changed);

    assert_eq!(service.delete(path.clone()).send().await.status, 204);
    assert_eq!(service.get(path).send().await.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn a_password_is_replaced_only_where_it_belongs() {
    let service = Service::start().await;
    let users = format!("{}/users", service.realm("one").await);
    let made = service.post(users.clone(), &json!({"username": "ana", "password": "the first password"})).send().await;
    let path = format!("{users}/{}", made.body["id"].as_str().unwrap());
    let put = |body: Value| service.method("PUT", format!("{path}/password")).json(&body).send();
    assert_eq!(put(json!({"password": "the second password"})).await.status, 204);
    assert!(!opens(&service, "ana", "the first password").await);
    assert!(opens(&service, "ana", "the second password").await);
    for (body, field) in [
        (json!({"password": "short"}), "password"),
        (json!({"password": "ana"}), "password"),
        (json!({"password": 12_345_678}), "password"),
        (json!({}), "password"),
        (json!({"password": "long enough it is", "hash": "x"}), "hash"),
    ] {
        let answer = put(body.clone()).await;
        assert_eq!(answer.problem(), (422, "invalid", field), "{body}");
        assert!(!answer.body.to_string().contains("12345678"), "{answer:?}");
    }
    let patched = service.patch(path.clone(), &json!({"password": "the third password"})).send().await;
    assert_eq!(patched.problem(), (422, "invalid", "password"));
    assert!(opens(&service, "ana", "the second password").await);
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_user_is_named_and_nothing_is_made() {
    let service = Service::start().await;
    let users = format!("{}/users", service.realm("one").await);
    for (body, field) in [
        (json!({}), "username"),
        (json!({"username": ""}), "username"),
        (json!({"username": "a\u{200b}b"}), "username"),
        (json!({"username": "a\u{0}b"}), "username"),
        (json!({"username": "ana", "password": "short"}), "password"),
        (json!({"username": "ana", "claims": {"sub": "x"}}), "claims.sub"),
        (json!({"username": "ana", "claims": {"email": "no address"}}), "claims.email"),
        (json!({"username": "ana", "claims": {"name": {"de": "x"}}}), "claims.name"),
        (json!({"username": "ana", "claims": []}), "claims"),
        (json!({"username": "ana", "attributes": {"email": "a@b.test"}}), "attributes.email"),
        (json!({"username": "ana", "attributes": {"cost center": 7}}), "attributes.cost center"),
        (json!({"username": "ana", "attributes": {"teams": [null]}}), "attributes.teams"),
        (json!({"username": "ana", "attributes": {"note": "x".repeat(5_000)}}), "attributes.note"),
        (json!({"username": "ana", "attributes": "x"}), "attributes"),
        (json!({"username": "ana", "id": "AAAAAAAAAAAAAAAAAAAAAA"}), "id"),
        (json!({"username": "ana", "roles": ["admin"]}), "roles"),
        (json!({"username": "ana", "password_hash": "x"}), "password_hash"),
        (json!({"username": "ana", "email_verified": true}), "email_verified"),
    ] {
        let answer = service.post(users.clone(), &body).send().await;
        assert_eq!(answer.problem(), (422, "invalid", field), "{body}");
    }
    assert_eq!(service.get(users.clone()).send().await.body, json!({"items": [], "next": null}));
    assert_eq!(service.post(users.clone(), &json!({"username": "ana"})).send().await.status, 201);
    let again = service.post(users, &json!({"username": " ANA "})).send().await;
    assert_eq!(again.problem(), (409, "duplicate", ""));
    service.stop().await;
}
