//! `on_uma_policy`.

use serde_json::json;

use super::{FAILS, assert_silent_about_scripts, bind};
use crate::flows::uma::{World, refused};

#[tokio::test]
async fn on_uma_policy_can_narrow_and_refuse() {
    let world = World::new().await;
    let allowed = json!([{"scopes": ["view", "print", "crop"], "users": [world.bea.id]}]);
    world.allow(&world.album, allowed).await;
    let body = "if permissions[0].scopes.contains(\"crop\") { deny(\"request_denied\", \"no crops of \" + \
                permissions[0].name) } else if ctx.is_owner || ctx.owner == () { deny(\"request_denied\", \"no\") } \
                else { narrow(#{ drop_scopes: [\"print\"], access_token_seconds: 60 }) }";
    bind(&world.realm, "on_uma_policy", body).await;
    let id_token = world.id_token(&world.bea).await;
    let ticket = world.ticket(&world.album, &["view", "print"]).await;
    let rpt = world.request_for(&id_token, &ticket, &[]).await.tokens();
    assert_eq!(rpt.0["expires_in"], 60);
    let expected = json!([{"resource_id": world.album, "scopes": ["view"]}]);
    assert_eq!(world.permissions(rpt.access_token()).await, expected);

    // Nothing is left.
    let ticket = world.ticket(&world.album, &["print"]).await;
    assert_eq!(refused(&world.request_for(&id_token, &ticket, &[]).await, "request_denied"), None);
    let ticket = world.ticket(&world.album, &["crop"]).await;
    let answer = world.request_for(&id_token, &ticket, &[]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
    assert_eq!(answer.json()["error_description"], "no crops of Album");
    world.request_for(&id_token, &ticket, &[]).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn on_uma_policy_allows_nothing_that_no_policy_allows() {
    let world = World::new().await;
    bind(&world.realm, "on_uma_policy", "allow()").await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    assert_eq!(refused(&answer, "request_denied"), None);
}

#[tokio::test]
async fn sc_009_on_uma_policy_fails_closed() {
    let world = World::new().await;
    world.allow_bea().await;
    bind(&world.realm, "on_uma_policy", FAILS).await;
    let ticket = world.ticket(&world.album, &["view"]).await;
    let answer = world.request_for(&world.id_token(&world.bea).await, &ticket, &[]).await;
    let body = answer.json();
    assert_eq!(body["error"], "server_error", "{answer:?}");
    assert_silent_about_scripts(body["error_description"].as_str().unwrap());
}
