//! What tokens, codes and refresh tokens that are bound to a key do (RFC 9449 sections 5, 6 and 10).

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationRequest;
use crate::support::client::Client;
use crate::support::dpop::ProofKey;
use crate::support::realm::{Realm, merged};

const GRANTS: [&str; 3] = ["authorization_code", "refresh_token", "client_credentials"];

fn bound(more: Value) -> Value {
    let scope = "openid profile offline_access read";
    let settings = json!({"skip_consent": true});
    let own = json!({"grant_types": GRANTS, "scope": scope, "settings": settings, "dpop_bound_access_tokens": true});
    merged(own, more)
}

async fn public(realm: &Realm) -> Client {
    let grants = ["authorization_code", "refresh_token"];
    realm.client(bound(json!({"token_endpoint_auth_method": "none", "grant_types": grants}))).await
}

/// A request with its code.
async fn authorized(realm: &Realm, request: AuthorizationRequest) -> (AuthorizationRequest, String) {
    let response = realm.browser().complete(&request, &realm.user).await;
    let code = response.code().to_owned();
    (request, code)
}

fn refreshing(token: &str) -> [(&str, &str); 2] {
    [("grant_type", "refresh_token"), ("refresh_token", token)]
}

#[tokio::test]
async fn rfc9449_6_the_key_is_in_the_token_and_told_by_introspection() {
    let realm = Realm::new().await;
    let key = ProofKey::generate("ES256");
    let confirmation = json!({"jkt": key.thumbprint()});
    for format in ["jwt", "opaque"] {
        let client = realm.client(bound(json!({"settings": {"access_token_format": format}}))).await;
        let tokens = client.own_token(&key).await;
        let introspected = client.introspect(tokens.access_token()).await;
        assert_eq!((&introspected["cnf"], &introspected["token_type"]), (&confirmation, &json!("DPoP")), "{format}");
        if format == "jwt" {
            assert_eq!(realm.verify(tokens.access_token()).await.claims["cnf"], confirmation);
        }
    }
    // Without a proof there is nothing of it.
    let client = realm.versatile_client().await;
    let tokens = client.client_credentials("read").await.tokens();
    let introspected = client.introspect(tokens.access_token()).await;
    assert_eq!((introspected.get("cnf"), &introspected["token_type"]), (None, &json!("Bearer")));
}

#[tokio::test]
async fn tk_052_rfc9449_5_2_a_client_that_always_proves_gets_nothing_without_a_proof() {
    let realm = Realm::new().await;
    let client = realm.client(bound(json!({}))).await;
    let key = ProofKey::generate("ES256");
    client.client_credentials("read").await.assert_refused("invalid_dpop_proof");
    client.own_token(&key).await;

    let (request, code) = authorized(&realm, client.request().with("scope", "openid offline_access")).await;
    client.redeem(&request, &code).await.assert_refused("invalid_dpop_proof");
    // The code is not used up by that.
    let tokens = client.ask_with(&key, &Client::redemption(&request, &code)).await.bound_tokens();
    assert_eq!(client.introspect(tokens.access_token()).await["cnf"], json!({"jkt": key.thumbprint()}));

    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_dpop_proof");
    let refreshed = client.ask_with(&key, &refreshing(tokens.refresh_token())).await.bound_tokens();
    assert_eq!(client.introspect(refreshed.access_token()).await["cnf"], json!({"jkt": key.thumbprint()}));
}

#[tokio::test]
async fn rfc9449_5_a_confidential_client_may_refresh_with_a_new_key() {
    let realm = Realm::new().await;
    let client = realm.client(bound(json!({}))).await;
    let (request, code) = authorized(&realm, client.request().with("scope", "openid offline_access")).await;
    let (first, second) = (ProofKey::generate("ES256"), ProofKey::generate("PS256"));
    let tokens = client.ask_with(&first, &Client::redemption(&request, &code)).await.bound_tokens();
    let refreshed = client.ask_with(&second, &refreshing(tokens.refresh_token())).await.bound_tokens();
    assert_eq!(client.introspect(refreshed.access_token()).await["cnf"], json!({"jkt": second.thumbprint()}));
}

#[tokio::test]
async fn tk_054_rfc9449_5_refresh_tokens_of_public_clients_are_bound_to_the_key() {
    let realm = Realm::new().await;
    let client = public(&realm).await;
    let (request, code) = authorized(&realm, client.request().with("scope", "openid offline_access")).await;
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let tokens = client.ask_with(&key, &Client::redemption(&request, &code)).await.bound_tokens();
    client.ask_with(&other, &refreshing(tokens.refresh_token())).await.assert_refused("invalid_grant");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_dpop_proof");
    let next = client.ask_with(&key, &refreshing(tokens.refresh_token())).await.bound_tokens();
    // A thief of the next one has no key either, and ends nothing by trying.
    client.ask_with(&other, &refreshing(next.refresh_token())).await.assert_refused("invalid_grant");
    client.ask_with(&key, &refreshing(next.refresh_token())).await.bound_tokens();
}

#[tokio::test]
async fn rfc9449_5_a_public_client_that_proved_once_must_go_on() {
    let realm = Realm::new().await;
    let metadata = json!({"token_endpoint_auth_method": "none", "dpop_bound_access_tokens": false,
        "grant_types": ["authorization_code", "refresh_token"]});
    let client = realm.client(bound(metadata)).await;
    let (request, code) = authorized(&realm, client.request().with("scope", "openid offline_access")).await;
    let key = ProofKey::generate("ES256");
    let tokens = client.ask_with(&key, &Client::redemption(&request, &code)).await.bound_tokens();
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    client.ask_with(&key, &refreshing(tokens.refresh_token())).await.bound_tokens();
}

