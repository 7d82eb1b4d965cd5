//! Choosing the version that decides.

use http::Method;
use serde_json::{Value, json};

use super::{ask, deploy, get, refused, store};
use crate::support::realm::Realm;
use crate::support::scripts::files;

async fn post(realm: &Realm, action: &str, body: Value) -> Value {
    let answer = ask(realm, Method::POST, &format!("/scripts/limits/{action}"), &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn versions_are_promoted_and_rolled_back() {
    let realm = Realm::new().await;
    let first = deploy(&realm, files("limits", "", "first")).await;
    let rollback = json!({});
    let nowhere = refused(&realm, Method::POST, "/scripts/limits/rollback", &rollback).await;
    assert_eq!((nowhere.0, nowhere.2.as_str()), (409, "there is no earlier version to go back to"));
    let second = store(&realm, "second").await;
    assert_eq!(get(&realm, "/scripts/limits").await["active"], first, "stored only");

    let promoted = post(&realm, "promote", json!({"version": &second[..12]})).await;
    assert_eq!((&promoted["active"], &promoted["previous"]), (&json!(second), &json!(first)));
    let back = post(&realm, "rollback", rollback.clone()).await;
    assert_eq!((&back["active"], &back["previous"]), (&json!(first), &json!(second)));
    let forth = post(&realm, "rollback", rollback).await;
    assert_eq!((&forth["active"], &forth["previous"]), (&json!(second), &json!(first)));
    let same = post(&realm, "promote", json!({"version": second})).await;
    assert_eq!((&same["active"], &same["previous"]), (&json!(second), &json!(first)), "the way back stays");
    assert_eq!(get(&realm, "/scripts/limits").await, same);

    for version in ["0123456789ab", &second.replace(&second[..12], "0123456789ab")] {
        let unknown = json!({"version": version});
        assert_eq!(refused(&realm, Method::POST, "/scripts/limits/promote", &unknown).await.0, 404);
    }
    for version in ["", "short", &second.to_uppercase(), &second[..11]] {
        let wrong = refused(&realm, Method::POST, "/scripts/limits/promote", &json!({"version": version})).await;
        assert_eq!((wrong.0, wrong.1.as_str()), (422, "version"), "{version}");
    }
    let elsewhere = json!({"version": second, "client_id": "app"});
    assert_eq!(refused(&realm, Method::POST, "/scripts/limits/promote", &elsewhere).await.0, 404);
}

#[tokio::test]
async fn the_first_version_is_the_active_one() {
    let realm = Realm::new().await;
    let request = json!({"files": files("limits", "", ""), "activate": false});
    let (status, _, detail) = refused(&realm, Method::POST, "/scripts", &request).await;
    assert!(status == 409 && detail.contains("deploy the first one as the active one"), "{detail}");
    assert_eq!(ask(&realm, Method::GET, "/scripts/limits/versions", &Value::Null).await.status, 404);
}

#[tokio::test]
async fn a_version_is_tried_beside_the_active_one() {
    let realm = Realm::new().await;
    let active = deploy(&realm, files("limits", "", "first")).await;
    let tried = store(&realm, "second").await;
    let shadowed = post(&realm, "shadow", json!({"version": tried, "percent": 5})).await;
    assert_eq!((&shadowed["active"], &shadowed["shadow"]), (&json!(active), &json!({"version": tried, "percent": 5})));
    assert_eq!(post(&realm, "shadow", json!({"version": tried})).await["shadow"]["percent"], 100);
    for percent in [0, 101, 256, 4_294_967_295_u32] {
        let wrong = json!({"version": tried, "percent": percent});
        assert_eq!(refused(&realm, Method::POST, "/scripts/limits/shadow", &wrong).await.1, "percent", "{percent}");
    }
    let itself = refused(&realm, Method::POST, "/scripts/limits/shadow", &json!({"version": active})).await;
    assert_eq!((itself.0, itself.1.as_str()), (422, "version"));
    assert!(post(&realm, "shadow", json!({})).await["shadow"].is_null());
    // A version that decides is not tried any more.
    post(&realm, "shadow", json!({"version": tried})).await;
    let promoted = post(&realm, "promote", json!({"version": tried})).await;
    assert_eq!((&promoted["active"], &promoted["shadow"]), (&json!(tried), &Value::Null));
}

#[tokio::test]
async fn a_trial_and_a_promotion_let_nothing_in_that_was_not_accepted() {
    let realm = Realm::new().await;
    deploy(&realm, files("limits", "user_attributes = [\"email\"]\n", "")).await;
    let wide = get(&realm, "/scripts/limits").await["active"].as_str().unwrap().to_owned();
    deploy(&realm, files("limits", "", "")).await;
    for action in ["promote", "shadow"] {
        let path = format!("/scripts/limits/{action}");
        let (status, field, _) = refused(&realm, Method::POST, &path, &json!({"version": wide})).await;
        assert_eq!((status, field.as_str()), (422, "accept"), "{action}");
    }
    let accept = json!(["user_attribute:email"]);
    post(&realm, "shadow", json!({"version": wide, "accept": accept})).await;
    // What is tried was accepted, and is not asked for again.
    assert_eq!(post(&realm, "promote", json!({"version": wide})).await["active"], wide);
}

#[tokio::test]
async fn differences_show_files_and_capabilities() {
    let realm = Realm::new().await;
    let first = deploy(&realm, files("limits", "user_attributes = [\"department\"]\n", "first")).await;
    let request = json!({
        "files": files("limits", "user_attributes = [\"email\"]\n", "second"),
        "activate": false,
        "accept": ["user_attribute:email"],
    });
    let second = ask(&realm, Method::POST, "/scripts", &request).await.json()["version"].clone();
    let path = format!("/scripts/limits/diff?from={first}&to={}", second.as_str().unwrap());
    let difference = get(&realm, &path).await;
    assert_eq!((&difference["from"], &difference["to"]), (&json!(first), &second));
    assert_eq!(difference["added_capabilities"], json!(["user_attribute:email"]));
    assert_eq!(difference["removed_capabilities"], json!(["user_attribute:department"]));
    let files = difference["files"].as_array().unwrap();
    assert_eq!(
        files.iter().map(|file| file["name"].as_str().unwrap()).collect::<Vec<_>>(),
        ["main.rhai", "manifest.toml"]
    );
    let unified = files[0]["unified"].as_str().unwrap();
    assert!(
        unified.starts_with("--- a/main.rhai\n+++ b/main.rhai\n@@ -1,4 +1,4 @@\n-// first\n+// second\n"),
        "{unified}"
    );
    let none = get(&realm, &format!("/scripts/limits/diff?from={first}&to={first}")).await;
    assert_eq!(none["files"], json!([]));
    assert_eq!(get(&realm, "/scripts/limits/diff").await["from"], first);
    for query in ["from=0123456789ab", "to=0123456789ab"] {
        let path = format!("/scripts/limits/diff?{query}");
        assert_eq!(ask(&realm, Method::GET, &path, &Value::Null).await.status, 404, "{query}");
    }
    assert_eq!(ask(&realm, Method::GET, "/scripts/limits/diff?from=x", &Value::Null).await.status, 400);
}

#[tokio::test]
async fn a_package_keeps_twenty_versions_and_those_in_use() {
    let realm = Realm::new().await;
    let first = deploy(&realm, files("limits", "", "active")).await;
    let mut stored = Vec::new();
    for number in 0..22 {
        stored.push(store(&realm, &format!("number {number}")).await);
    }
    let versions = get(&realm, "/scripts/limits/versions").await;
    let kept: Vec<&str> =
        versions["items"].as_array().unwrap().iter().map(|item| item["version"].as_str().unwrap()).collect();
    assert!((20..=21).contains(&kept.len()), "{}", kept.len());
    assert!(kept.contains(&first.as_str()), "the one that decides, however old");
    assert!(kept.contains(&stored[21].as_str()));
}
