//! What ends by itself, and when: nobody waits here, the clock is the test's.

use serde_json::json;

use crate::support::provider::TimedProvider;

#[tokio::test]
async fn rfc6749_4_1_2_a_code_is_dead_after_its_minute() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = realm.versatile_client().await;
    let request = client.request();
    let mut browser = realm.browser();
    let code = browser.complete(&request, &realm.user).await.code().to_owned();
    timed.advance(60);
    client.redeem(&request, &code).await.assert_refused("invalid_grant");
    let code = browser.complete(&request, &realm.user).await.code().to_owned();
    timed.advance(59);
    client.redeem(&request, &code).await.tokens();
    timed.stop().await;
}

#[tokio::test]
async fn rfc6749_4_2_2_an_access_token_is_dead_when_it_said() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"access_token_seconds": 120})).await;
    let client = realm.versatile_client().await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let begun = timed.now();
    timed.advance(119);
    assert!(client.is_active(tokens.access_token()).await);
    timed.advance(1);
    assert_eq!(timed.now(), begun + 120);
    assert!(!client.is_active(tokens.access_token()).await);
    assert_eq!(client.userinfo(tokens.access_token()).await.status, 401);
    timed.stop().await;
}

#[tokio::test]
async fn rfc9700_4_14_2_a_refresh_token_may_be_retried_inside_its_window_only() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"refresh_retry_window_seconds": 10})).await;
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "openid offline_access");
    let first = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let second = client.refresh(first.refresh_token()).await.tokens();
    timed.advance(9);
    let retried = client.refresh(first.refresh_token()).await.tokens();
    assert_eq!(retried.refresh_token(), second.refresh_token());
    timed.advance(1);
    client.refresh(first.refresh_token()).await.assert_refused("invalid_grant");
    client.refresh(second.refresh_token()).await.assert_refused("invalid_grant");
    timed.stop().await;
}

#[tokio::test]
async fn rfc9700_4_14_2_a_refresh_token_dies_of_idleness_and_of_age() {
    let timed = TimedProvider::start().await;
    let settings = json!({"refresh_token_idle_seconds": 1000, "refresh_token_absolute_seconds": 2500});
    let realm = timed.realm(settings).await;
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "openid offline_access");
    let idle = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    timed.advance(1000);
    client.refresh(idle.refresh_token()).await.assert_refused("invalid_grant");
    let mut tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    for _ in 0..2 {
        timed.advance(999);
        tokens = client.refresh(tokens.refresh_token()).await.tokens();
    }
    timed.advance(502);
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    timed.stop().await;
}

#[tokio::test]
async fn owasp_a_session_ends_when_unused_and_after_its_longest_time() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"session_idle_seconds": 600, "session_absolute_seconds": 1500})).await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let request = client.request().with("prompt", "none");
    let mut browser = realm.signed_in_browser().await;
    for _ in 0..2 {
        timed.advance(599);
        assert!(browser.authorize(&request).await.location().unwrap().contains("code="));
    }
    timed.advance(302);
    browser.authorize(&request).await.assert_error_response(&request, "login_required");
    let mut browser = realm.signed_in_browser().await;
    timed.advance(600);
    browser.authorize(&request).await.assert_error_response(&request, "login_required");
    timed.stop().await;
}

#[tokio::test]
async fn nist_800_63b_5_2_2_wrong_passwords_are_slowed_down_and_the_window_passes() {
    let timed = TimedProvider::start().await;
    let settings = json!({"password_attempts_per_account": 3, "password_attempt_window_seconds": 60});
    let realm = timed.realm(settings).await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    for _ in 0..3 {
        assert_eq!(browser.log_in_as(&page, &realm.user.username, "wrong password").await.status, 200);
    }
    // The right one is not even looked at now, and the answer does not tell.
    let refused = browser.log_in(&page, &realm.user).await;
    assert_eq!((refused.status, refused.is_page("login-page")), (429, true));
    timed.advance(61);
    browser.log_in(&page, &realm.user).await.page("consent-page");
    timed.stop().await;
}
