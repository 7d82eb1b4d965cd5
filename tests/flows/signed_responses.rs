//! Authorization responses that are JWTs (JARM).

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::{Client, Credential};
use crate::support::http::{Answer, decode, members};
use crate::support::jwe::{self, EncryptionKey};
use crate::support::jwt::{self, ASYMMETRIC, SYMMETRIC, VerifiedToken};
use crate::support::realm::{Realm, merged};
use crate::support::time::now;
use crate::support::web::WebServer;

async fn client(realm: &Realm, metadata: Value) -> Client {
    realm.client(merged(json!({"settings": {"skip_consent": true}}), metadata)).await
}

/// The JWT of a response, wherever it travels.
fn response_of(answer: &Answer) -> String {
    let pairs = match answer.location() {
        Some(location) => decode(location.split(['?', '#']).nth(1).unwrap()),
        None => answer.page("form-post-page").form().fields,
    };
    let [(name, token)] = &pairs[..] else { panic!("nothing belongs beside the JWT: {pairs:?}") };
    assert_eq!(name, "response");
    token.clone()
}

async fn verified(realm: &Realm, answer: &Answer) -> VerifiedToken {
    realm.verify(&response_of(answer)).await
}

/// AZ-025; RejectNonJarmResponsesInUrlQuery, ValidateJARMResponse, ValidateJARMSignatureUsingKid.
#[tokio::test]
async fn jarm_2_1_each_mode_carries_codes_and_errors_in_one_signed_jwt() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({"authorization_signed_response_alg": "PS256"})).await;
    let mut browser = realm.signed_in_browser().await;
    for mode in ["query.jwt", "fragment.jwt", "form_post.jwt", "jwt"] {
        let request = client.request().with("response_mode", mode);
        let answer = browser.authorize(&request).await;
        let token = verified(&realm, &answer).await;
        assert_eq!(token.header["alg"], "PS256");
        assert!(token.header["kid"].is_string());
        assert_eq!(members(&token.claims), ["aud", "code", "exp", "iss", "session_state", "state"].into(), "{mode}");
        assert_eq!((&token.claims["iss"], &token.claims["aud"]), (&json!(realm.issuer), &json!(client.id)));
        let life = token.claims["exp"].as_i64().unwrap() - now();
        assert!((10..=600).contains(&life), "{life}");
        let response = AuthorizationResponse::read(&answer, &request);
        client.redeem(&request, response.code()).await.tokens();
        let silent = request.with("prompt", "none").with("max_age", "0");
        let answer = browser.authorize(&silent).await;
        let token = verified(&realm, &answer).await;
        assert_eq!(members(&token.claims), ["aud", "error", "error_description", "exp", "iss", "state"].into());
        answer.assert_error_response(&silent, "login_required");
    }
}

#[tokio::test]
async fn jarm_2_1_a_user_who_refuses_is_told_in_a_jwt() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("response_mode", "jwt");
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    browser.press(&login, "cancel").await.assert_error_response(&request, "access_denied");
    let login = browser.authorize(&request).await;
    let consent = browser.log_in(&login, &realm.user).await;
    let answer = browser.press(&consent, "deny").await;
    answer.assert_error_response(&request, "access_denied");
    let token = verified(&realm, &answer).await;
    // JARM 3: RS256 where nothing is registered.
    assert_eq!(token.header["alg"], "RS256");
    // What was pushed is answered as it asked for.
    let reference = client.pushed(&request).await;
    let consent = browser.authorize(&reference).await;
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
    browser.authorize(&reference).await.assert_error_response(&request, "invalid_request_uri");
}

#[tokio::test]
async fn jarm_3_a_response_is_signed_with_the_registered_algorithm() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    for algorithm in ASYMMETRIC.iter().chain(SYMMETRIC) {
        let client = client(&realm, json!({"authorization_signed_response_alg": algorithm})).await;
        let answer = browser.authorize(&client.request().with("response_mode", "jwt")).await;
        let token = match &client.credential {
            Credential::Basic(secret) if SYMMETRIC.contains(algorithm) => {
                jwt::verify_with_secret(&response_of(&answer), secret)
            }
            _ => verified(&realm, &answer).await,
        };
        assert_eq!(token.header["alg"], **algorithm);
    }
    let listed = realm.discovery().await["authorization_signing_alg_values_supported"].clone();
    let listed: Vec<&str> = listed.as_array().unwrap().iter().map(|value| value.as_str().unwrap()).collect();
    assert!(ASYMMETRIC.iter().chain(SYMMETRIC).all(|algorithm| listed.contains(algorithm)), "{listed:?}");
    assert!(!listed.contains(&"none"));
}

