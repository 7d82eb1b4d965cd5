//! What ends by itself: the tests set the clock of the provider. Each value is good at the last second and dead at the
//! next one.

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::{Client, Tokens};
use crate::support::jwt;
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;

async fn trusted(realm: &Realm) -> Client {
    realm.client(json!({"settings": {"skip_consent": true}})).await
}

async fn offline(realm: &Realm, client: &Client) -> Tokens {
    let request = client.request().with("scope", "openid offline_access");
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

#[tokio::test]
async fn rfc6749_4_1_2_a_code_lives_as_long_as_the_realm_says() {
    let timed = TimedProvider::start().await;
    for seconds in [10, 60] {
        let realm = timed.realm(json!({"authorization_code_seconds": seconds})).await;
        let client = trusted(&realm).await;
        let mut browser = realm.browser();
        let request = client.request();
        let response = browser.complete(&request, &realm.user).await;
        timed.advance(seconds - 1);
        client.redeem(&request, response.code()).await.tokens();
        let response = browser.complete(&request, &realm.user).await;
        timed.advance(seconds);
        client.redeem(&request, response.code()).await.assert_refused("invalid_grant");
    }
    timed.stop().await;
}

/// oidcc-codereuse-30seconds.
#[tokio::test]
async fn rfc6749_4_1_2_a_late_second_use_still_revokes() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = trusted(&realm).await;
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    timed.advance(30);
    client.redeem(&request, response.code()).await.assert_refused("invalid_grant");
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    timed.stop().await;
}

#[tokio::test]
async fn rfc9068_2_2_access_tokens_end_to_the_second() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"access_token_seconds": 300})).await;
    for format in ["jwt", "opaque"] {
        let settings = json!({"skip_consent": true, "access_token_format": format});
        let client = realm.client(json!({"settings": settings})).await;
        let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
        assert_eq!(tokens.0["expires_in"], 300);
        timed.advance(299);
        client.userinfo(tokens.access_token()).await.success();
        assert!(client.is_active(tokens.access_token()).await);
        timed.advance(1);
        client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
        assert_eq!(client.introspect(tokens.access_token()).await, json!({"active": false}));
        assert_eq!(client.revoke(tokens.access_token()).await.status, 200);
    }
    timed.stop().await;
}

/// SE-006.
#[tokio::test]
async fn asvs_7_3_1_a_session_ends_when_it_is_not_used() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"session_idle_seconds": 600, "session_absolute_seconds": 3600})).await;
    let client = trusted(&realm).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await;
    for _ in 0..3 {
        timed.advance(599);
        let request = client.request();
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    timed.advance(600);
    browser.authorize(&client.request()).await.page("login-page");
    timed.stop().await;
}

/// SE-006.
#[tokio::test]
async fn asvs_7_3_2_a_session_ends_however_often_it_is_used() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"session_idle_seconds": 600, "session_absolute_seconds": 1500})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    for _ in 0..3 {
        timed.advance(499);
        let request = client.request();
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    timed.advance(3);
    browser.authorize(&client.request()).await.page("login-page");
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    timed.stop().await;
}

/// AZ-073; oidcc-max-age-1, CheckIdTokenAuthTimeClaimPresentDueToMaxAge.
#[tokio::test]
async fn oidc_core_3_1_2_1_max_age_is_the_age_of_the_login() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = trusted(&realm).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await;
    let logged_in_at = timed.now();
    timed.advance(100);
    let request = client.request().with("max_age", "100");
    let answer = browser.authorize(&request).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    // When the user proved who they are, not when the token was made.
    assert_eq!(jwt::read(tokens.id_token()).claims["auth_time"], logged_in_at);
    let request = client.request().with("max_age", "99");
    let silent = request.clone().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    let page = browser.authorize(&request).await;
    let answer = browser.log_in(&page, &realm.user).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    assert_eq!(jwt::read(tokens.id_token()).claims["auth_time"], timed.now());
    timed.stop().await;
}

