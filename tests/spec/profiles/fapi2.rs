//! FAPI 2.0 Security Profile.

use serde_json::json;

use super::{Bank, only};
use crate::support::authorization::AuthorizationResponse;
use crate::support::client::Credential;
use crate::support::jwt::read;
use crate::support::realm::Realm;
use crate::support::time::now;

const PROFILE: &str = "fapi2_security";

#[tokio::test]
async fn fapi2_5_3_2_2_a_pushed_request_with_everything_gets_bound_tokens() {
    let bank = Bank::of(PROFILE).await;
    let request = bank.client.request();
    let mut browser = bank.realm.browser();
    let answer = bank.follow(&mut browser, &bank.push(&request.parameters).await).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    let tokens = bank.client.redeem(&request, &code).await.tokens();
    assert!(read(tokens.access_token()).claims["cnf"]["x5t#S256"].is_string());
    // Section 5.4.1: the default of OpenID Connect Registration, RS256, does not count.
    let id_token = bank.realm.verify(tokens.id_token()).await;
    assert_eq!(id_token.header["alg"], "ES256");
    assert_eq!(id_token.claims["nonce"], json!(request.get("nonce")));
    assert_eq!(bank.client.userinfo(tokens.access_token()).await.success()["sub"], bank.realm.user.id);
}

#[tokio::test]
async fn fapi2_5_3_2_2_1_only_response_type_code() {
    let bank = Bank::of(PROFILE).await;
    for kind in ["code id_token", "none"] {
        let pushed = bank.push(&bank.client.request().with("response_type", kind).parameters).await;
        pushed.assert_refused("unauthorized_client");
    }
}