#[tokio::test]
async fn tk_009_rfc9449_10_a_code_is_redeemed_with_the_key_it_was_asked_for_with() {
    let realm = Realm::new().await;
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    for client in [public(&realm).await, realm.versatile_client().await] {
        let request = client.request().with("dpop_jkt", &key.thumbprint());
        let (request, code) = authorized(&realm, request).await;
        let redemption = Client::redemption(&request, &code);
        client.ask_with(&other, &redemption).await.assert_refused("invalid_grant");
        let without = client.redeem(&request, &code).await;
        assert!(["invalid_grant", "invalid_dpop_proof"].contains(&without.json()["error"].as_str().unwrap()));
        client.ask_with(&key, &redemption).await.bound_tokens();
        client.ask_with(&key, &redemption).await.assert_refused("invalid_grant");
    }
}

#[tokio::test]
async fn tk_004_only_the_row_where_everything_fits_is_answered() {
    let realm = Realm::new().await;
    let (client, stranger) = (realm.client(bound(json!({}))).await, realm.client(bound(json!({}))).await);
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    for asking in [&client, &stranger] {
        for redirect in [Some(client.redirect_uri.as_str()), Some("https://client.test/other"), None] {
            for verifier in ["right", "wrong", "absent"] {
                for proof in [Some(&key), Some(&other), None] {
                    let request = client.request().with("dpop_jkt", &key.thumbprint());
                    let (request, code) = authorized(&realm, request).await;
                    let mut parameters = vec![("grant_type", "authorization_code"), ("code", &*code)];
                    parameters.extend(redirect.map(|redirect| ("redirect_uri", redirect)));
                    match verifier {
                        "right" => parameters.push(("code_verifier", request.verifier.as_deref().unwrap())),
                        "wrong" => parameters.push(("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")),
                        _ => {}
                    }
                    let answer = match proof {
                        Some(key) => asking.ask_with(key, &parameters).await,
                        None => asking.ask("/token", &parameters).await,
                    };
                    let fits = asking.id == client.id
                        && redirect == Some(client.redirect_uri.as_str())
                        && verifier == "right"
                        && proof.is_some_and(|proof| proof.thumbprint() == key.thumbprint());
                    let row = (asking.id == client.id, redirect, verifier, proof.is_some());
                    assert_eq!(answer.status, if fits { 200 } else { 400 }, "{row:?}: {answer:?}");
                }
            }
        }
    }
}

#[tokio::test]
async fn rfc9449_10_dpop_jkt_is_a_thumbprint() {
    let realm = Realm::new().await;
    let client = public(&realm).await;
    for wrong in ["x", "AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "not base64url"] {
        let request = client.request().with("dpop_jkt", wrong);
        realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_request");
    }
}

#[tokio::test]
async fn tk_052_rfc9700_2_2_1_bound_tokens_do_not_travel_through_the_browser() {
    let types = ["code", "id_token", "code id_token", "id_token token", "code token", "code id_token token"];
    let realm = Realm::with(json!({"response_types": types})).await;
    let all = json!({"response_types": types, "dpop_bound_access_tokens": false,
        "grant_types": ["authorization_code", "implicit"]});
    let client = realm.client(bound(all.clone())).await;
    // Neither registered nor, where the client changes, answered.
    let refused = merged(bound(all), json!({"dpop_bound_access_tokens": true, "redirect_uris": ["https://a.test/cb"]}));
    let path = format!("/realms/{}/clients", realm.name);
    let answer = realm.server.administration.try_ask(http::Method::POST, &path, &refused).await;
    assert_eq!((answer.status, &answer.json()["field"]), (422, &json!("dpop_bound_access_tokens")));
    let mut browser = realm.browser();
    let response = browser.complete(&client.request().with("response_type", "code id_token token"), &realm.user).await;
    assert_eq!(response.get("token_type"), Some("Bearer"));
    realm.update_client(&client, json!({"tls_client_certificate_bound_access_tokens": true})).await;
    for response_type in ["code id_token token", "code token", "id_token token"] {
        let request = client.request().with("response_type", response_type);
        browser.authorize(&request).await.assert_error_response(&request, "unauthorized_client");
    }
    browser.complete(&client.request().with("response_type", "code id_token"), &realm.user).await.code();
}

#[tokio::test]
async fn rfc9449_5_2_a_token_is_bound_to_one_thing() {
    let realm = Realm::new().await;
    let both = json!({"redirect_uris": ["https://a.test/cb"], "dpop_bound_access_tokens": true,
        "tls_client_certificate_bound_access_tokens": true});
    let path = format!("/realms/{}/clients", realm.name);
    let answer = realm.server.administration.try_ask(http::Method::POST, &path, &both).await;
    assert_eq!((answer.status, &answer.json()["field"]), (422, &json!("dpop_bound_access_tokens")));
}

#[tokio::test]
async fn rfc9449_5_1_discovery_names_the_algorithms_of_proofs() {
    let listed = Realm::new().await.discovery().await["dpop_signing_alg_values_supported"].clone();
    let listed: Vec<&str> = listed.as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert_eq!(listed[..4], ["ES256", "PS256", "EdDSA", "Ed25519"]);
    assert!(listed.iter().all(|name| !name.starts_with("HS") && *name != "none"));
}
