//! `on_consent`.

use serde_json::json;

use super::{FAILS, assert_silent_about_scripts, bind, trusted_client};
use crate::support::authorization::AuthorizationResponse;
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;

#[tokio::test]
async fn on_consent_can_ask_in_its_own_words_and_order() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let body = "consent(#{ ask: true, order: [\"write\", \"nothing\", \"write\"], \
                notice: #{ en: \"<b>Read</b> this\", de: \"Bitte lesen\" }, \
                texts: #{ write: #{ en: \"pay your rent\" }, email: #{ en: \"do nothing\" } } })";
    bind(&realm, "on_consent", body).await;
    let request = client.request().with("scope", "openid email read write");
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let consent = browser.log_in(&login, &realm.user).await;
    let page = consent.page("consent-page");
    assert_eq!(page.text_of("consent-notice").as_deref(), Some("<b>Read</b> this"));
    assert!(!consent.body.contains("<b>"), "{}", consent.body);
    let place = |text: &str| consent.body.find(text).unwrap_or_else(|| panic!("{text}: {}", consent.body));
    assert!(place("pay your rent") < place("see your email address"), "{}", consent.body);
    assert!(place("see your email address") < place("read"), "{}", consent.body);
    assert!(!consent.body.contains("do nothing"), "the server's own words stay: {}", consent.body);
    assert_eq!(consent.body.matches("pay your rent").count(), 1);
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
    // It is asked each time, in the language of the person.
    browser.accept_language = Some("de");
    let again = browser.authorize(&request).await;
    assert_eq!(again.page("consent-page").text_of("consent-notice").as_deref(), Some("Bitte lesen"));
    let silent = request.with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "consent_required");
}

#[tokio::test]
async fn on_consent_can_have_consent_renewed() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = realm.client(json!({})).await;
    let script = "fn on_consent(ctx, grant) { consent(#{ remember_seconds: 600 }) }";
    super::events::bind_in(&timed, &realm, super::package("renew", &["on_consent"], "", script)).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let silent = client.request().with("prompt", "none");
    timed.advance(600);
    let answer = browser.authorize(&silent).await;
    AuthorizationResponse::read(&answer, &silent).code();
    timed.advance(1);
    browser.authorize(&silent).await.assert_error_response(&silent, "consent_required");
    browser.complete(&client.request(), &realm.user).await.code();
    let answer = browser.authorize(&silent).await;
    AuthorizationResponse::read(&answer, &silent).code();
    timed.stop().await;
}

#[tokio::test]
async fn on_consent_can_refuse_and_cannot_agree_in_the_users_place() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    bind(&realm, "on_consent", "if grant.is_needed && grant.remembered == () { allow() } else { none() }").await;
    let mut browser = realm.signed_in_browser().await;
    browser.authorize(&client.request()).await.page("consent-page");
    bind(&realm, "on_consent", "deny(\"access_denied\", \"not for this application\")").await;
    let request = client.request();
    let response = browser.authorize(&request).await.assert_error_response(&request, "access_denied");
    assert_eq!(response.get("error_description"), Some("not for this application"));
}

#[tokio::test]
async fn sc_009_on_consent_fails_closed() {
    let realm = Realm::new().await;
    let client = trusted_client(&realm).await;
    let mut browser = realm.signed_in_browser().await;
    bind(&realm, "on_consent", FAILS).await;
    let request = client.request();
    let response = browser.authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
}