#[tokio::test]
async fn jarm_2_2_a_response_is_signed_and_then_encrypted_with_every_algorithm() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let document = realm.discovery().await;
    let list = |member: &str| -> Vec<String> { serde_json::from_value(document[member].clone()).unwrap() };
    let contents = list("authorization_encryption_enc_values_supported");
    let algorithms = list("authorization_encryption_alg_values_supported");
    assert!(algorithms.len() >= contents.len());
    for (index, algorithm) in algorithms.iter().enumerate() {
        let content = &contents[index % contents.len()];
        let metadata = json!({
            "authorization_signed_response_alg": "ES256", "authorization_encrypted_response_alg": algorithm,
            "authorization_encrypted_response_enc": content,
        });
        let is_symmetric = jwe::SYMMETRIC.contains(&algorithm.as_str());
        let key = EncryptionKey::generate(algorithm);
        let keys = if is_symmetric { json!({}) } else { json!({"jwks": {"keys": [key.public_jwk()]}}) };
        let client = client(&realm, merged(metadata, keys)).await;
        for request in [client.request(), client.request().with("prompt", "none").with("max_age", "0")] {
            let answer = browser.authorize(&request.with("response_mode", "jwt")).await;
            let opened = match &client.credential {
                Credential::Basic(secret) if is_symmetric => {
                    jwe::open_with_secret(&response_of(&answer), algorithm, content, secret)
                }
                _ => key.open(&response_of(&answer)),
            };
            assert_eq!(opened.header.content_type(), Some("JWT"));
            assert_eq!(opened.header.content_encryption(), Some(content.as_str()));
            let token = realm.verify(&opened.plaintext).await;
            assert_eq!((&token.header["alg"], &token.claims["aud"]), (&json!("ES256"), &json!(client.id)));
        }
    }
}

#[tokio::test]
async fn jarm_2_2_without_a_key_nothing_is_sent_in_the_clear() {
    let realm = Realm::new().await;
    let document = Arc::new(Mutex::new(json!({"keys": []})));
    let web = WebServer::of_json(Arc::clone(&document)).await;
    let members = json!({"authorization_encrypted_response_alg": "ECDH-ES", "jwks_uri": format!("{}/jwks", web.url)});
    let client = client(&realm, members).await;
    let mut browser = realm.signed_in_browser().await;
    for request in [client.request(), client.request().with("scope", "unknown")] {
        browser.authorize(&request.with("response_mode", "jwt")).await.assert_error_page();
    }
    // Whoever does not ask for a JWT needs no key.
    let request = client.request();
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// A client of a realm that offers tokens through the browser.
async fn hybrid(realm: &Realm) -> Client {
    let types = json!(["code", "code id_token", "id_token token", "none"]);
    client(realm, json!({"grant_types": ["authorization_code", "implicit"], "response_types": types})).await
}

#[tokio::test]
async fn jarm_2_3_4_the_short_mode_has_the_place_of_the_response_type_and_tokens_are_never_in_the_query() {
    let types = json!(["code", "none", "code id_token", "id_token token"]);
    let realm = Realm::with(json!({"response_types": types})).await;
    let client = hybrid(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    for (response_type, separator) in [("code", '?'), ("none", '?'), ("code id_token", '#'), ("id_token token", '#')] {
        let request = client.request().with("response_type", response_type).with("response_mode", "jwt");
        let answer = browser.authorize(&request).await;
        let location = answer.location().unwrap();
        assert!(location.contains(&format!("{separator}response=")), "{location}");
        let claims = verified(&realm, &answer).await.claims;
        AuthorizationResponse::read(&answer, &request);
        if response_type.contains(" token") {
            // JARM 2.1: numbers are numbers.
            assert_eq!(claims["expires_in"], 600);
        }
    }
    for mode in ["query", "query.jwt"] {
        let request = client.request().with("response_type", "code id_token").with("response_mode", mode);
        browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
    }
}

#[tokio::test]
async fn az_029_a_signed_response_goes_to_registered_addresses_alone() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let others = json!({"redirect_uris": ["https://other.test/cb"]});
    realm.client(others).await;
    let mut browser = realm.signed_in_browser().await;
    for mode in ["query.jwt", "fragment.jwt", "form_post.jwt", "jwt"] {
        for uri in ["https://evil.test/cb", "https://other.test/cb", "https://client.test/callback/"] {
            let request = client.request().with("redirect_uri", uri).with("response_mode", mode);
            browser.authorize(&request).await.assert_error_page();
        }
        let wrong: AuthorizationRequest = client.request().with("scope", "unknown").with("response_mode", mode);
        browser.authorize(&wrong).await.assert_error_response(&wrong, "invalid_scope");
    }
}
