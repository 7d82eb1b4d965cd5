//! Access tokens: JWTs (RFC 9068) and opaque ones, for the issuer and for resource servers (RFC 8707).

use serde_json::{Value, json};

use crate::support::client::{Client, Tokens};
use crate::support::jwt;
use crate::support::realm::Realm;
use crate::support::time::now;

async fn obtain(realm: &Realm, client: &Client, parameters: &[(&str, &str)]) -> Tokens {
    let request = parameters.iter().fold(client.request(), |request, (name, value)| request.repeated(name, value));
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

/// An API of the realm.
async fn resource_server(realm: &Realm, identifier: &str, more: Value) {
    let scopes = json!([{"name": "read", "description": "read everything"}]);
    let body = json!({"identifier": identifier, "display_name": identifier, "scopes": scopes, "token_format": "jwt"});
    realm.server.administration.create_resource_server(&realm.name, &crate::support::realm::merged(body, more)).await;
}

#[tokio::test]
async fn rfc9068_2_2_a_jwt_says_who_what_for_whom_and_until_when() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let before = now();
    let request = client.request().with("scope", "openid email").with("acr_values", "any");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let token = realm.verify(tokens.access_token()).await;
    assert_eq!(token.header["typ"], "at+jwt");
    assert_eq!(token.header["alg"], "ES256");
    let claims = token.claims;
    assert_eq!(claims["iss"], realm.issuer);
    assert_eq!(claims["aud"], realm.issuer);
    assert_eq!(claims["sub"], realm.user.id);
    assert_eq!(claims["client_id"], client.id);
    assert_eq!(claims["scope"], "openid email");
    assert_eq!(claims["acr"], "urn:signet:acr:password");
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert!((before..=now()).contains(&claims["auth_time"].as_i64().unwrap()));
    let lifetime = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert_eq!(tokens.0["expires_in"], lifetime);
    assert!(claims["jti"].as_str().is_some_and(|jti| jti.len() >= 22));
    for about_the_user in ["email", "name", "sid"] {
        assert_eq!(claims.get(about_the_user), None);
    }
}

#[tokio::test]
async fn rfc9068_2_2_two_tokens_have_two_identifiers() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let one = client.client_credentials("read").await.tokens();
    let other = client.client_credentials("read").await.tokens();
    let jti = |tokens: &Tokens| jwt::read(tokens.access_token()).claims["jti"].clone();
    assert_ne!(jti(&one), jti(&other));
}

#[tokio::test]
async fn opaque_tokens_say_nothing_and_do_the_same() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"access_token_format": "opaque"}})).await;
    let tokens = obtain(&realm, &client, &[]).await;
    let token = tokens.access_token();
    assert!(!token.contains('.') && token.is_ascii(), "{token}");
    assert_eq!(client.userinfo(token).await.success()["sub"], realm.user.id);
    let seen = client.introspect(token).await;
    assert_eq!((&seen["active"], &seen["sub"]), (&json!(true), &json!(realm.user.id)));
    assert_eq!(client.revoke(token).await.status, 200);
    client.userinfo(token).await.assert_token_refused(401, "invalid_token");
}

#[tokio::test]
async fn a_client_may_choose_the_algorithm_and_lifetime_of_its_access_tokens() {
    let realm = Realm::new().await;
    let settings = json!({"access_token_signed_response_alg": "PS256", "access_token_seconds": 77});
    let client = realm.client(json!({"settings": settings})).await;
    let tokens = obtain(&realm, &client, &[]).await;
    assert_eq!(realm.verify(tokens.access_token()).await.header["alg"], "PS256");
    assert_eq!(tokens.0["expires_in"], 77);
}

#[tokio::test]
async fn rfc8707_2_the_resource_decides_audience_form_algorithm_and_lifetime() {
    let realm = Realm::new().await;
    resource_server(&realm, "https://jwt.test", json!({"algorithm": "EdDSA", "access_token_seconds": 60})).await;
    resource_server(&realm, "https://opaque.test", json!({"token_format": "opaque"})).await;
    let client = realm.versatile_client().await;
    let scope = [("scope", "read")];
    let request = client.request().with("scope", "read").with("resource", "https://jwt.test");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let token = realm.verify(tokens.access_token()).await;
    assert_eq!(token.header["alg"], "EdDSA");
    assert_eq!(token.claims["aud"], "https://jwt.test");
    assert_eq!(tokens.0["expires_in"], 60);
    let grant = ("grant_type", "client_credentials");
    let opaque = client.ask("/token", &[grant, scope[0], ("resource", "https://opaque.test")]).await.tokens();
    assert!(!opaque.access_token().contains('.'));
    assert_eq!(client.introspect(opaque.access_token()).await["aud"], "https://opaque.test");
}

#[tokio::test]
async fn rfc8707_2_2_one_authorization_yields_tokens_for_each_of_its_resources() {
    let realm = Realm::new().await;
    for identifier in ["https://one.test", "https://two.test"] {
        resource_server(&realm, identifier, json!({})).await;
    }
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "openid offline_access read");
    let request = request.repeated("resource", "https://one.test").repeated("resource", "https://two.test");
    let response = realm.browser().complete(&request, &realm.user).await;
    let mut redemption = Client::redemption(&request, response.code());
    redemption.push(("resource", "https://one.test"));
    let tokens = client.ask("/token", &redemption).await.tokens();
    // With openid the token is for the userinfo endpoint as well.
    let audience = |tokens: &Tokens| jwt::read(tokens.access_token()).claims["aud"].clone();
    assert_eq!(audience(&tokens), json!(["https://one.test", realm.issuer]));
    let refresh = ("grant_type", "refresh_token");
    let parameters = [refresh, ("refresh_token", tokens.refresh_token()), ("resource", "https://two.test")];
    let refreshed = client.ask("/token", &parameters).await.tokens();
    assert_eq!(audience(&refreshed), json!(["https://two.test", realm.issuer]));
    let both = client.refresh(refreshed.refresh_token()).await.tokens();
    assert_eq!(audience(&both), json!(["https://one.test", "https://two.test", realm.issuer]));
}

#[tokio::test]
async fn rfc8707_2_2_resources_with_different_kinds_of_tokens_do_not_share_one() {
    let realm = Realm::new().await;
    resource_server(&realm, "https://jwt.test", json!({})).await;
    resource_server(&realm, "https://opaque.test", json!({"token_format": "opaque"})).await;
    let client = realm.versatile_client().await;
    let both = [("resource", "https://jwt.test"), ("resource", "https://opaque.test")];
    let parameters = [&[("grant_type", "client_credentials"), ("scope", "read")][..], &both].concat();
    client.ask("/token", &parameters).await.assert_refused("invalid_target");
}

#[tokio::test]
async fn consent_describes_the_scopes_of_a_resource_in_its_own_words() {
    let realm = Realm::new().await;
    resource_server(&realm, "https://api.test", json!({"display_name": "The library"})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "read").with("resource", "https://api.test");
    let login = browser.authorize(&request).await;
    let consent = browser.log_in(&login, &realm.user).await;
    consent.page("consent-page");
    assert!(consent.body.contains("read everything") && consent.body.contains("The library"), "{}", consent.body);
}
