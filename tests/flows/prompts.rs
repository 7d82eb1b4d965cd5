//! When a user is asked to log in or to consent: `prompt`, `max_age`, hints (OpenID Connect Core 3.1.2.1 and 3.1.2.3).

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::Client;
use crate::support::jwt;
use crate::support::realm::Realm;

/// A client whose users are not asked for consent.
async fn trusted_client(realm: &Realm) -> Client {
    realm.client(json!({"settings": {"skip_consent": true}})).await
}

#[tokio::test]
async fn oidc_core_3_1_2_3_a_live_session_answers_every_client_at_once() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let session = browser.cookie("session").map(|(_, value)| value.to_owned());
    for _ in 0..2 {
        let request = trusted_client(&realm).await.request();
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
        assert_eq!(answer.header("set-cookie"), None);
    }
    assert_eq!(browser.cookie("session").map(|(_, value)| value.to_owned()), session);
}

/// AZ-068; oidcc-prompt-none-not-logged-in, oidcc-prompt-none-logged-in.
#[tokio::test]
async fn oidc_core_3_1_2_1_prompt_none_is_silent_with_a_session_and_consent() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let silent = client.request().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    assert!(browser.cookies.is_empty(), "nothing began");
    let first = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let answer = browser.authorize(&silent).await;
    let response = AuthorizationResponse::read(&answer, &silent);
    let second = client.redeem(&silent, response.code()).await.tokens();
    let (first, second) = (jwt::read(first.id_token()).claims, jwt::read(second.id_token()).claims);
    for claim in ["sub", "auth_time", "sid"] {
        assert_eq!(first[claim], second[claim], "{claim}");
    }
}

/// AZ-069.
#[tokio::test]
async fn oidc_core_3_1_2_6_prompt_none_without_consent_is_consent_required() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let client = realm.client(json!({})).await;
    let silent = client.request().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "consent_required");
    browser.complete(&client.request(), &realm.user).await.code();
    // What was agreed to does not cover more.
    let wider = silent.with("scope", "openid email");
    browser.authorize(&wider).await.assert_error_response(&wider, "consent_required");
}

/// AZ-072; oidcc-prompt-login.
#[tokio::test]
async fn oidc_core_3_1_2_1_prompt_login_and_select_account_ask_for_the_password_again() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let client = trusted_client(&realm).await;
    for prompt in ["login", "select_account", "login select_account"] {
        let request = client.request().with("prompt", prompt);
        let page = browser.authorize(&request).await;
        assert!(page.page("login-page").text_of("login-again").is_some());
        let answer = browser.log_in(&page, &realm.user).await;
        AuthorizationResponse::read(&answer, &request).code();
        // The same request again asks again.
        browser.authorize(&request).await.page("login-page");
    }
}

#[tokio::test]
async fn oidc_core_3_1_2_1_prompt_consent_asks_even_if_it_was_given() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let request = client.request().with("prompt", "consent");
    let page = browser.authorize(&request).await;
    let answer = browser.allow(&page).await;
    AuthorizationResponse::read(&answer, &request).code();
    // Nor does an administrator answer in the user's place.
    let trusted = trusted_client(&realm).await;
    browser.authorize(&trusted.request().with("prompt", "consent")).await.page("consent-page");
}

#[tokio::test]
async fn oidc_core_3_1_2_1_prompt_login_and_consent_go_together() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let request = client.request().with("prompt", "login consent");
    let login = browser.authorize(&request).await;
    let consent = browser.log_in(&login, &realm.user).await;
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn oidc_core_3_1_2_1_max_age_lets_a_young_session_pass_and_zero_none() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let client = trusted_client(&realm).await;
    let request = client.request().with("max_age", "10000");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    assert!(jwt::read(tokens.id_token()).claims["auth_time"].is_i64());
    browser.authorize(&client.request().with("max_age", "0")).await.page("login-page");
    let strict = realm.client(json!({"default_max_age": 0, "settings": {"skip_consent": true}})).await;
    browser.authorize(&strict.request()).await.page("login-page");
    // The request's own wish counts before the registered one.
    let request = strict.request().with("max_age", "10000");
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// oidcc-id-token-hint.
#[tokio::test]
async fn oidc_core_3_1_2_1_an_id_token_hint_of_the_user_changes_nothing() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let request = client.request().with("prompt", "none").with("id_token_hint", tokens.id_token());
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// AZ-070.
#[tokio::test]
async fn oidc_core_3_1_2_1_an_id_token_hint_of_somebody_else_asks_for_that_person() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let other = realm.add_user("ben").await;
    let hint = client.obtain(&mut realm.browser(), &client.request(), &other).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request().with("id_token_hint", hint.id_token());
    let silent = request.clone().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    let page = browser.authorize(&request).await;
    let answer = browser.log_in(&page, &other).await;
    let code = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, code.code()).await.tokens();
    assert_eq!(jwt::read(tokens.id_token()).claims["sub"], other.id);
    // Whoever else logs in is not the one who was asked for.
    let page = realm.browser().authorize(&request).await;
    let mut another = realm.browser();
    let page = if page.is_page("login-page") { another.authorize(&request).await } else { page };
    let answer = another.log_in(&page, &realm.user).await;
    answer.assert_error_response(&request, "login_required");
}