#[tokio::test]
async fn oidc_core_3_1_2_1_an_expired_id_token_is_still_a_hint() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"id_token_seconds": 60})).await;
    let client = trusted(&realm).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    timed.advance(3600);
    let request = client.request().with("prompt", "none").with("id_token_hint", tokens.id_token());
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
    timed.stop().await;
}

#[tokio::test]
async fn design_6_a_form_has_to_be_answered_in_time() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"interaction_seconds": 300})).await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    timed.advance(300);
    browser.log_in(&page, &realm.user).await.assert_error_page();
    let page = browser.authorize(&client.request()).await;
    timed.advance(299);
    let consent = browser.log_in(&page, &realm.user).await;
    // Each page gives the time anew.
    timed.advance(299);
    let answer = browser.allow(&consent).await;
    assert!(answer.location().unwrap().contains("code="), "{answer:?}");
    let page = browser.authorize(&client.request().with("prompt", "consent")).await;
    timed.advance(300);
    browser.press(&page, "allow").await.assert_error_page();
    timed.stop().await;
}

#[tokio::test]
async fn rfc9700_4_14_2_the_retry_window_closes() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"refresh_retry_window_seconds": 10})).await;
    let client = realm.versatile_client().await;
    let first = offline(&realm, &client).await;
    let second = client.refresh(first.refresh_token()).await.tokens();
    timed.advance(9);
    let again = client.refresh(first.refresh_token()).await.tokens();
    assert_eq!(again.refresh_token(), second.refresh_token());
    timed.advance(1);
    client.refresh(first.refresh_token()).await.assert_refused("invalid_grant");
    client.refresh(second.refresh_token()).await.assert_refused("invalid_grant");
    timed.stop().await;
}

#[tokio::test]
async fn asvs_10_4_8_refresh_tokens_end_unused_and_in_the_end() {
    let timed = TimedProvider::start().await;
    let settings = json!({"refresh_token_idle_seconds": 1000, "refresh_token_absolute_seconds": 2500});
    let realm = timed.realm(settings).await;
    let client = realm.versatile_client().await;
    let unused = offline(&realm, &client).await;
    timed.advance(999);
    assert!(client.is_active(unused.refresh_token()).await);
    timed.advance(1);
    assert!(!client.is_active(unused.refresh_token()).await);
    client.refresh(unused.refresh_token()).await.assert_refused("invalid_grant");

    let mut tokens = offline(&realm, &client).await;
    for _ in 0..4 {
        timed.advance(624);
        tokens = client.refresh(tokens.refresh_token()).await.tokens();
    }
    timed.advance(4);
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    timed.stop().await;
}

#[tokio::test]
async fn oidc_core_12_2_a_refreshed_id_token_keeps_the_time_of_the_login() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = realm.versatile_client().await;
    let tokens = offline(&realm, &client).await;
    let logged_in_at = timed.now();
    timed.advance(5000);
    let claims = jwt::read(client.refresh(tokens.refresh_token()).await.tokens().id_token()).claims;
    assert_eq!((claims["auth_time"].as_i64(), claims["iat"].as_i64()), (Some(logged_in_at), Some(timed.now())));
    timed.stop().await;
}

/// SE-006.
#[tokio::test]
async fn oidc_core_11_offline_access_outlives_the_session_and_nothing_else_does() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"session_idle_seconds": 60, "access_token_seconds": 86_400})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let online = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let request = client.request().with("scope", "openid offline_access");
    let offline = client.obtain(&mut browser, &request, &realm.user).await;
    let page = browser.get(&realm.url("/account/sign-out")).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    client.userinfo(online.access_token()).await.assert_token_refused(401, "invalid_token");
    timed.advance(7200);
    client.userinfo(offline.access_token()).await.success();
    client.refresh(offline.refresh_token()).await.tokens();
    timed.stop().await;
}

