//! What ID tokens say and how they are signed (OpenID Connect Core 2, 3.1.3.6 and 5.5).

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::{MessageDigest, hash};
use serde_json::{Value, json};

use crate::support::client::{Credential, Tokens};
use crate::support::http::members;
use crate::support::jwt::{self, ASYMMETRIC, SYMMETRIC};
use crate::support::realm::{Realm, merged};
use crate::support::time::now;

/// OpenID Connect Core 3.1.3.6: the left half of the hash that goes with the algorithm.
fn at_hash(algorithm: &str, access_token: &str) -> String {
    let digest = match &algorithm[algorithm.len() - 3..] {
        "384" => MessageDigest::sha384(),
        // Ed25519 has SHA-512 inside.
        "512" | "DSA" | "519" => MessageDigest::sha512(),
        _ => MessageDigest::sha256(),
    };
    let hashed = hash(digest, access_token.as_bytes()).unwrap();
    URL_SAFE_NO_PAD.encode(&hashed[..hashed.len() / 2])
}

async fn obtain(realm: &Realm, metadata: Value, parameters: &[(&str, &str)]) -> Tokens {
    let client = realm.client(merged(json!({"settings": {"skip_consent": true}}), metadata)).await;
    let request = parameters.iter().fold(client.request(), |request, (name, value)| request.with(name, value));
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

/// ValidateIdToken, ValidateIdTokenNonce, EnsureIdTokenDoesNotContainNonRequestedClaims.
#[tokio::test]
async fn oidc_core_2_an_id_token_says_who_logged_in_where_and_when() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("scope", "openid email");
    let before = now();
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let token = realm.verify(tokens.id_token()).await;
    assert_eq!(token.header["alg"], "RS256", "OpenID Connect Registration 2: the default");
    let claims = &token.claims;
    assert_eq!(claims["iss"], realm.issuer);
    assert_eq!(claims["sub"], realm.user.id);
    assert_eq!(claims["aud"], client.id);
    assert_eq!(claims["nonce"], request.get("nonce").unwrap());
    assert_eq!(claims["at_hash"], at_hash("RS256", tokens.access_token()));
    let (issued_at, expires_at) = (claims["iat"].as_i64().unwrap(), claims["exp"].as_i64().unwrap());
    assert!((before..=now()).contains(&issued_at));
    assert!(expires_at > issued_at && expires_at <= issued_at + 86_400);
    assert!((before..=issued_at).contains(&claims["auth_time"].as_i64().unwrap()));
    // Nothing else: what scopes ask for is at the userinfo endpoint (section 5.4).
    let expected = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "sid"];
    assert_eq!(members(claims), BTreeSet::from(expected));
}

/// oidcc-ensure-request-without-nonce-succeeds-for-code-flow.
#[tokio::test]
async fn oidc_core_3_1_2_1_without_a_nonce_there_is_none() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().without("nonce");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert_eq!(jwt::read(tokens.id_token()).claims.get("nonce"), None);
}

#[tokio::test]
async fn rfc6749_4_1_3_without_openid_there_is_no_id_token() {
    let realm = Realm::new().await;
    let tokens = obtain(&realm, json!({}), &[("scope", "profile")]).await;
    assert_eq!(tokens.0.get("id_token"), None);
    assert_eq!(tokens.0["scope"], "profile");
}

#[tokio::test]
async fn oidc_registration_2_id_tokens_are_signed_with_the_registered_algorithm() {
    let realm = Realm::new().await;
    for algorithm in ASYMMETRIC {
        let tokens = obtain(&realm, json!({"id_token_signed_response_alg": algorithm}), &[]).await;
        let token = realm.verify(tokens.id_token()).await;
        assert_eq!(token.header["alg"], *algorithm);
        assert_eq!(token.claims["at_hash"], at_hash(algorithm, tokens.access_token()), "{algorithm}");
    }
}

#[tokio::test]
async fn oidc_core_10_1_hmac_uses_the_client_secret() {
    let realm = Realm::new().await;
    for algorithm in SYMMETRIC {
        let client = realm.client(json!({"id_token_signed_response_alg": algorithm})).await;
        let Credential::Basic(secret) = client.credential.clone() else { panic!("a secret expected") };
        let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
        let token = jwt::verify_with_secret(tokens.id_token(), &secret);
        assert_eq!(token.header["alg"], *algorithm);
        assert_eq!(token.claims["at_hash"], at_hash(algorithm, tokens.access_token()), "{algorithm}");
        assert_eq!(token.header.get("kid"), None);
    }
}

