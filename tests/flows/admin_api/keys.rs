//! Signing keys.

use serde_json::{Value, json};
use signet_core::registry;

use super::service::Service;

/// The `kid` values that realm `one` publishes.
async fn published(service: &Service) -> Vec<String> {
    let realm = registry::find_realm(&service.provider, &"one".parse().unwrap()).await.unwrap();
    let set: Value = serde_json::from_str(realm.signing_keys.published()).unwrap();
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_key_is_published_used_kept_and_deleted() {
    let service = Service::start().await;
    let keys = format!("{}/keys", service.realm("one").await);
    let made = service.post(keys.clone(), &json!({"algorithm": "ES256"})).send().await;
    assert_eq!((made.status, &made.body["state"]), (201, &json!("future")));
    let kid = made.body["kid"].as_str().unwrap().to_owned();
    let path = format!("{keys}/{kid}");
    assert!(made.header("location").ends_with(&path), "{made:?}");
    assert!(published(&service).await.contains(&kid));

    let old = active(&service, &keys, "ES256").await;
    assert_eq!(service.patch(path.clone(), &json!({"state": "active"})).send().await.body["state"], "active");
    assert_eq!(active(&service, &keys, "ES256").await, kid);
    assert_eq!(service.get(format!("{keys}/{old}")).send().await.body["state"], "verifying");
    assert!(published(&service).await.contains(&old));

    assert_eq!(service.patch(format!("{keys}/{old}"), &json!({"state": "retired"})).send().await.status, 200);
    assert!(!published(&service).await.contains(&old));
    assert_eq!(service.delete(format!("{keys}/{old}")).send().await.status, 204);
    assert_eq!(service.get(format!("{keys}/{old}")).send().await.status, 404);
    service.stop().await;
}

/// The `kid` of the one key that signs with an algorithm.
async fn active(service: &Service, keys: &str, algorithm: &str) -> String {
    let list = service.get(keys).send().await.body;
    let signs = |key: &&Value| key["algorithm"] == algorithm && key["state"] == "active";
    let active: Vec<&Value> = list["items"].as_array().unwrap().iter().filter(signs).collect();
    assert_eq!(active.len(), 1, "{list}");
    active[0]["kid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn rotation_replaces_the_key_that_signs() {
    let service = Service::start().await;
    let keys = format!("{}/keys", service.realm("one").await);
    let old = active(&service, &keys, "RS256").await;
    let now = json!({"algorithm": "RS256", "immediately": true});
    let rotated = service.post(format!("{keys}/rotate"), &now).send().await;
    assert_eq!((rotated.status, &rotated.body["state"]), (201, &json!("active")));
    let new = active(&service, &keys, "RS256").await;
    assert_eq!(rotated.body["kid"], new.as_str());
    assert_ne!(new, old);
    let published = published(&service).await;
    assert!(published.contains(&old) && published.contains(&new), "{published:?}");
    service.stop().await;
}

#[tokio::test]
async fn ad_008_a_key_that_signs_stays() {
    let service = Service::start().await;
    let keys = format!("{}/keys", service.realm("one").await);
    let path = format!("{keys}/{}", active(&service, &keys, "ES256").await);
    assert_eq!(service.delete(path.clone()).send().await.problem(), (409, "conflict", ""));
    for state in ["future", "verifying", "retired"] {
        let answer = service.patch(path.clone(), &json!({"state": state})).send().await;
        assert_eq!(answer.problem(), (409, "conflict", ""), "{state}");
    }
    assert_eq!(service.patch(path, &json!({"state": "active"})).send().await.status, 200);
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_key_is_named_and_private_keys_stay_inside() {
    let service = Service::start().await;
    let keys = format!("{}/keys", service.realm("one").await);
    for (body, field) in [
        (json!({}), "algorithm"),
        (json!({"algorithm": "none"}), "algorithm"),
        (json!({"algorithm": "HS256"}), "algorithm"),
        (json!({"algorithm": "dir"}), "algorithm"),
        (json!({"algorithm": "RSA1_5"}), "algorithm"),
        (json!({"algorithm": "ES256", "state": "retired"}), "state"),
        (json!({"algorithm": "ES256", "state": "x"}), "state"),
        (json!({"algorithm": "ES256", "kid": "mine"}), "kid"),
        (json!({"algorithm": "ES256", "d": "x"}), "d"),
    ] {
        assert_eq!(service.post(keys.clone(), &body).send().await.problem(), (422, "invalid", field), "{body}");
    }
    let list = service.get(keys.clone()).send().await.body;
    assert_eq!(list["items"].as_array().unwrap().len(), 2);
    let members: Vec<&String> = list["items"][0].as_object().unwrap().keys().collect();
    let mut members: Vec<&str> = members.into_iter().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["algorithm", "created_at", "kid", "state", "state_since"]);
    let path = format!("{keys}/{}", list["items"][0]["kid"].as_str().unwrap());
    let changed = service.patch(path, &json!({"algorithm": "PS256"})).send().await;
    assert_eq!(changed.problem(), (422, "invalid", "algorithm"));
    service.stop().await;
}

#[tokio::test]
async fn cr_013_a_new_key_is_published_before_it_signs() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    let keys = format!("{realm}/keys");
    assert_eq!(service.patch(realm, &json!({"signing_key_lead_seconds": 600})).send().await.status, 200);
    let old = active(&service, &keys, "ES256").await;
    let made = service.post(format!("{keys}/rotate"), &json!({"algorithm": "ES256"})).send().await;
    assert_eq!((made.status, &made.body["state"]), (201, &json!("future")));
    let new = made.body["kid"].as_str().unwrap().to_owned();
    let signs = async |at: i64| {
        let serving = service.provider.serving_itself();
        registry::activate_due_keys(&serving, service.provider.now().plus(at)).await.unwrap();
        assert!(published(&service).await.contains(&new) && published(&service).await.contains(&old));
        active(&service, &keys, "ES256").await
    };
    assert_eq!(signs(599).await, old);
    assert!(made.body["activates_at"].is_string(), "{made:?}");
    assert_eq!(signs(600).await, new);
    let after = service.get(format!("{keys}/{new}")).send().await;
    assert!(after.body["activates_at"].is_null(), "{after:?}");
    let refused = service.patch("/realms/one", &json!({"signing_key_lead_seconds": 299})).send().await;
    assert_eq!(refused.problem(), (422, "invalid", "signing_key_lead_seconds"));
    service.stop().await;
}

#[tokio::test]
async fn keys_that_have_signed_for_long_are_replaced_and_those_replaced_long_ago_taken_away() {
    const DAY: i64 = 86_400;
    let service = Service::start().await;
    let realm = service.realm("one").await;
    let keys = format!("{realm}/keys");
    assert_eq!(service.patch(realm, &json!({"signing_key_rotation_days": 30})).send().await.status, 200);
    let old = active(&service, &keys, "ES256").await;
    let start = service.provider.now();
    let keep = async |at: i64| {
        let serving = service.provider.serving_itself();
        let changes = registry::keep_key_schedule(&serving, start.plus(at)).await.unwrap();
        (changes.scheduled, changes.retired)
    };
    assert_eq!(keep(30 * DAY - 60).await, (0, 0));
    // One for each algorithm, here and in the realm admin not at all: its period is longer.
    assert_eq!(keep(30 * DAY + 60).await, (2, 0));
    assert_eq!(keep(30 * DAY + 120).await, (0, 0), "one successor is enough");
    assert_eq!((active(&service, &keys, "ES256").await, published(&service).await.len()), (old.clone(), 4));
    let taken_over = 30 * DAY + 60 + 300;
    let activated = registry::activate_due_keys(&service.provider.serving_itself(), start.plus(taken_over)).await;
    assert_eq!(activated.unwrap(), 2);
    assert_ne!(active(&service, &keys, "ES256").await, old);
    assert!(published(&service).await.contains(&old));
    assert_eq!(keep(taken_over + 90_000 - 1).await, (0, 0));
    assert_eq!(keep(taken_over + 90_000).await, (0, 2));
    assert!(!published(&service).await.contains(&old));
    let shown = service.get(format!("{keys}/{old}")).send().await;
    assert_eq!(shown.body["state"], "retired");
    for (change, field) in [
        (json!({"signing_key_rotation_days": -1}), "signing_key_rotation_days"),
        (json!({"signing_key_overlap_seconds": 86_400}), "signing_key_overlap_seconds"),
    ] {
        assert_eq!(service.patch("/realms/one", &change).send().await.problem(), (422, "invalid", field));
    }
    assert_eq!(service.patch("/realms/one", &json!({"signing_key_rotation_days": 0})).send().await.status, 200);
    assert_eq!(keep(taken_over + 40 * DAY).await, (0, 0), "for ever");
    service.stop().await;
}