/// SE-006.
#[tokio::test]
async fn oidc_core_11_a_refresh_token_without_offline_access_ends_with_the_session() {
    let timed = TimedProvider::start().await;
    for (settings, after) in [
        (json!({"session_idle_seconds": 600, "session_absolute_seconds": 3600}), 600),
        (json!({"session_idle_seconds": 600, "session_absolute_seconds": 599}), 599),
    ] {
        let realm = timed.realm(settings).await;
        let client = realm.versatile_client().await;
        let mut browser = realm.browser();
        let request = client.request().with("scope", "read").without("nonce");
        let response = browser.complete(&request, &realm.user).await;
        let tokens = client.redeem(&request, response.code()).await.tokens();
        timed.advance(after - 1);
        let tokens = client.refresh(tokens.refresh_token()).await.tokens();
        assert!(client.is_active(tokens.refresh_token()).await);
        // The client's use is not the user's.
        timed.advance(1);
        assert!(!client.is_active(tokens.refresh_token()).await);
        client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    }
    timed.stop().await;
}

#[tokio::test]
async fn rfc7523_3_assertions_end_with_little_tolerance_and_their_marks_outlive_them() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"clock_skew_seconds": 10})).await;
    let (client, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let assertion = |lifetime: i64| {
        let mut claims = client.assertion_claims();
        (claims["iat"], claims["exp"]) = (json!(timed.now()), json!(timed.now() + lifetime));
        key.sign(&claims)
    };
    let (used, unused) = (assertion(60), assertion(60));
    client.present(&used).await.tokens();
    timed.advance(69);
    client.present(&used).await.assert_refused("invalid_client");
    client.present(&unused).await.tokens();
    let late = assertion(60);
    timed.advance(70);
    client.present(&late).await.assert_refused("invalid_client");
    timed.stop().await;
}

#[tokio::test]
async fn nist_800_63b_5_2_2_a_throttled_account_opens_again_by_itself() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"password_attempts_per_account": 3, "password_attempt_window_seconds": 600})).await;
    let client = realm.client(json!({})).await;
    let attempt = async |password: &str| {
        let mut browser = realm.browser();
        let page = browser.authorize(&client.request()).await;
        browser.log_in_as(&page, "ana", password).await
    };
    for _ in 0..3 {
        attempt("wrong password").await.page("login-page");
    }
    attempt(&realm.user.password).await.page("login-page");
    timed.advance(599);
    attempt(&realm.user.password).await.page("login-page");
    timed.advance(1);
    attempt(&realm.user.password).await.page("consent-page");
    timed.stop().await;
}

/// VerifyNewJwksHasNewSigningKey, VerifyNewJwksStillHasOldSigningKey.
#[tokio::test]
async fn rfc7517_5_tokens_verify_through_a_rotation_of_the_keys() {
    use signet_core::registry;
    use signet_jose::SignatureAlgorithm;

    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = trusted(&realm).await;
    let mut browser = realm.browser();
    let before = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let name = realm.name.parse().unwrap();
    for algorithm in [SignatureAlgorithm::RS256, SignatureAlgorithm::ES256] {
        let context = registry::find_realm(&timed.provider, &name).await.unwrap();
        registry::rotate_key(&timed.provider.serving_itself(), &context, algorithm, registry::Activation::Immediate)
            .await
            .unwrap();
    }
    let after = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let key_of = |token: &str| jwt::read(token).header["kid"].clone();
    assert_ne!(key_of(before.id_token()), key_of(after.id_token()));
    assert_ne!(key_of(before.access_token()), key_of(after.access_token()));
    for tokens in [&before, &after] {
        realm.verify(tokens.id_token()).await;
        client.userinfo(tokens.access_token()).await.success();
        let request = client.request().with("prompt", "none").with("id_token_hint", tokens.id_token());
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    timed.stop().await;
}
