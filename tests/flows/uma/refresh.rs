//! Refreshing an RPT (UMA Grant 3.6).

use serde_json::json;

use super::{GRANT, World};

/// A world whose app may refresh, with an RPT of the friend for the album.
async fn world() -> World {
    let grants = json!(["authorization_code", "refresh_token", GRANT]);
    let world = World::with(json!({"grant_types": grants})).await;
    world.allow(&world.album, json!([{"scopes": ["view", "print"], "users": [world.bea.id]}])).await;
    world
}

#[tokio::test]
async fn uma_grant_3_6_an_rpt_is_refreshed_with_its_permissions() {
    let world = world().await;
    let ticket = world.ticket(&world.album, &["view", "print"]).await;
    let first = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    let second = world.app.refresh(first.refresh_token()).await.tokens();
    assert_ne!(second.refresh_token(), first.refresh_token());
    assert_eq!(second.0.get("scope"), None);
    let both = json!([{"resource_id": world.album, "scopes": ["view", "print"]}]);
    assert_eq!(world.permissions(second.access_token()).await, both);
    // Fewer scopes may be asked for, and none besides.
    let narrow = async |scope: &str, token: &str| {
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", scope)];
        world.app.ask("/token", &parameters).await
    };
    narrow("crop", second.refresh_token()).await.assert_refused("invalid_scope");
    let third = narrow("view", second.refresh_token()).await.tokens();
    let viewed = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(third.access_token()).await, viewed);
    // Another client has nothing of it.
    let other = world.realm.client(json!({"grant_types": ["authorization_code", "refresh_token", GRANT]})).await;
    other.refresh(third.refresh_token()).await.assert_refused("invalid_grant");

    // What the owner takes back is not refreshed; what is new is not assessed.
    world.allow(&world.album, json!([{"scopes": ["view", "crop"], "users": [world.bea.id]}])).await;
    let fourth = world.app.refresh(third.refresh_token()).await.tokens();
    assert_eq!(world.permissions(fourth.access_token()).await, viewed);
    world.allow(&world.album, json!([])).await;
    world.app.refresh(fourth.refresh_token()).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn uma_grant_3_6_a_refresh_token_that_was_copied_ends_everything() {
    let world = world().await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let first = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await.tokens();
    let second = world.app.refresh(first.refresh_token()).await.tokens();
    let third = world.app.refresh(second.refresh_token()).await.tokens();
    world.app.refresh(first.refresh_token()).await.assert_refused("invalid_grant");
    world.app.refresh(third.refresh_token()).await.assert_refused("invalid_grant");
    assert!(!world.server.is_active(third.access_token()).await);
}

#[tokio::test]
async fn a_client_that_nobody_uses_gets_no_refresh_token() {
    let world = world().await;
    world.allow(&world.album, json!([{"scopes": ["view"], "clients": [world.app.id]}])).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request(&ticket, &[]).await.tokens();
    assert_eq!(answer.0.get("refresh_token"), None);
}
