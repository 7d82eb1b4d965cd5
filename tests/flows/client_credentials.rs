//! The client credentials grant (RFC 6749 section 4.4).

use std::collections::BTreeSet;

use serde_json::json;

use crate::support::http::members;
use crate::support::realm::Realm;

/// EnsureNoRefreshTokenInTokenResponse.
#[tokio::test]
async fn rfc6749_4_4_3_a_token_for_the_client_itself() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let before = realm.rows().await;
    let tokens = client.client_credentials("read write").await.tokens();
    assert_eq!(members(&tokens.0), BTreeSet::from(["access_token", "token_type", "expires_in", "scope"]));
    assert_eq!(tokens.0["scope"], "read write");
    let claims = realm.verify(tokens.access_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["client_id"]), (&json!(client.id), &json!(client.id)));
    assert_eq!(claims["aud"], realm.issuer);
    assert_eq!(claims.get("auth_time"), None);
    assert!(client.is_active(tokens.access_token()).await);
    // Nothing is stored.
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn rfc6749_3_3_without_a_scope_the_client_gets_what_is_its_own() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.ask("/token", &[("grant_type", "client_credentials")]).await.tokens();
    assert_eq!(tokens.0["scope"], "read write");
    let plain = realm.client(json!({"grant_types": ["client_credentials"]})).await;
    let tokens = plain.ask("/token", &[("grant_type", "client_credentials")]).await.tokens();
    assert_eq!(tokens.0.get("scope"), None);
}

#[tokio::test]
async fn rfc7009_2_1_a_clients_own_token_can_be_revoked() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.client_credentials("read").await.tokens();
    assert_eq!(client.revoke(tokens.access_token()).await.status, 200);
    assert!(!client.is_active(tokens.access_token()).await);
}
