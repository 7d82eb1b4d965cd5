//! Introspection and revocation (RFC 7662, RFC 7009).

use serde_json::json;

use crate::support::client::Client;
use crate::support::jwt;
use crate::support::realm::Realm;

#[tokio::test]
async fn rfc7662_2_2_an_access_token_is_described_to_its_client() {
    let realm = Realm::new().await;
    for format in ["jwt", "opaque"] {
        let client = realm.client(json!({"settings": {"access_token_format": format}})).await;
        let request = client.request().with("scope", "openid email").with("acr_values", "any");
        let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
        let answer = client.ask("/introspect", &[("token", tokens.access_token())]).await;
        assert_eq!((answer.content_type(), answer.header("cache-control")), ("application/json", Some("no-store")));
        let seen = answer.success();
        assert_eq!(seen["active"], true);
        assert_eq!(seen["iss"], realm.issuer);
        assert_eq!(seen["aud"], realm.issuer);
        assert_eq!(seen["sub"], realm.user.id);
        assert_eq!(seen["username"], "ana");
        assert_eq!(seen["client_id"], client.id);
        assert_eq!(seen["scope"], "openid email");
        assert_eq!(seen["token_type"], "Bearer");
        assert_eq!(seen["acr"], "urn:signet:acr:password");
        assert_eq!(seen["exp"].as_i64().unwrap() - seen["iat"].as_i64().unwrap(), tokens.0["expires_in"]);
        let auth_time = &jwt::read(tokens.id_token()).claims["auth_time"];
        assert_eq!(&seen["auth_time"], auth_time);
    }
}

/// IR-009.
#[tokio::test]
async fn rfc7662_2_1_the_hint_is_only_a_hint() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    for token in [tokens.access_token(), tokens.refresh_token()] {
        for hint in ["access_token", "refresh_token", "something_else"] {
            let seen = client.ask("/introspect", &[("token", token), ("token_type_hint", hint)]).await.success();
            assert_eq!((&seen["active"], &seen["sub"]), (&json!(true), &json!(realm.user.id)), "{hint}");
        }
    }
}

#[tokio::test]
async fn rfc7662_4_a_resource_server_learns_of_the_tokens_that_are_for_it() {
    let realm = Realm::new().await;
    let scopes = json!([{"name": "read", "description": "read everything"}]);
    let client = realm.versatile_client().await;
    let api = realm.client(json!({"client_id": "https://api.test", "grant_types": ["client_credentials"]})).await;
    let body =
        json!({"identifier": "https://api.test", "display_name": "API", "scopes": scopes, "token_format": "opaque"});
    realm.server.administration.create_resource_server(&realm.name, &body).await;
    let grant = [("grant_type", "client_credentials"), ("scope", "read"), ("resource", "https://api.test")];
    let for_api = client.ask("/token", &grant).await.tokens();
    assert!(api.is_active(for_api.access_token()).await);
    let for_others = client.client_credentials("read").await.tokens();
    assert_eq!(api.introspect(for_others.access_token()).await, json!({"active": false}));
    let auditor = json!({"grant_types": ["client_credentials"], "settings": {"may_introspect": true}});
    assert!(realm.client(auditor).await.is_active(for_others.access_token()).await);
}

/// Access and refresh token of a user who is offline.
async fn offline_tokens(realm: &Realm, client: &Client) -> (String, String) {
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    (tokens.access_token().to_owned(), tokens.refresh_token().to_owned())
}

#[tokio::test]
async fn rfc7009_2_1_a_revoked_access_token_is_dead_and_its_siblings_live() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (access, refresh) = offline_tokens(&realm, &client).await;
    let answer = client.revoke(&access).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
    assert!(!client.is_active(&access).await);
    client.userinfo(&access).await.assert_token_refused(401, "invalid_token");
    assert!(client.is_active(&refresh).await);
    let newer = client.refresh(&refresh).await.tokens();
    assert_eq!(client.userinfo(newer.access_token()).await.status, 200);
}

/// IR-009.
#[tokio::test]
async fn rfc7009_2_1_with_a_refresh_token_go_all_tokens_of_the_authorization() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (access, refresh) = offline_tokens(&realm, &client).await;
    let newer = client.refresh(&refresh).await.tokens();
    let hint = ("token_type_hint", "access_token");
    assert_eq!(client.ask("/revoke", &[("token", newer.refresh_token()), hint]).await.status, 200);
    for token in [&access, newer.access_token(), &refresh, newer.refresh_token()] {
        assert_eq!(client.introspect(token).await, json!({"active": false}));
    }
    client.refresh(newer.refresh_token()).await.assert_refused("invalid_grant");
}

#[tokio::test]
async fn rfc7009_2_2_unknown_tokens_are_no_error() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let (access, _) = offline_tokens(&realm, &client).await;
    assert_eq!(client.revoke(&access).await.status, 200);
    for token in [access.as_str(), "unknown", "a.b.c", "sa_x", "sr_x"] {
        let answer = client.revoke(token).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ""), "{token}");
    }
}