#[tokio::test]
async fn fapi2_5_3_2_2_3_a_request_that_was_not_pushed_is_refused() {
    let bank = Bank::of(PROFILE).await;
    let request = bank.client.request();
    let answer = bank.realm.signed_in_browser().await.authorize(&request).await;
    answer.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn fapi2_5_3_2_2_4_a_push_without_client_authentication_is_refused() {
    let bank = Bank::of(PROFILE).await;
    let request = bank.client.request();
    let anonymous = Bank { client: bank.client.with_credential(Credential::None), ..bank };
    anonymous.push(&request.parameters).await.assert_refused("invalid_client");
}

#[tokio::test]
async fn fapi2_5_3_2_2_5_pkce_with_s256() {
    let bank = Bank::of(PROFILE).await;
    let request = bank.client.request();
    for wrong in [request.clone().without_pkce(), request.with("code_challenge_method", "plain")] {
        bank.push(&wrong.parameters).await.assert_refused("invalid_request");
    }
}

#[tokio::test]
async fn fapi2_5_3_2_2_6_each_push_has_a_redirect_uri() {
    let bank = Bank::of(PROFILE).await;
    bank.push(&bank.client.request().without("redirect_uri").parameters).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn fapi2_5_3_2_2_14_a_nonce_of_64_characters_is_taken() {
    let bank = Bank::of(PROFILE).await;
    let request = bank.client.request().with("nonce", &"n".repeat(64));
    assert_eq!(bank.push(&request.parameters).await.status, 201);
    assert_eq!(bank.push(&request.without("nonce").parameters).await.status, 201);
}

#[tokio::test]
async fn fapi2_5_3_2_1_3_and_6_a_client_of_before_is_refused_everywhere() {
    let realm = Realm::new().await;
    let public = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let secret = realm.versatile_client().await;
    secret.client_credentials("read").await.tokens();
    let mut browser = realm.signed_in_browser().await;
    realm.server.administration.update_realm(&realm.name, &json!({"profile": PROFILE})).await;
    for client in [&public, &secret] {
        let request = client.request();
        browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
        let parameters = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        client.ask("/token", &parameters).await.assert_refused("invalid_client");
    }
    let methods = realm.discovery().await["token_endpoint_auth_methods_supported"].clone();
    assert_eq!(methods, json!(["private_key_jwt", "self_signed_tls_client_auth"]));
}

#[tokio::test]
async fn fapi2_5_3_2_1_4_no_token_without_a_proof() {
    let bank = Bank::of(PROFILE).await;
    let (client, _) = bank.signing_client("ES256", PROFILE).await;
    client.client_credentials("read").await.assert_refused("invalid_request");
    bank.client.client_credentials("read").await.tokens();
}

#[tokio::test]
async fn tk_022_fapi2_5_3_2_1_8_the_audience_of_an_assertion_is_the_issuer_as_a_string() {
    let bank = Bank::of(PROFILE).await;
    let (client, key) = bank.signing_client("ES256", PROFILE).await;
    let token_endpoint = format!("{}/token", client.issuer);
    for audience in [
        json!([client.issuer]),
        json!([client.issuer, token_endpoint]),
        json!(token_endpoint),
        json!(format!("{}/par", client.issuer)),
        json!("https://other.test"),
    ] {
        let mut claims = client.assertion_claims();
        claims["aud"] = audience;
        client.present(&key.sign(&claims)).await.assert_refused("invalid_client");
    }
    // It proves who it is, and lacks a proof for its token.
    client.present(&key.sign(&client.assertion_claims())).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn fapi2_5_3_2_1_9_refresh_tokens_stay() {
    let bank = Bank::of(PROFILE).await;
    let request = bank.client.request().with("scope", "openid offline_access").with("prompt", "consent");
    let mut browser = bank.realm.browser();
    let answer = bank.follow(&mut browser, &bank.push(&request.parameters).await).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    let tokens = bank.client.redeem(&request, &code).await.tokens();
    for _ in 0..2 {
        let refreshed = bank.client.refresh(tokens.refresh_token()).await.tokens();
        let kept = refreshed.0.get("refresh_token").is_none_or(|token| token == tokens.refresh_token());
        assert!(kept, "{refreshed:?}");
    }
}

#[tokio::test]
async fn fapi2_5_3_2_1_9_a_rotation_that_an_administrator_wants_can_be_retried() {
    let settings = json!({"settings": {"profile": PROFILE, "refresh_rotation": "rotate"}});
    let bank = Bank::with(PROFILE, settings).await;
    bank.realm.server.administration.update_realm(&bank.realm.name, &json!({"refresh_retry_window_seconds": 0})).await;
    let request = bank.client.request().with("scope", "openid offline_access").with("prompt", "consent");
    let mut browser = bank.realm.browser();
    let answer = bank.follow(&mut browser, &bank.push(&request.parameters).await).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    let tokens = bank.client.redeem(&request, &code).await.tokens();
    let rotated = bank.client.refresh(tokens.refresh_token()).await.tokens();
    assert_ne!(rotated.refresh_token(), tokens.refresh_token());
    let retried = bank.client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(retried.refresh_token(), rotated.refresh_token());
}

#[tokio::test]
async fn fapi2_5_3_2_1_13_ten_seconds_in_the_future_are_taken_and_more_than_sixty_are_not() {
    let bank = Bank::of(PROFILE).await;
    let (client, key) = bank.signing_client("ES256", PROFILE).await;
    let present = async |ahead: i64| {
        let mut claims = client.assertion_claims();
        for name in ["iat", "nbf"] {
            claims[name] = json!(now() + ahead);
        }
        client.present(&key.sign(&claims)).await
    };
    present(8).await.assert_refused("invalid_request");
    present(62).await.assert_refused("invalid_client");
    let path = format!("/realms/{}", bank.realm.name);
    let change = json!({"profile": PROFILE, "clock_skew_seconds": 9});
    let refused = bank.realm.server.administration.try_ask(http::Method::PATCH, &path, &change).await;
    assert_eq!((refused.status, &refused.json()["field"]), (422, &json!("clock_skew_seconds")), "{refused:?}");
}

#[tokio::test]
async fn fapi2_5_4_1_1_assertions_with_other_algorithms_are_refused() {
    let bank = Bank::of(PROFILE).await;
    for (algorithm, error) in [
        ("RS256", "invalid_client"),
        ("PS384", "invalid_client"),
        ("ES384", "invalid_client"),
        // They prove who it is, and lack a proof for its token.
        ("PS256", "invalid_request"),
        ("ES256", "invalid_request"),
        ("EdDSA", "invalid_request"),
    ] {
        let (client, _) = bank.signing_client(algorithm, PROFILE).await;
        client.client_credentials("read").await.assert_refused(error);
    }
}

#[tokio::test]
async fn fapi2_5_4_1_1_a_resource_with_weak_tokens_is_no_target() {
    let bank = Bank::of(PROFILE).await;
    let resource = json!({
        "identifier": "https://weak.test", "display_name": "Weak", "scopes": [], "algorithm": "RS256",
    });
    let path = format!("/realms/{}/resource-servers", bank.realm.name);
    bank.realm.server.administration.ask(http::Method::POST, &path, &resource).await;
    let parameters = [("grant_type", "client_credentials"), ("scope", "read"), ("resource", "https://weak.test")];
    bank.client.ask("/token", &parameters).await.assert_refused("invalid_target");
}

#[tokio::test]
async fn fapi2_5_3_2_2_12_a_reference_lives_for_less_than_ten_minutes() {
    let bank = Bank::of(PROFILE).await;
    let pushed = bank.push(&bank.client.request().parameters).await;
    let seconds = pushed.json()["expires_in"].as_i64().unwrap();
    assert!((5..600).contains(&seconds), "{seconds}");
    let other = only(&bank.client, &[("request_uri", "urn:ietf:params:oauth:request_uri:none")]);
    bank.realm.signed_in_browser().await.authorize(&other).await.assert_error_page();
}
