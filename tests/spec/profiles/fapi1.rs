//! FAPI 1.0 Part 2: Advanced.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::{Bank, only};
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::jwt::sha256;
use crate::support::time::now;

const PROFILE: &str = "fapi1_advanced";

async fn bank() -> Bank {
    let hybrid = json!({
        "response_types": ["code id_token", "code"],
        "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
    });
    Bank::with(PROFILE, hybrid).await
}

fn hybrid(bank: &Bank) -> AuthorizationRequest {
    bank.client.request().without_pkce().with("response_type", "code id_token")
}

/// The request as an object, and beside it what OpenID Connect wants there.
fn by_value(bank: &Bank, request: &AuthorizationRequest, change: Value) -> AuthorizationRequest {
    let object = bank.object(request, change);
    let outside = ["response_type", "scope", "redirect_uri"];
    let outside = outside.map(|name| (name, request.get(name).unwrap_or_default().to_owned()));
    let outside: Vec<(&str, &str)> = outside.iter().map(|(name, value)| (*name, &**value)).collect();
    only(&bank.client, &outside).with("request", &object)
}

fn left_half(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(&sha256(text.as_bytes())[..16])
}

#[tokio::test]
async fn fapi1_5_2_2_1_5_the_id_token_protects_code_and_state() {
    let bank = bank().await;
    let request = hybrid(&bank);
    let mut browser = bank.realm.browser();
    let answer = bank.agree(&mut browser, &by_value(&bank, &request, json!({}))).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let id_token = bank.realm.verify(response.id_token()).await;
    assert_eq!(id_token.header["alg"], "ES256");
    assert_eq!(id_token.claims["s_hash"], left_half(request.get("state").unwrap()));
    assert_eq!(id_token.claims["c_hash"], left_half(response.code()));
    let tokens = bank.client.redeem(&request, response.code()).await.tokens();
    assert!(bank.realm.verify(tokens.id_token()).await.claims["s_hash"].is_null());
    let stateless = request.without("state");
    let answer = bank.agree(&mut browser, &by_value(&bank, &stateless, json!({}))).await;
    let response = AuthorizationResponse::read(&answer, &stateless);
    assert!(bank.realm.verify(response.id_token()).await.claims["s_hash"].is_null());
}

#[tokio::test]
async fn base_has_no_hash_of_the_state() {
    let hybrid_client = json!({
        "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"],
        "settings": {"skip_consent": true},
    });
    let bank = Bank::with("base", hybrid_client).await;
    let request = bank.client.request().with("response_type", "code id_token");
    let response = bank.realm.browser().complete(&request, &bank.realm.user).await;
    assert!(bank.realm.verify(response.id_token()).await.claims["s_hash"].is_null());
}

