//! Realms.

use serde_json::{Value, json};

use super::service::{PUBLIC, Service};

#[tokio::test]
async fn a_realm_is_made_shown_changed_and_deleted() {
    let service = Service::start().await;
    let body = json!({"name": "one", "display_name": "One", "profile": "base", "access_token_seconds": 300});
    let made = service.post("/realms", &body).send().await;
    assert_eq!((made.status, made.header("location")), (201, &*format!("{PUBLIC}/admin/api/v1/realms/one")));
    assert_eq!(made.body["issuer"], format!("{PUBLIC}/realms/one"));
    assert_eq!(made.body["created_at"], "2027-01-15T08:00:00Z");
    assert_eq!((&made.body["access_token_seconds"], &made.body["id_token_seconds"]), (&json!(300), &json!(600)));
    let shown = service.get("/realms/one").send().await;
    assert_eq!((shown.header("etag"), &shown.body), (made.header("etag"), &made.body));

    service.clock.advance(60);
    let patch = json!({"display_name": "First", "access_token_seconds": null, "enabled": false});
    let changed = service.patch("/realms/one", &patch).send().await;
    assert_eq!((changed.status, &changed.body["display_name"]), (200, &json!("First")));
    assert_eq!((&changed.body["access_token_seconds"], &changed.body["enabled"]), (&json!(600), &json!(false)));
    assert_eq!(changed.body["updated_at"], "2027-01-15T08:01:00Z");
    assert_ne!(changed.header("etag"), made.header("etag"));

    assert_eq!(service.delete("/realms/one").send().await.status, 204);
    assert_eq!(service.get("/realms/one").send().await.status, 404);
    assert_eq!(service.delete("/realms/one").send().await.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_realm_is_named_and_nothing_is_made() {
    let service = Service::start().await;
    let with = |name: &str, value: Value| {
        let mut body = json!({"name": "one", "display_name": "One"});
        body[name] = value;
        body
    };
    for (body, field) in [
        (json!({"display_name": "One"}), "name"),
        (json!({"name": "one"}), "display_name"),
        (with("name", json!("One")), "name"),
        (with("name", json!(1)), "name"),
        (with("display_name", json!("")), "display_name"),
        (with("display_name", json!("a\u{0}b")), "display_name"),
        (with("enabled", json!("yes")), "enabled"),
        (with("profile", json!("strict")), "profile"),
        (with("default_scope", json!("a\"b")), "default_scope"),
        (with("access_token_seconds", json!(29)), "access_token_seconds"),
        (with("access_token_seconds", json!(1e300)), "access_token_seconds"),
        (with("authorization_code_seconds", json!(61)), "authorization_code_seconds"),
        (with("client_certificate_authorities", json!("no PEM")), "client_certificate_authorities"),
        (with("issuer", json!("https://evil.test")), "issuer"),
        (with("created_at", json!("2027-01-15T08:00:00Z")), "created_at"),
        (with("id", json!("AAAAAAAAAAAAAAAAAAAAAA")), "id"),
        (with("wrapped_data_key", json!("x")), "wrapped_data_key"),
        (with("settings", json!({})), "settings"),
    ] {
        let answer = service.post("/realms", &body).send().await;
        assert_eq!(answer.problem(), (422, "invalid", field), "{body}");
    }
    assert_eq!(service.get("/realms").send().await.body["items"].as_array().unwrap().len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn names_are_unique_and_renaming_moves_the_issuer() {
    let service = Service::start().await;
    service.realm("one").await;
    service.realm("two").await;
    let again = service.post("/realms", &json!({"name": "one", "display_name": "x"})).send().await;
    assert_eq!(again.problem(), (409, "duplicate", ""));
    let taken = service.patch("/realms/two", &json!({"name": "one"})).send().await;
    assert_eq!(taken.problem(), (409, "duplicate", ""));
    let renamed = service.patch("/realms/two", &json!({"name": "three"})).send().await;
    assert_eq!(renamed.body["issuer"], format!("{PUBLIC}/realms/three"));
    assert_eq!(service.get("/realms/two").send().await.status, 404);
    service.stop().await;
}

#[tokio::test]
async fn ad_008_the_admin_realm_cannot_be_lost() {
    let service = Service::start().await;
    for refused in [
        service.delete("/realms/admin").send().await,
        service.patch("/realms/admin", &json!({"enabled": false})).send().await,
        service.patch("/realms/admin", &json!({"name": "other"})).send().await,
    ] {
        assert_eq!(refused.problem(), (409, "conflict", ""));
    }
    assert_eq!(service.get("/realms/admin").send().await.body["enabled"], true);
    service.stop().await;
}

#[tokio::test]
async fn ad_005_what_the_server_writes_cannot_be_patched() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    let before = service.get(realm.clone()).send().await.body;
    for (patch, field) in [
        (json!({"issuer": "https://evil.test"}), "issuer"),
        (json!({"created_at": null}), "created_at"),
        (json!({"epoch": 5}), "epoch"),
        (json!({"timeline": 5}), "timeline"),
    ] {
        assert_eq!(service.patch(realm.clone(), &patch).send().await.problem(), (422, "invalid", field), "{patch}");
    }
    assert_eq!(service.get(realm.clone()).send().await.body, before);
    let whole = service.patch(realm, &before).send().await;
    assert_eq!((whole.status, &whole.body), (200, &before));
    service.stop().await;
}

#[tokio::test]
async fn ad_016_of_edits_that_saw_the_same_object_one_is_carried_out() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    let tag = service.get(realm.clone()).send().await.header("etag").to_owned();
    let names = ["a", "b", "c", "d", "e", "f", "g", "h"].map(|name| json!({"display_name": name}));
    let edits = names.iter().map(|patch| service.patch(realm.clone(), patch).header("if-match", &tag).send());
    let answers = futures_util::future::join_all(edits).await;
    let (done, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!((done.len(), refused.len()), (1, 7));
    assert!(refused.iter().all(|answer| answer.problem() == (412, "changed-meanwhile", "")));
    let shown = service.get(realm.clone()).send().await;
    assert_eq!((shown.header("etag"), &shown.body), (done[0].header("etag"), &done[0].body));

    assert_eq!(service.delete(realm.clone()).header("if-match", &tag).send().await.status, 412);
    assert_eq!(service.delete(realm).header("if-match", shown.header("etag")).send().await.status, 204);
    service.stop().await;
}

#[tokio::test]
async fn concurrent_changes_of_different_members_are_all_kept() {
    let service = Service::start().await;
    let realm = service.realm("one").await;
    let patches = [
        json!({"display_name": "First"}),
        json!({"access_token_seconds": 100}),
        json!({"id_token_seconds": 200}),
        json!({"session_idle_seconds": 300}),
    ];
    let edits = patches.iter().map(|patch| service.patch(realm.clone(), patch).send());
    assert!(futures_util::future::join_all(edits).await.iter().all(|answer| answer.status == 200));
    let shown = service.get(realm).send().await.body;
    for patch in &patches {
        for (name, value) in patch.as_object().unwrap() {
            assert_eq!(shown[name], *value, "{name}");
        }
    }
    service.stop().await;
}