#[tokio::test]
async fn oidc_core_5_5_1_a_subject_asked_for_by_value_is_the_only_one_who_will_do() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    let wanting = |subject: &str| {
        let claims = json!({"id_token": {"sub": {"value": subject}}}).to_string();
        client.request().with("prompt", "none").with("claims", &claims)
    };
    let own = wanting(&realm.user.id);
    let answer = browser.authorize(&own).await;
    AuthorizationResponse::read(&answer, &own).code();
    for stranger in [realm.add_user("ben").await.id, "nobody".to_owned()] {
        let request = wanting(&stranger);
        browser.authorize(&request).await.assert_error_response(&request, "login_required");
    }
}

#[tokio::test]
async fn oidc_core_5_5_1_of_several_subjects_any_will_do() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    let (own, ben) = (realm.user.id.clone(), realm.add_user("ben").await.id);
    let wanting = |subject: Value| {
        client.request().with("prompt", "none").with("claims", &json!({"id_token": {"sub": subject}}).to_string())
    };
    for subject in [
        json!({"values": [own]}),
        json!({"values": [ben, own]}),
        json!({"values": ["nobody", 1, own], "essential": true}),
        json!({"value": own, "values": [own, ben]}),
    ] {
        let request = wanting(subject);
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    for subject in [
        json!({"values": [ben]}),
        json!({"values": ["nobody", ben]}),
        json!({"values": []}),
        json!({"value": own, "values": [ben]}),
    ] {
        let request = wanting(subject);
        browser.authorize(&request).await.assert_error_response(&request, "login_required");
    }
}

/// oidcc-login-hint.
#[tokio::test]
async fn oidc_core_3_1_2_1_login_hint_fills_in_the_form() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request().with("login_hint", "ana")).await;
    assert_eq!(page.page("login-page").form().field("username"), Some("ana"));
    let markup = "\"><script>alert(1)</script>";
    let page = browser.authorize(&client.request().with("login_hint", markup)).await;
    assert_eq!(page.page("login-page").form().field("username"), Some(markup));
    assert!(!page.body.contains("<script>"), "{}", page.body);
    let page = browser.authorize(&client.request().with("login_hint", &"a".repeat(2000))).await;
    assert_eq!(page.page("login-page").form().field("username"), Some(""));
}

/// ExpectAccessDeniedErrorFromAuthorizationEndpointDueToUserRejectingRequest.
#[tokio::test]
async fn oidc_core_3_1_2_1_a_user_who_cancels_is_access_denied() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let request = client.request();
    let login = browser.authorize(&request).await;
    browser.press(&login, "cancel").await.assert_error_response(&request, "access_denied");
    let request = client.request();
    let login = browser.authorize(&request).await;
    let consent = browser.log_in(&login, &realm.user).await;
    consent.page("consent-page");
    browser.press(&consent, "deny").await.assert_error_response(&request, "access_denied");
    // A refusal is not remembered: the next request asks again.
    browser.authorize(&client.request()).await.page("consent-page");
}

#[tokio::test]
async fn a_wrong_password_shows_the_form_again_and_the_right_one_goes_on() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let request = client.request();
    let page = browser.authorize(&request).await;
    let again = browser.log_in_as(&page, "ana", "not the password").await;
    assert_eq!(again.status, 200);
    let shown = again.page("login-page");
    assert!(shown.text_of("login-problem").is_some());
    assert_eq!(shown.form().field("username"), Some("ana"));
    assert_eq!(shown.form().field("password"), Some(""));
    assert!(browser.cookie("session").is_none());
    let consent = browser.log_in_as(&again, " ANA ", &realm.user.password).await;
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
}
