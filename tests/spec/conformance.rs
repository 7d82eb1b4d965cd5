//! What the official suite checks across several rules: each test is one of its modules in small, so that whoever builds
//! without the suite notices too.

use serde_json::{Value, json};

use super::registration::{registered, usable};
use crate::support::authorization::AuthorizationResponse;
use crate::support::jwt::read;
use crate::support::realm::{REDIRECT_URI, Realm};

/// A realm that offers front-channel tokens, also to clients that register themselves.
async fn realm(policy: Value) -> Realm {
    let mut registration = json!({
        "mode": "open", "attempts_per_address": 10_000, "grant_types": ["authorization_code", "implicit", "refresh_token"],
    });
    registration.as_object_mut().unwrap().extend(policy.as_object().cloned().unwrap());
    let types = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "none"];
    Realm::with(json!({"response_types": types, "registration": registration})).await
}

/// oidcc-dynamic: the suite registers only the grants and response types that a module needs.
#[tokio::test]
async fn oidcc_dynamic_a_client_registers_what_it_needs_and_no_more() {
    let realm = realm(json!({})).await;
    for (response_types, grant_types) in [
        (json!(["id_token"]), json!(["implicit"])),
        (json!(["id_token token"]), json!(["implicit"])),
        (json!(["code id_token"]), json!(["authorization_code", "implicit"])),
        (json!(["code"]), json!(["authorization_code"])),
    ] {
        let body = json!({
            "redirect_uris": [REDIRECT_URI], "response_types": response_types, "grant_types": grant_types,
        });
        let client = registered(&realm, &body).await;
        assert_eq!((&client["response_types"], &client["grant_types"]), (&response_types, &grant_types));
        let request = usable(&realm, &client).request().with("response_type", response_types[0].as_str().unwrap());
        realm.browser().complete(&request, &realm.user).await;
    }
}

/// oidcc-max-age-10000, oidcc-id-token-hint: the second token tells of the same login.
#[tokio::test]
async fn oidcc_max_age_10000_two_tokens_of_one_login_have_its_time_and_subject() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.browser();
    let request = client.request().with("max_age", "15000");
    let first = client.obtain(&mut browser, &request, &realm.user).await;
    for more in [("max_age", "10000"), ("id_token_hint", first.id_token()), ("prompt", "none")] {
        let request = client.request().with("max_age", "15000").with(more.0, more.1);
        let answer = browser.authorize(&request).await;
        let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
        let second = client.redeem(&request, &code).await.tokens();
        let (one, two) = (read(first.id_token()).claims, read(second.id_token()).claims);
        assert!(one["auth_time"].is_i64());
        assert_eq!((&one["auth_time"], &one["sub"]), (&two["auth_time"], &two["sub"]), "{more:?}");
    }
}

/// VerifyIdTokenSubConsistentHybridFlow: what comes through the browser and what comes from the token endpoint.
#[tokio::test]
async fn oidcc_hybrid_both_id_tokens_are_of_the_same_issuer_and_about_the_same_person() {
    let realm = realm(json!({})).await;
    let members = json!({"redirect_uris": [REDIRECT_URI], "response_types": ["code id_token"],
        "grant_types": ["authorization_code", "implicit"], "subject_type": "pairwise"});
    let client = usable(&realm, &registered(&realm, &members).await);
    let request = client.request().with("response_type", "code id_token");
    let response = realm.browser().complete(&request, &realm.user).await;
    let front = realm.verify(response.id_token()).await.claims;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    let back = realm.verify(tokens.id_token()).await.claims;
    for claim in ["iss", "sub", "aud", "auth_time", "nonce", "sid"] {
        assert_eq!(front[claim], back[claim], "{claim}");
    }
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], front["sub"]);
    assert!(front["sub"].as_str().is_some_and(|sub| sub.len() <= 255 && sub.is_ascii()), "{front}");
}

/// CheckStateInAuthorizationResponse: 128 characters come back in errors too.
#[tokio::test]
async fn oidcc_a_long_state_comes_back_in_errors_in_every_mode() {
    let realm = realm(json!({})).await;
    let client = realm.client(json!({})).await;
    for mode in ["query", "fragment", "form_post"] {
        let request = client.request().with("state", &"s".repeat(128)).with("prompt", "none");
        let request = request.with("response_mode", mode);
        realm.browser().authorize(&request).await.assert_error_response(&request, "login_required");
    }
}

/// CheckDiscEndpointLocalesCanonicalCasing: `de-CH`, neither `de-ch` nor `DE`.
#[tokio::test]
async fn oidcc_config_languages_are_listed_in_canonical_case() {
    let document = Realm::new().await.discovery().await;
    for language in document["ui_locales_supported"].as_array().unwrap() {
        let mut parts = language.as_str().unwrap().split('-');
        let primary = parts.next().unwrap();
        assert!(
            (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{language}"
        );
        for part in parts.filter(|part| part.len() == 2) {
            assert!(part.bytes().all(|byte| byte.is_ascii_uppercase()), "{language}");
        }
    }
}

/// Reloading the page of a request repeats its object. Neither RFC 9101 nor OpenID Connect Core makes `jti` single use;
/// what a request leads to is.
#[tokio::test]
async fn rfc9101_a_request_object_may_come_again_while_it_is_valid() {
    let realm = Realm::new().await;
    let (client, key) = super::request_objects::keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let mut claims = super::request_objects::object_of(&client, &request);
    claims["jti"] = json!("one");
    let outside = super::request_objects::around(&client, ("request", &key.sign(&claims)));
    let mut codes = Vec::new();
    for _ in 0..2 {
        let answer = browser.authorize(&outside).await;
        codes.push(AuthorizationResponse::read(&answer, &request).code().to_owned());
    }
    assert_ne!(codes[0], codes[1]);
    for code in codes {
        client.redeem(&request, &code).await.tokens();
    }
}
