//! Every operation of the OpenAPI document against every kind of caller who may not, generated from the document.

use serde_json::{Map, json};
use signet_core::protocol::identifiers::{ScriptRecordingId, UserId};
use signet_core::registry;
use signet_jose::{SignatureAlgorithm, sign};

use super::operations::{Objects, ask, everything, operations};
use super::service::{Answer, Service};

fn assert_challenged(answer: &Answer, status: u16, error: Option<&str>, place: &str) {
    assert_eq!(answer.problem().0, status, "{place}");
    let challenge = answer.header("www-authenticate");
    assert!(challenge.starts_with("Bearer realm=\"admin\""), "{place}: {challenge}");
    let expected = error.map(|error| format!("error=\"{error}\""));
    assert_eq!(challenge.contains("error="), expected.is_some(), "{place}: {challenge}");
    assert!(expected.is_none_or(|expected| challenge.contains(&expected)), "{place}: {challenge}");
}

#[tokio::test]
async fn every_operation_works_and_answers_what_its_schema_says() {
    let service = Service::start().await;
    let objects = Objects::make(&service, "one").await;
    let operations = operations();
    assert_eq!(operations.len(), 90);
    for operation in &operations {
        let answer = ask(&service, (operation, &objects), objects.path(operation, "one")).send().await;
        let place = format!("{}: {answer:?}", operation.id);
        assert!((200..300).contains(&answer.status), "{place}");
        assert_eq!(answer.body.is_null(), operation.answered.is_empty(), "{place}");
        for member in answer.body.as_object().into_iter().flat_map(Map::keys) {
            assert!(operation.answered.contains(member), "{member} is not described; {place}");
        }
    }
    service.stop().await;
}

#[tokio::test]
async fn ad_001_without_a_good_token_every_operation_is_401() {
    let mut service = Service::start().await;
    let objects = Objects::make(&service, "one").await;
    service.clock.advance(601);
    let fresh = service.token_with("admin", "signet.admin").await;
    let expired = std::mem::replace(&mut service.token, fresh.clone());
    let admin = registry::find_realm(&service.provider, &"admin".parse().unwrap()).await.unwrap();
    let api = json!({"identifier": "https://elsewhere.test", "display_name": "Elsewhere"});
    assert_eq!(service.post("/realms/admin/resource-servers", &api).send().await.status, 201);
    // What an ID token is: of the realm's own key, but another kind of token.
    let key = admin.signing_keys.active(SignatureAlgorithm::ES256).unwrap();
    let claims = json!({
        "iss": admin.issuer(), "aud": admin.issuer(), "sub": UserId([1; 16]).to_string(), "jti": "1", "client_id": "a",
        "iat": 1_800_000_000, "exp": 1_900_000_000, "scope": "signet.admin",
    });
    let id_token = sign(key, None, &claims).unwrap();
    let callers = [
        ("expired", expired),
        ("of another realm", service.token_with("one", "signet.admin").await),
        ("for another audience", service.token_for("admin", "signet.admin", Some("https://elsewhere.test")).await),
        ("an ID token", id_token),
        ("altered", altered(&fresh)),
        ("nonsense", "nonsense".to_owned()),
    ];
    let before = everything(&service, &objects).await;
    for operation in operations() {
        let path = objects.path(&operation, "one");
        let answer = ask(&service, (&operation, &objects), path.clone()).token(None).send().await;
        assert_challenged(&answer, 401, None, &operation.id);
        for (name, token) in &callers {
            let answer = ask(&service, (&operation, &objects), path.clone()).token(Some(token)).send().await;
            assert_challenged(&answer, 401, Some("invalid_token"), &format!("{} {name}", operation.id));
        }
    }
    assert_eq!(everything(&service, &objects).await, before);
    service.stop().await;
}

/// The token with another first character of its signature.
fn altered(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{signed}.{other}{}", &signature[1..])
}

