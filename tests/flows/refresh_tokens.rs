//! Refresh tokens: rotating with a retry window, or kept (RFC 6749 section 6, RFC 9700 section 4.14, OpenID Connect
//! Core 11 and 12).

use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::jwt;
use crate::support::realm::Realm;

async fn offline(realm: &Realm, client: &Client) -> Tokens {
    let request = client.request().with("scope", "openid email offline_access");
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

#[tokio::test]
async fn oidc_core_11_offline_access_gives_a_refresh_token_to_those_who_may_use_one() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let online = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    assert_eq!(online.0.get("refresh_token"), None);
    assert!(offline(&realm, &client).await.refresh_token().len() >= 32);
    // Without openid it is plain OAuth, and RFC 6749 section 1.5 leaves it to the server.
    let request = client.request().with("scope", "read");
    let plain = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert!(client.is_active(plain.refresh_token()).await);
    let other = realm.client(json!({})).await;
    assert_eq!(offline(&realm, &other).await.0.get("refresh_token"), None);
}

/// CompareIdTokenClaims.
#[tokio::test]
async fn oidc_core_12_2_a_refreshed_id_token_tells_of_the_same_login() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let first = offline(&realm, &client).await;
    let second = client.refresh(first.refresh_token()).await.tokens();
    assert_ne!(first.access_token(), second.access_token());
    assert_ne!(first.refresh_token(), second.refresh_token());
    assert_eq!(second.0["scope"], "openid email offline_access");
    let (before, after) = (jwt::read(first.id_token()).claims, realm.verify(second.id_token()).await.claims);
    for claim in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(before[claim], after[claim], "{claim}");
    }
    assert_eq!((before.get("azp"), after.get("azp"), after.get("nonce")), (None, None, None));
    assert!(after["iat"].as_i64() >= before["iat"].as_i64());
    assert_eq!(client.userinfo(second.access_token()).await.success()["email"], "ana@ana.test");
}

/// AddScopeToTokenEndpointRequest.
#[tokio::test]
async fn rfc6749_6_a_narrower_scope_holds_for_one_access_token_only() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let grant = [("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token()), ("scope", "openid")];
    let narrow = client.ask("/token", &grant).await.tokens();
    assert_eq!(narrow.0["scope"], "openid");
    let claims = client.userinfo(narrow.access_token()).await.success();
    assert_eq!(claims, json!({"sub": realm.user.id}));
    let wide = client.refresh(narrow.refresh_token()).await.tokens();
    assert_eq!(wide.0["scope"], "openid email offline_access");
}

#[tokio::test]
async fn rfc9700_4_14_2_a_retry_inside_the_window_gets_the_current_token() {
    let realm = Realm::with(json!({"refresh_retry_window_seconds": 120})).await;
    let client = realm.versatile_client().await;
    let first = offline(&realm, &client).await;
    let second = client.refresh(first.refresh_token()).await.tokens();
    let again = client.refresh(first.refresh_token()).await.tokens();
    assert_eq!(again.refresh_token(), second.refresh_token());
    assert_ne!(again.access_token(), second.access_token());
    let third = client.refresh(second.refresh_token()).await.tokens();
    assert_ne!(third.refresh_token(), second.refresh_token());
    // The one before the one before is a copy in somebody's hands, window or not.
    client.refresh(first.refresh_token()).await.assert_refused("invalid_grant");
    for token in [third.refresh_token(), third.access_token(), first.access_token()] {
        assert!(!client.is_active(token).await);
    }
}

#[tokio::test]
async fn rfc9700_4_14_2_reuse_ends_everything_that_came_from_the_authorization() {
    let realm = Realm::with(json!({"refresh_retry_window_seconds": 0})).await;
    let client = realm.versatile_client().await;
    let first = offline(&realm, &client).await;
    let unrelated = offline(&realm, &client).await;
    let second = client.refresh(first.refresh_token()).await.tokens();
    client.refresh(first.refresh_token()).await.assert_refused("invalid_grant");
    client.refresh(second.refresh_token()).await.assert_refused("invalid_grant");
    for token in [first.access_token(), second.access_token()] {
        client.userinfo(token).await.assert_token_refused(401, "invalid_token");
    }
    assert!(client.is_active(unrelated.access_token()).await);
    assert!(client.is_active(unrelated.refresh_token()).await);
}

#[tokio::test]
async fn a_client_may_keep_its_refresh_token() {
    let realm = Realm::with(json!({"refresh_retry_window_seconds": 0})).await;
    let grants = ["authorization_code", "refresh_token"];
    let client = realm.client(json!({"grant_types": grants, "settings": {"refresh_rotation": "keep"}})).await;
    let first = offline(&realm, &client).await;
    for _ in 0..3 {
        let next = client.refresh(first.refresh_token()).await.tokens();
        assert_eq!(next.refresh_token(), first.refresh_token());
        assert_eq!(client.userinfo(next.access_token()).await.status, 200);
    }
    assert_eq!(client.revoke(first.refresh_token()).await.status, 200);
    client.refresh(first.refresh_token()).await.assert_refused("invalid_grant");
}

/// IR-005: not to the resource server either that its access tokens are for.
#[tokio::test]
async fn rfc7662_2_2_a_refresh_token_is_described_to_its_client_alone() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let seen: Value = client.introspect(tokens.refresh_token()).await;
    assert_eq!((&seen["active"], &seen["client_id"]), (&json!(true), &json!(client.id)));
    assert_eq!((&seen["sub"], &seen["scope"]), (&json!(realm.user.id), &json!("openid email offline_access")));
    let auditor = json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}});
    assert_eq!(realm.client(auditor).await.introspect(tokens.refresh_token()).await, json!({"active": false}));
    let identifier = "https://api.test";
    let api = json!({"identifier": identifier, "display_name": "API"});
    realm.server.administration.create_resource_server(&realm.name, &api).await;
    let api = realm.client(json!({"client_id": identifier, "grant_types": ["client_credentials"]})).await;
    let request = client.request().with("scope", "read offline_access").with("resource", identifier);
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert!(api.is_active(tokens.access_token()).await && client.is_active(tokens.refresh_token()).await);
    assert_eq!(api.introspect(tokens.refresh_token()).await, json!({"active": false}));
}
