//! `on_authorize_request` and `on_auth_start`.

use serde_json::json;

use super::{FAILS, assert_silent_about_scripts, bind, runs, trusted_client};
use crate::support::authorization::AuthorizationResponse;
use crate::support::jwt;
use crate::support::realm::Realm;

#[tokio::test]
async fn on_authorize_request_can_refuse_with_an_error_of_the_specification() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(
        &realm,
        "on_authorize_request",
        "if req.scope.contains(\"email\") { return deny(\"invalid_scope\", \"no e-mail here\"); } none()",
    )
    .await;
    let request = client.request().with("scope", "openid email");
    let response = realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_scope");
    assert_eq!(response.get("error_description"), Some("no e-mail here"));
    realm.browser().authorize(&client.request()).await.page("login-page");
}

#[tokio::test]
async fn on_authorize_request_can_drop_scopes_but_not_openid() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_authorize_request", "narrow(#{ drop_scopes: [\"email\", \"openid\", \"unknown\"] })").await;
    let request = client.request().with("scope", "openid email profile");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    assert_eq!(tokens.0["scope"], "openid profile");
    assert_eq!(jwt::read(tokens.access_token()).claims["scope"], "openid profile");
    // Nothing is left of a request without OpenID Connect.
    let request = client.request().with("scope", "email");
    realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_scope");
}

#[tokio::test]
async fn what_was_dropped_stays_dropped_until_the_response() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    bind(&realm, "on_authorize_request", "narrow(#{ drop_scopes: [\"email\"] })").await;
    let request = client.request().with("scope", "openid email profile");
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let consent = browser.log_in(&login, &realm.user).await;
    assert!(!consent.body.contains("see your email address"), "{}", consent.body);
    // The script changes its mind while the form is open: nobody agrees to what they were not shown.
    bind(&realm, "on_authorize_request", "none()").await;
    let answer = browser.allow(&consent).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    assert_eq!(tokens.0["scope"], "openid profile");
    // The next request is asked about anew.
    let consent = browser.authorize(&request).await;
    assert!(consent.page("consent-page").id() == "consent-page" && consent.body.contains("see your email address"));
}

#[tokio::test]
async fn oidc_core_3_1_2_6_interaction_that_a_script_demands_is_an_error_where_none_may_be_shown() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    let silent = client.request().with("prompt", "none");
    for (prompt, error) in
        [("login", "login_required"), ("consent", "consent_required"), ("select_account", "account_selection_required")]
    {
        bind(&realm, "on_authorize_request", &format!("narrow(#{{ prompt: [\"{prompt}\"] }})")).await;
        browser.authorize(&silent).await.assert_error_response(&silent, error);
    }
    bind(&realm, "on_authorize_request", "narrow(#{ max_age: 0 })").await;
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
}

#[tokio::test]
async fn a_demanded_login_and_consent_are_given_once_and_suffice() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    bind(&realm, "on_authorize_request", "narrow(#{ prompt: [\"login\", \"consent\"], max_age: 0 })").await;
    let request = client.request();
    let login = browser.authorize(&request).await;
    login.page("login-page");
    let consent = browser.log_in(&login, &realm.user).await;
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn sc_009_on_authorize_request_fails_closed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_authorize_request", FAILS).await;
    let request = client.request();
    let response = realm.browser().authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
}

#[tokio::test]
async fn on_auth_start_can_refuse_once_the_user_is_known() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let manifest = "user_attributes = [\"email\"]";
    let script = "fn on_auth_start(ctx) { \
                  if ctx.user != () && ctx.user.email.ends_with(\"@ana.test\") { \
                  return deny(\"access_denied\", \"not from there\"); } none() }";
    super::deploy(&realm, super::package("door", &["on_auth_start"], manifest, script)).await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let answer = browser.log_in(&login, &realm.user).await;
    let response = answer.assert_error_response(&request, "access_denied");
    assert_eq!(response.get("error_description"), Some("not from there"));
    let asked = runs(&realm, "on_auth_start", 2).await;
    assert_eq!(asked[1]["details"]["decision"], "deny(access_denied)");
    assert_eq!(asked[1]["user_id"], json!(realm.user.id));
}

#[tokio::test]
async fn on_auth_start_can_demand_a_fresh_login() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    bind(
        &realm,
        "on_auth_start",
        "if ctx.request.scope.contains(\"write\") { return reauthenticate(#{ max_age: 0 }); } \
         reauthenticate(#{ max_age: 3600 })",
    )
    .await;
    let request = client.request();
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
    let sensitive = client.request().with("scope", "openid write");
    let silent = sensitive.clone().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    let login = browser.authorize(&sensitive).await;
    let answer = browser.log_in(&login, &realm.user).await;
    AuthorizationResponse::read(&answer, &sensitive).code();
}