/// IR-012; oidcc-claims-essential.
#[tokio::test]
async fn oidc_core_5_5_single_claims_go_where_they_were_asked_for() {
    let realm = Realm::new().await;
    let wanted = json!({
        "id_token": {"email": null, "birthdate": {"essential": true}, "favourite_colour": null},
        "userinfo": {"nickname": null},
    });
    let client = realm.client(json!({})).await;
    let request = client.request().with("claims", &wanted.to_string());
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let id_token = jwt::read(tokens.id_token()).claims;
    assert_eq!(id_token["email"], "ana@ana.test");
    assert_eq!(id_token["birthdate"], "1990-02-28");
    assert_eq!(id_token.get("nickname"), None);
    assert_eq!(id_token.get("favourite_colour"), None);
    let userinfo = client.userinfo(tokens.access_token()).await.success();
    assert_eq!(userinfo, json!({"sub": realm.user.id, "nickname": "Annie"}));
}

#[tokio::test]
async fn oidc_core_5_5_server_claims_cannot_be_asked_for_by_value() {
    let realm = Realm::new().await;
    let wanted = json!({"id_token": {"iss": {"value": "https://evil.test"}, "aud": null, "exp": {"value": 1}}});
    let tokens = obtain(&realm, json!({}), &[("claims", &wanted.to_string())]).await;
    let claims = realm.verify(tokens.id_token()).await.claims;
    assert_eq!(claims["iss"], realm.issuer);
    assert!(claims["exp"].as_i64().unwrap() > now());
}

/// oidcc-ensure-request-with-acr-values-succeeds, ValidateIdTokenACRClaimAgainstRequest.
#[tokio::test]
async fn oidc_core_3_1_2_1_acr_is_said_when_it_was_asked_for() {
    let realm = Realm::new().await;
    let class = "urn:signet:acr:password";
    let essential = json!({"id_token": {"acr": {"essential": true, "values": ["urn:other", class]}}}).to_string();
    let voluntary = json!({"id_token": {"acr": {"values": ["urn:other"]}}}).to_string();
    for (name, value) in [("acr_values", "1 2"), ("claims", &essential), ("claims", &voluntary)] {
        let claims = jwt::read(obtain(&realm, json!({}), &[(name, value)]).await.id_token()).claims;
        assert_eq!((&claims["acr"], &claims["amr"]), (&json!(class), &json!(["pwd"])), "{name}={value}");
    }
    let claims = jwt::read(obtain(&realm, json!({"default_acr_values": [class]}), &[]).await.id_token()).claims;
    assert_eq!(claims["acr"], class);
}

#[tokio::test]
async fn oidc_core_5_2_claims_come_in_the_languages_asked_for() {
    let realm = Realm::new().await;
    let wanted = json!({"id_token": {"name": null, "family_name": null}}).to_string();
    let both = |locales| [("claims", wanted.as_str()), ("claims_locales", locales)];
    let claims = jwt::read(obtain(&realm, json!({}), &both("de")).await.id_token()).claims;
    assert_eq!((&claims["name"], &claims["name#de-CH"]), (&json!("Ana Example"), &json!("Anna Beispiel")));
    assert_eq!(claims.get("family_name#fr"), None);
    let tagged = json!({"id_token": {"family_name#fr": null}}).to_string();
    let claims = jwt::read(obtain(&realm, json!({}), &[("claims", &tagged)]).await.id_token()).claims;
    assert_eq!(claims["family_name#fr"], "Exemple");
    assert_eq!(claims.get("family_name"), None);
}

/// IR-012.
#[tokio::test]
async fn oidc_core_8_the_subject_is_the_same_in_every_place_and_for_every_client() {
    let realm = Realm::new().await;
    let mut browser = realm.browser();
    for _ in 0..2 {
        let client = realm.client(json!({})).await;
        let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
        assert_eq!(jwt::read(tokens.id_token()).claims["sub"], realm.user.id);
        assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
    }
}