#[tokio::test]
async fn ad_001_without_the_scope_every_operation_is_403() {
    let service = Service::start().await;
    let objects = Objects::make(&service, "one").await;
    let other = service.token_with("admin", "profile.read signet signet.admins").await;
    let reader = service.token_with("admin", "signet.admin.read").await;
    let before = everything(&service, &objects).await;
    for operation in operations() {
        let path = objects.path(&operation, "one");
        let answer = ask(&service, (&operation, &objects), path.clone()).token(Some(&other)).send().await;
        assert_challenged(&answer, 403, Some("insufficient_scope"), &operation.id);
        let wanted = if operation.method == "GET" { "signet.admin.read" } else { "signet.admin" };
        assert!(answer.header("www-authenticate").contains(&format!(", scope=\"{wanted}\"")), "{answer:?}");
        let answer = ask(&service, (&operation, &objects), path).token(Some(&reader)).send().await;
        if operation.method == "GET" {
            assert_eq!(answer.status, 200, "{}: {answer:?}", operation.id);
        } else {
            assert_challenged(&answer, 403, Some("insufficient_scope"), &operation.id);
        }
    }
    assert_eq!(everything(&service, &objects).await, before);
    service.stop().await;
}

#[tokio::test]
async fn ad_016_every_change_keeps_to_what_its_author_has_seen() {
    let service = Service::start().await;
    let objects = Objects::make(&service, "one").await;
    let before = everything(&service, &objects).await;
    let changing = ["PATCH", "DELETE"];
    let operations = operations();
    let mut tried = 0;
    for operation in operations.iter().filter(|operation| changing.contains(&operation.method.as_str())) {
        let path = objects.path(operation, "one");
        let stale = ask(&service, (operation, &objects), path).header("if-match", "\"0000000000000000\"").send().await;
        assert_eq!(stale.problem(), (412, "changed-meanwhile", ""), "{}", operation.id);
        tried += 1;
    }
    assert_eq!((tried, everything(&service, &objects).await), (21, before));
    for operation in operations.iter().filter(|operation| changing.contains(&operation.method.as_str())) {
        let path = objects.path(operation, "one");
        let tag = service.get(path.clone()).send().await.header("etag").to_owned();
        let answer = ask(&service, (operation, &objects), path).header("if-match", &tag).send().await;
        assert!((200..300).contains(&answer.status), "{}: {answer:?}", operation.id);
    }
    service.stop().await;
}

#[tokio::test]
async fn ad_006_what_belongs_to_another_realm_is_not_there() {
    let service = Service::start().await;
    let objects = Objects::make(&service, "one").await;
    service.realm("two").await;
    let absent = json!({
        "sessions": UserId([9; 16]).to_string(),
        "authorizations": UserId([9; 16]).to_string(),
        "logout-deliveries": "4711",
        "protected-resources": UserId([9; 16]).to_string(),
        "access-requests": UserId([9; 16]).to_string(),
        "clients": "absent",
        "users": UserId([9; 16]).to_string(),
        "keys": "absent",
        "resource-servers": UserId([9; 16]).to_string(),
        "authorization-details-types": UserId([9; 16]).to_string(),
        "trusted-issuers": UserId([9; 16]).to_string(),
        "initial-access-tokens": UserId([9; 16]).to_string(),
        "scripts": "absent",
        "script-values": "absent",
        "requests": "0".repeat(32),
    });
    let ids = absent.as_object().unwrap().clone();
    let (version, recording) = ("0123456789ab".to_owned(), ScriptRecordingId([9; 16]).to_string());
    let absent = Objects { realm: "two".to_owned(), ids, version, recording };
    let before = everything(&service, &objects).await;
    let mut tried = 0;
    for operation in operations().iter().filter(|operation| operation.path.contains("{realm}")) {
        let unknown = ask(&service, (operation, &objects), objects.path(operation, "nowhere")).send().await;
        assert_eq!(unknown.problem(), (404, "not-found", ""), "{}", operation.id);
        // Whatever is set is there.
        if operation.path.matches('{').count() < 2 || operation.id == "setScriptValue" {
            continue;
        }
        let foreign = ask(&service, (operation, &objects), objects.path(operation, "two")).send().await;
        assert_eq!(foreign.problem(), (404, "not-found", ""), "{}", operation.id);
        let nowhere = ask(&service, (operation, &objects), absent.path(operation, "two")).send().await;
        assert_eq!((foreign.status, &foreign.body), (nowhere.status, &nowhere.body), "{}", operation.id);
        tried += 1;
    }
    assert_eq!(tried, 52);
    assert_eq!(everything(&service, &objects).await, before);
    service.stop().await;
}
