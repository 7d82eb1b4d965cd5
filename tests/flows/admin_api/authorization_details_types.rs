//! Types of authorization details.

use serde_json::{Value, json};

use super::service::Service;

fn accounts() -> Value {
    let list = json!({"type": "array", "items": {"type": "string"}});
    json!({
        "type": "https://api.test/accounts",
        "schema": {"type": "object", "properties": {"actions": list, "accounts": list}},
        "texts": {"en": {"title": "Accounts", "lines": ["{actions}"], "values": {"actions": {"read": "see them"}}}},
        "additive": ["actions"], "enriched": ["accounts"], "remembered": true, "client_credentials": true,
    })
}

#[tokio::test]
async fn a_type_is_made_shown_changed_and_deleted() {
    let service = Service::start().await;
    let types = format!("{}/authorization-details-types", service.realm("one").await);
    let body = accounts();
    let made = service.post(types.clone(), &body).send().await;
    assert_eq!(made.status, 201, "{made:?}");
    for (member, value) in body.as_object().unwrap() {
        assert_eq!(made.body[member], *value, "{member}");
    }
    let path = format!("{types}/{}", made.body["id"].as_str().unwrap());
    assert!(made.header("location").ends_with(&path), "{made:?}");
    let change = json!({"type": "accounts", "additive": null, "remembered": false});
    let changed = service.patch(path.clone(), &change).send().await.body;
    assert_eq!((&changed["type"], &changed["additive"]), (&json!("accounts"), &json!([])));
    assert_eq!((&changed["remembered"], &changed["schema"]), (&json!(false), &body["schema"]));
    assert_eq!(service.get(path.clone()).send().await.body, changed);
    assert_eq!(service.get(types).send().await.body, json!({"items": [changed], "next": null}));
    assert_eq!(service.delete(path.clone()).send().await.status, 204);
    assert_eq!(service.delete(path).send().await.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_type_is_named_and_nothing_is_made() {
    let service = Service::start().await;
    let types = format!("{}/authorization-details-types", service.realm("one").await);
    let with = |name: &str, value: Value| {
        let mut body = accounts();
        body[name] = value;
        body
    };
    for (body, field) in [
        (with("type", json!("")), "type"),
        (with("type", json!("a b")), "type"),
        (with("schema", json!(true)), "schema"),
        (with("schema", json!({"type": "object", "$ref": "https://evil.test/"})), "schema"),
        (with("schema", json!({"type": "object", "properties": {"a": {"type": "string", "maxlength": 1}}})), "schema"),
        (with("texts", json!({"de": {"title": "Konten"}})), "texts"),
        (with("texts", json!({"en": {"title": "Accounts", "lines": ["{unknown}"]}})), "texts"),
        (with("texts", json!({"en": {"lines": []}})), "texts.en.title"),
        (with("additive", json!(["unknown"])), "additive"),
        (with("enriched", json!(["unknown"])), "enriched"),
        (with("remembered", json!("yes")), "remembered"),
        (with("id", json!("AAAAAAAAAAAAAAAAAAAAAA")), "id"),
    ] {
        assert_eq!(service.post(types.clone(), &body).send().await.problem(), (422, "invalid", field), "{body}");
    }
    assert_eq!(service.post(types.clone(), &accounts()).send().await.status, 201);
    assert_eq!(service.post(types, &accounts()).send().await.problem(), (409, "duplicate", ""));
    service.stop().await;
}
