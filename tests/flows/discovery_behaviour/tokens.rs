//! What is listed about tokens and claims.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{listed, trusted, unknown};
use crate::support::client::{Client, Credential, Tokens};
use crate::support::jwt::{self, SYMMETRIC};
use crate::support::realm::{Realm, claims};

/// The members that tests here check.
pub(super) const MEMBERS: &[&str] = &[
    "issuer",
    "jwks_uri",
    "userinfo_endpoint",
    "scopes_supported",
    "grant_types_supported",
    "subject_types_supported",
    "id_token_signing_alg_values_supported",
    "userinfo_signing_alg_values_supported",
    "claim_types_supported",
    "claims_supported",
    "claims_parameter_supported",
];

/// A realm with a key for every algorithm.
async fn realm_with_keys() -> (Realm, Value) {
    let realm = Realm::new().await;
    for algorithm in jwt::ASYMMETRIC {
        realm.client(json!({"id_token_signed_response_alg": algorithm})).await;
    }
    let document = realm.discovery().await;
    assert_eq!(document["issuer"], realm.issuer);
    assert_eq!(document["jwks_uri"], realm.url("/jwks"));
    (realm, document)
}

async fn obtain(realm: &Realm, client: &Client, (name, value): (&str, &str)) -> Tokens {
    let request = client.request().with(name, value);
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

async fn verified(realm: &Realm, client: &Client, token: &str, algorithm: &str) -> BTreeMap<String, Value> {
    let verified = match (&client.credential, SYMMETRIC.contains(&algorithm)) {
        (Credential::Basic(secret), true) => jwt::verify_with_secret(token, secret),
        _ => realm.verify(token).await,
    };
    assert_eq!(verified.header["alg"], algorithm);
    serde_json::from_value(verified.claims).unwrap()
}

#[tokio::test]
async fn every_listed_algorithm_signs() {
    let (realm, document) = realm_with_keys().await;
    for algorithm in listed(&document, "id_token_signing_alg_values_supported") {
        let client = trusted(&realm, json!({"id_token_signed_response_alg": algorithm})).await;
        let tokens = obtain(&realm, &client, ("scope", "openid")).await;
        let claims = verified(&realm, &client, tokens.id_token(), &algorithm).await;
        assert_eq!(claims["aud"], client.id.as_str());
    }
    for algorithm in listed(&document, "userinfo_signing_alg_values_supported") {
        let client = trusted(&realm, json!({"userinfo_signed_response_alg": algorithm})).await;
        let tokens = obtain(&realm, &client, ("scope", "openid email")).await;
        let answer = client.userinfo(tokens.access_token()).await;
        assert_eq!((answer.status, answer.content_type()), (200, "application/jwt"));
        let claims = verified(&realm, &client, &answer.body, &algorithm).await;
        assert_eq!(claims["email"], "ana@ana.test");
    }
}

#[tokio::test]
async fn every_listed_claim_is_given_where_it_is_asked_for() {
    let (realm, document) = realm_with_keys().await;
    assert_eq!(document["claims_parameter_supported"], true);
    assert_eq!(document["claim_types_supported"], json!(["normal"]));
    assert_eq!(document["userinfo_endpoint"], realm.url("/userinfo"));
    let client = trusted(&realm, json!({})).await;
    let known = claims();
    for claim in listed(&document, "claims_supported") {
        let wanted = json!({"id_token": {&claim: {"essential": true}}, "userinfo": {&claim: null}}).to_string();
        let tokens = obtain(&realm, &client, ("claims", &wanted)).await;
        let id_token = jwt::read(tokens.id_token()).claims;
        let userinfo = client.userinfo(tokens.access_token()).await.success();
        match claim.as_str() {
            "iss" | "aud" | "exp" | "iat" | "auth_time" | "nonce" | "acr" | "amr" | "at_hash" | "sid" => {
                assert!(id_token[&claim].is_string() || !id_token[&claim].is_null(), "{claim} is not in {id_token}");
            }
            "sub" => assert_eq!(id_token["sub"], userinfo["sub"]),
            // OpenID Connect Core 3.3.2.11: beside a code; `flows::response_types` compares it.
            "c_hash" => assert!(id_token["c_hash"].is_null(), "{id_token}"),
            "updated_at" => assert!(userinfo["updated_at"].is_i64() && id_token["updated_at"].is_i64()),
            other if known.get(other).is_some() => {
                assert_eq!((&userinfo[other], &id_token[other]), (&known[other], &known[other]));
            }
            other => unknown("claims_supported", other),
        }
    }
}

#[tokio::test]
async fn every_listed_scope_brings_what_it_is_for() {
    let (realm, document) = realm_with_keys().await;
    let client = trusted(&realm, json!({"grant_types": ["authorization_code", "refresh_token"]})).await;
    for scope in listed(&document, "scopes_supported") {
        let tokens = obtain(&realm, &client, ("scope", &format!("openid {scope}"))).await;
        let granted = tokens.0["scope"].as_str().unwrap();
        assert!(granted.split(' ').any(|granted| granted == scope), "{scope} in {granted}");
        let userinfo = client.userinfo(tokens.access_token()).await.success();
        let claim = match scope.as_str() {
            "openid" => "sub",
            "profile" => "given_name",
            "email" => "email",
            "address" => "address",
            "phone" => "phone_number",
            "offline_access" => {
                client.refresh(tokens.refresh_token()).await.tokens();
                continue;
            }
            other => unknown("scopes_supported", other),
        };
        assert!(!userinfo[claim].is_null(), "{scope}: {userinfo}");
    }
}

/// EnsureServerConfigurationSupportsRefreshToken.
#[tokio::test]
async fn every_listed_grant_and_subject_type_works() {
    let (realm, document) = realm_with_keys().await;
    let client = realm.versatile_client().await;
    for grant in listed(&document, "grant_types_supported") {
        match grant.as_str() {
            "authorization_code" => {
                obtain(&realm, &client, ("scope", "openid")).await;
            }
            "refresh_token" => {
                let tokens = obtain(&realm, &client, ("scope", "openid offline_access")).await;
                client.refresh(tokens.refresh_token()).await.tokens();
            }
            "client_credentials" => {
                client.client_credentials("read").await.tokens();
            }
            exchange @ "urn:ietf:params:oauth:grant-type:token-exchange" => {
                let refused = client.ask("/token", &[("grant_type", exchange)]).await;
                refused.assert_refused("unauthorized_client");
            }
            other => unknown("grant_types_supported", other),
        }
    }
    for subject_type in listed(&document, "subject_types_supported") {
        let client = trusted(&realm, json!({"subject_type": subject_type})).await;
        let tokens = obtain(&realm, &client, ("scope", "openid")).await;
        let subject = jwt::read(tokens.id_token()).claims["sub"].clone();
        match subject_type.as_str() {
            "public" => assert_eq!(subject, realm.user.id),
            "pairwise" => assert!(subject.is_string() && subject != realm.user.id.as_str(), "{subject}"),
            other => unknown("subject_types_supported", other),
        }
    }
}