#[tokio::test]
async fn sc_009_on_auth_start_fails_closed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_auth_start", FAILS).await;
    let request = client.request();
    let response = realm.browser().authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
}

#[tokio::test]
async fn vars_are_handed_on_within_a_request() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    bind(&realm, "on_authorize_request", "none().with_vars(#{ risk: 7, from: ctx.net.user_agent })").await;
    bind(
        &realm,
        "on_auth_start",
        "if ctx.vars.risk == 7 && ctx.vars.from == \"test/1\" { return deny(\"access_denied\", \"risky\"); } none()",
    )
    .await;
    let request = client.request();
    let get = crate::support::http::Request::get(&request.url()).header("user-agent", "test/1");
    realm.browser().send(get).await.assert_error_response(&request, "access_denied");
}

/// A consent form is open for somebody who was signed in before; then a script begins to demand a login.
async fn demands_a_login_at_the_consent_form(hook: &str, body: &str) {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let consent = browser.authorize(&request).await;
    consent.page("consent-page");
    bind(&realm, hook, body).await;
    let login = browser.allow(&consent).await;
    login.page("login-page");
    // Agreeing did not count: after the login the form comes again.
    assert_eq!(realm.rows().await.count("authorizations"), 0, "{hook}");
    let again = browser.log_in(&login, &realm.user).await;
    again.page("consent-page");
    let answer = browser.allow(&again).await;
    AuthorizationResponse::read(&answer, &request).code();
    // Whoever sends the first form again gets no second response.
    assert_eq!(browser.allow(&consent).await.location(), None, "{hook}");
}

#[tokio::test]
async fn a_login_that_is_demanded_while_the_consent_form_is_open_comes_before_the_response() {
    for (hook, body) in [
        ("on_authorize_request", "narrow(#{ prompt: [\"login\"] })"),
        ("on_authorize_request", "narrow(#{ max_age: 0 })"),
        ("on_auth_start", "reauthenticate(#{ max_age: 0 })"),
        ("on_session", "if event.kind == \"used\" { return step_up(); } none()"),
        ("on_session", "if event.kind == \"used\" { return end(); } none()"),
    ] {
        demands_a_login_at_the_consent_form(hook, body).await;
    }
}

#[tokio::test]
async fn whoever_refuses_while_the_consent_form_is_open_is_heard() {
    for (hook, body) in [
        ("on_authorize_request", "deny(\"access_denied\", \"not now\")"),
        ("on_auth_start", "deny(\"access_denied\", \"not now\")"),
        ("on_consent", "deny(\"access_denied\", \"not now\")"),
    ] {
        let realm = Realm::new().await;
        let client = realm.client(json!({})).await;
        let request = client.request();
        let mut browser = realm.browser();
        let login = browser.authorize(&request).await;
        let consent = browser.log_in(&login, &realm.user).await;
        bind(&realm, hook, body).await;
        let response = browser.allow(&consent).await.assert_error_response(&request, "access_denied");
        assert_eq!(response.get("error_description"), Some("not now"), "{hook}");
        assert_eq!(realm.rows().await.count("authorizations"), 0, "{hook}");
    }
}

#[tokio::test]
async fn scripts_see_a_push_as_they_see_a_request() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    bind(
        &realm,
        "on_authorize_request",
        "if req.scope.contains(\"write\") { return deny(\"invalid_scope\", \"no writing here\"); } \
         narrow(#{ drop_scopes: [\"email\"] })",
    )
    .await;
    let answer = client.push(&client.request().with("scope", "openid write")).await;
    answer.assert_refused("invalid_scope");
    assert_eq!(answer.json()["error_description"], "no writing here");
    let request = client.request().with("scope", "openid email profile");
    let reference = client.pushed(&request).await;
    // What was taken at the push stays taken, whatever the script says now.
    bind(&realm, "on_authorize_request", "none()").await;
    let answer = browser.authorize(&reference).await;
    let response = AuthorizationResponse::read(&answer, &request);
    assert_eq!(client.redeem(&request, response.code()).await.tokens().0["scope"], "openid profile");
    let denied = "if auth.endpoint == \"pushed_authorization_request\" \
                  { return deny(\"unauthorized_client\", \"not you\"); } none()";
    bind(&realm, "on_client_authenticated", denied).await;
    client.push(&request).await.assert_refused("unauthorized_client");
}
