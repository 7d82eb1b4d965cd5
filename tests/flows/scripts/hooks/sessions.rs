//! `on_session`.

use serde_json::json;

use super::{FAILS, assert_failed_closed, assert_silent_about_scripts, bind, get, trusted_client};
use crate::flows::native_sso;
use crate::support::authorization::AuthorizationResponse;
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;

#[tokio::test]
async fn on_session_can_end_a_session_that_would_be_used() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    assert_eq!(realm.rows().await.count("sessions"), 1);
    bind(&realm, "on_session", "if event.kind == \"used\" { return end(); } none()").await;
    let request = client.request();
    let silent = request.clone().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    assert_eq!(realm.rows().await.count("sessions"), 0);
    let ended = get(&realm, "/audit-events?kind=sessions_ended").await;
    assert_eq!(ended["items"][0]["details"]["reason"], "script_decided");
    // A login for the request makes one that is not asked about again.
    let login = browser.authorize(&request).await;
    let answer = browser.log_in(&login, &realm.user).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn on_session_can_leave_a_session_to_other_requests() {
    let realm = Realm::new().await;
    let (client, other) = (trusted_client(&realm).await, trusted_client(&realm).await);
    let mut browser = realm.signed_in_browser().await;
    bind(&realm, "on_session", &format!("if ctx.client.id == \"{}\" {{ return step_up(); }} none()", client.id)).await;
    let request = client.request();
    let login = browser.authorize(&request).await;
    login.page("login-page");
    let elsewhere = other.request();
    let answer = browser.authorize(&elsewhere).await;
    AuthorizationResponse::read(&answer, &elsewhere).code();
    let answer = browser.log_in(&login, &realm.user).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn on_session_can_prevent_a_session_that_is_about_to_begin() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_session", "if event.kind == \"created\" { return end(); } none()").await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    browser.log_in(&login, &realm.user).await.assert_error_response(&request, "access_denied");
    assert_eq!(realm.rows().await.count("sessions"), 0);
    let again = browser.log_in(&login, &realm.user).await;
    again.assert_error_page();
}

#[tokio::test]
async fn on_session_can_shorten_a_session_and_never_lengthen_it() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"session_absolute_seconds": 3600, "session_idle_seconds": 3600})).await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let script = "fn on_session(ctx, event) { if event.kind == \"created\" { limit(#{ seconds: 600 }) } \
                  else { limit(#{ seconds: 31536000 }) } }";
    super::events::bind_in(&timed, &realm, super::package("short", &["on_session"], "", script)).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let silent = client.request().with("prompt", "none");
    timed.advance(599);
    let answer = browser.authorize(&silent).await;
    AuthorizationResponse::read(&answer, &silent).code();
    timed.advance(1);
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    timed.stop().await;
}

#[tokio::test]
async fn a_limit_holds_for_sessions_that_began_before_it() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let script = "fn on_session(ctx, event) { limit(#{ seconds: 600 }) }";
    super::events::bind_in(&timed, &realm, super::package("short", &["on_session"], "", script)).await;
    let silent = client.request().with("prompt", "none");
    let answer = browser.authorize(&silent).await;
    AuthorizationResponse::read(&answer, &silent).code();
    // What was said once stays, also where nobody is asked any more.
    timed.advance(600);
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    timed.stop().await;
}

#[tokio::test]
async fn sc_009_on_session_fails_closed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut signed_in = realm.signed_in_browser().await;
    bind(&realm, "on_session", FAILS).await;
    let request = client.request();
    let response = signed_in.authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    browser.log_in(&login, &realm.user).await.assert_error_response(&request, "server_error");
    assert_eq!(realm.rows().await.count("sessions"), 1, "none began");
}

#[tokio::test]
async fn on_session_is_asked_where_an_app_shares_the_login_of_another() {
    let world = native_sso::world().await;
    let login = world.login().await;
    world.share(&login, &[]).await.tokens();
    let own = format!("if ctx.client.id == \"{}\" && event.kind == \"used\"", world.maps.id);
    bind(&world.realm, "on_session", &format!("{own} {{ return step_up(); }} none()")).await;
    world.share(&login, &[]).await.assert_refused("interaction_required");
    assert_eq!(world.realm.rows().await.count("sessions"), 1);
    bind(&world.realm, "on_session", &format!("{own} {{ return end(); }} none()")).await;
    world.share(&login, &[]).await.assert_refused("invalid_grant");
    assert_eq!(world.realm.rows().await.count("sessions"), 0);
    let ended = get(&world.realm, "/audit-events?kind=sessions_ended").await;
    assert_eq!(ended["items"][0]["details"]["reason"], "script_decided");
}

#[tokio::test]
async fn sc_009_on_session_fails_closed_where_an_app_shares_the_login_of_another() {
    let world = native_sso::world().await;
    let login = world.login().await;
    bind(&world.realm, "on_session", FAILS).await;
    assert_failed_closed(&world.share(&login, &[]).await);
    assert_eq!(world.realm.rows().await.count("sessions"), 1);
}