#[tokio::test]
async fn fapi1_5_2_2_1_a_request_without_a_signed_object_is_refused() {
    let bank = bank().await;
    let request = hybrid(&bank);
    let answer = bank.realm.signed_in_browser().await.authorize(&request).await;
    answer.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn fapi1_5_2_2_2_a_code_without_id_token_needs_a_signed_response() {
    let bank = bank().await;
    let mut browser = bank.realm.signed_in_browser().await;
    for request in [bank.client.request(), bank.client.request().with("response_mode", "query")] {
        let answer = browser.authorize(&by_value(&bank, &request, json!({}))).await;
        answer.assert_error_response(&request, "invalid_request");
    }
    let signed = bank.client.request().with("response_mode", "jwt");
    let answer = bank.agree(&mut browser, &by_value(&bank, &signed, json!({}))).await;
    assert!(answer.location().is_some_and(|location| location.contains("?response=")), "{answer:?}");
}

#[tokio::test]
async fn fapi1_5_2_2_2_an_error_is_signed_although_the_object_that_asks_for_it_cannot_be_read() {
    let bank = bank().await;
    let mut browser = bank.realm.signed_in_browser().await;
    let request = bank.client.request().with("response_mode", "jwt");
    let sent = by_value(&bank, &request, json!({"exp": null}));
    let answer = browser.authorize(&sent).await;
    assert_eq!(told(&bank, answer.location().unwrap()).await["error"], "invalid_request_object");
}

#[tokio::test]
async fn fapi1_5_2_2_2_a_code_alone_is_an_invalid_request_before_it_is_a_question_of_registration() {
    let hybrid_alone = json!({
        "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"],
    });
    let bank = Bank::with(PROFILE, hybrid_alone).await;
    let request = bank.client.request();
    let answer = bank.realm.signed_in_browser().await.authorize(&by_value(&bank, &request, json!({}))).await;
    answer.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn oidc_core_3_1_2_1_a_request_for_an_id_token_without_scope_is_an_invalid_request() {
    let bank = bank().await;
    let request = hybrid(&bank).without("scope");
    let answer = bank.realm.signed_in_browser().await.authorize(&by_value(&bank, &request, json!({}))).await;
    answer.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn fapi1_5_2_2_10_nothing_outside_the_object_counts() {
    let bank = bank().await;
    let request = hybrid(&bank);
    let mut browser = bank.realm.browser();
    let outside = by_value(&bank, &request.clone().without("state"), json!({})).with("state", "outside");
    let answer = bank.agree(&mut browser, &outside).await;
    AuthorizationResponse::read(&answer, &request.without("state")).code();
}

#[tokio::test]
async fn fapi1_5_2_2_13_and_17_objects_are_good_for_an_hour() {
    let bank = bank().await;
    let request = hybrid(&bank);
    let mut browser = bank.realm.signed_in_browser().await;
    for change in [
        json!({"nbf": null}),
        json!({"exp": null}),
        json!({"nbf": now() - 4_200}),
        json!({"exp": now() + 4_200}),
        json!({"exp": now() - 3_600}),
    ] {
        let sent = by_value(&bank, &request, change);
        let answer = browser.authorize(&sent).await;
        let told = AuthorizationResponse::read(&answer, &sent);
        assert_eq!(told.error(), "invalid_request_object");
    }
}

#[tokio::test]
async fn fapi1_5_2_2_18_a_pushed_request_needs_pkce() {
    let bank = bank().await;
    let push = async |request: &AuthorizationRequest| {
        let object = bank.object(request, json!({}));
        bank.push(&[("request".to_owned(), object)]).await
    };
    push(&hybrid(&bank)).await.assert_refused("invalid_request");
    let request = bank.client.request().with("response_type", "code id_token");
    assert_eq!(push(&request).await.status, 201);
    push(&request.with("code_challenge_method", "plain")).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn fapi1_baseline_5_2_2_12_consent_is_asked_although_an_administrator_would_take_it_as_given() {
    let given = json!({
        "response_types": ["code id_token"], "grant_types": ["authorization_code", "implicit"],
        "settings": {"profile": PROFILE, "skip_consent": true},
    });
    let bank = Bank::with(PROFILE, given).await;
    let mut browser = bank.realm.signed_in_browser().await;
    let answer = browser.authorize(&by_value(&bank, &hybrid(&bank), json!({}))).await;
    answer.page("consent-page");
}

#[tokio::test]
async fn fapi1_baseline_5_2_2_2_1_openid_needs_a_nonce() {
    let bank = bank().await;
    let mut browser = bank.realm.signed_in_browser().await;
    let request = bank.client.request().with("response_mode", "jwt").without("nonce");
    let answer = browser.authorize(&by_value(&bank, &request, json!({}))).await;
    assert_eq!(told(&bank, answer.location().unwrap()).await["error"], "invalid_request");
}

#[tokio::test]
async fn fapi1_baseline_5_2_2_3_1_without_openid_it_needs_a_state() {
    let bank = bank().await;
    let mut browser = bank.realm.signed_in_browser().await;
    let request = bank.client.request().with("response_mode", "jwt").with("scope", "read");
    let answer = bank.agree(&mut browser, &by_value(&bank, &request, json!({}))).await;
    assert!(told(&bank, answer.location().unwrap()).await["code"].is_string());
    let answer = browser.authorize(&by_value(&bank, &request.without("state"), json!({}))).await;
    assert_eq!(told(&bank, answer.location().unwrap()).await["error"], "invalid_request");
}

/// What a signed response says.
async fn told(bank: &Bank, location: &str) -> Value {
    let response = location.split_once("?response=").unwrap_or_else(|| panic!("{location}")).1;
    bank.realm.verify(response.trim_end_matches('#')).await.claims
}

#[tokio::test]
async fn fapi1_8_6_1_assertions_with_other_algorithms_are_refused() {
    let bank = bank().await;
    for (algorithm, error) in [
        ("RS256", "invalid_client"),
        ("EdDSA", "invalid_client"),
        // They prove who it is, and lack a proof for its token.
        ("PS256", "invalid_request"),
        ("ES256", "invalid_request"),
    ] {
        let (client, _) = bank.signing_client(algorithm, PROFILE).await;
        client.client_credentials("read").await.assert_refused(error);
    }
}
