//! What scripts may use.

use http::Method;
use serde_json::{Value, json};

use super::{ask, deploy, get, refused};
use crate::support::realm::Realm;
use crate::support::scripts::files;

async fn set(realm: &Realm, path: &str, value: Value) {
    let answer = ask(realm, Method::PUT, &format!("/script-values/{path}"), &json!({"value": value})).await;
    assert_eq!(answer.status, 204, "{answer:?}");
}

#[tokio::test]
async fn values_are_set_listed_shown_replaced_and_deleted() {
    let realm = Realm::new().await;
    set(&realm, "secret/crm", json!("first")).await;
    set(&realm, "kv/table", json!({"a": [1, null, "\u{0}"]})).await;
    set(&realm, "connection/crm", json!({"base_url": "https://crm.test/api", "bearer": "crm"})).await;
    let listed = get(&realm, "/script-values").await;
    let items = listed["items"].as_array().unwrap();
    let names: Vec<_> =
        items.iter().map(|item| (item["kind"].as_str().unwrap(), item["name"].as_str().unwrap())).collect();
    assert_eq!(names, [("connection", "crm"), ("kv", "table"), ("secret", "crm")]);
    assert_eq!(items[0]["value"], json!({"base_url": "https://crm.test/api", "bearer": "crm", "cache_seconds": 0}));
    assert_eq!(items[1]["value"], json!({"a": [1, null, "\u{0}"]}));
    assert!(items[2].get("value").is_none(), "{listed}");
    assert_eq!(get(&realm, "/script-values/kv/table").await, items[1]);
    assert_eq!(get(&realm, "/script-values?limit=2").await["next"], "kv:table");
    set(&realm, "kv/table", json!(2)).await;
    assert_eq!(get(&realm, "/script-values/kv/table").await["value"], 2);
    let delete =
        async |path: &str| ask(&realm, Method::DELETE, &format!("/script-values/{path}"), &Value::Null).await.status;
    assert_eq!(delete("kv/table").await, 204);
    assert_eq!(delete("kv/table").await, 404);
    assert_eq!(delete("secret/table").await, 404);
    assert_eq!(delete("secret/crm").await, 409, "the connection sends it");
    assert_eq!((delete("connection/crm").await, delete("secret/crm").await), (204, 204));
}

#[tokio::test]
async fn a_secret_is_shown_nowhere_and_stored_encrypted() {
    let realm = Realm::new().await;
    let secret = "correct-horse-battery-staple-of-scripts";
    set(&realm, "secret/crm", json!(secret)).await;
    for path in ["/script-values", "/script-values/secret/crm"] {
        assert!(!get(&realm, path).await.to_string().contains(secret), "{path}");
    }
    assert!(!realm.server.log().contains(secret));
    let file = realm.server.database.strip_prefix("sqlite:").unwrap();
    for suffix in ["", "-wal"] {
        let stored = std::fs::read(format!("{file}{suffix}")).unwrap();
        assert!(!stored.windows(secret.len()).any(|window| window == secret.as_bytes()), "in clear in {suffix}");
    }
}

#[tokio::test]
async fn wrong_values_are_refused_with_their_member() {
    let realm = Realm::new().await;
    let url = |url: &str| json!({"base_url": url});
    for (path, value, field) in [
        ("secret/a", json!(1), "value"),
        ("secret/a", json!(""), "value"),
        ("secret/a", json!("x".repeat(4097)), "value"),
        ("kv/a", json!("x".repeat(64 * 1024)), "value"),
        ("connection/a", json!("https://crm.test"), "value"),
        ("connection/a", json!({}), "value"),
        ("connection/a", url("http://crm.test"), "value.base_url"),
        ("connection/a", url("https://user@crm.test"), "value.base_url"),
        ("connection/a", url("https://crm.test?a=b"), "value.base_url"),
        ("connection/a", url("https://crm.test/#a"), "value.base_url"),
        ("connection/a", url("file:///etc/passwd"), "value.base_url"),
        ("connection/a", json!({"base_url": "https://crm.test", "bearer": "absent"}), "value.bearer"),
        ("connection/a", json!({"base_url": "https://crm.test", "cache_seconds": 86_401}), "value.cache_seconds"),
        ("connection/a", json!({"base_url": "https://crm.test", "token": "x"}), "value"),
    ] {
        let place = format!("/script-values/{path}");
        let refused = refused(&realm, Method::PUT, &place, &json!({"value": value})).await;
        assert_eq!((refused.0, refused.1.as_str()), (422, field), "{path} {value}: {refused:?}");
    }
    for path in ["file/a", "secret/A", "secret/1", "secret/a.b", "secrets/a"] {
        assert_eq!(refused(&realm, Method::PUT, &format!("/script-values/{path}"), &json!({"value": ""})).await.0, 404);
    }
    assert_eq!(get(&realm, "/script-values").await["items"], json!([]));
}

#[tokio::test]
async fn what_a_script_names_stays_until_no_version_in_use_names_it() {
    let realm = Realm::new().await;
    set(&realm, "kv/table", json!(1)).await;
    deploy(&realm, files("limits", "kv = [\"table\"]\n", "")).await;
    let delete = async || ask(&realm, Method::DELETE, "/script-values/kv/table", &Value::Null).await;
    assert_eq!(delete().await.status, 409);
    deploy(&realm, files("limits", "", "without")).await;
    assert_eq!(delete().await.status, 409, "a rollback would need it");
    assert_eq!(ask(&realm, Method::DELETE, "/scripts/limits", &Value::Null).await.status, 204);
    assert_eq!(delete().await.status, 204);
}
