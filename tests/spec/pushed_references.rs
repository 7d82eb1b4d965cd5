//! What a browser may do with the reference of a pushed request (RFC 9126 sections 4 to 7).

use serde_json::{Value, json};

use super::request_objects::{keyed, object_of};
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::Client;
use crate::support::http::{Answer, at_once};
use crate::support::provider::TimedProvider;
use crate::support::realm::{REDIRECT_URI, Realm, merged};

async fn trusted(realm: &Realm, metadata: Value) -> Client {
    realm.client(merged(json!({"settings": {"skip_consent": true}}), metadata)).await
}

/// Checks that the client was told that its reference is of no use.
fn assert_unusable(answer: &Answer, request: &AuthorizationRequest) {
    answer.assert_error_response(request, "invalid_request_uri");
}

/// Whether an answer has a code. Others say that there was one already.
fn has_code(answer: &Answer) -> bool {
    if answer.is_page("error-page") {
        answer.assert_error_page();
        return false;
    }
    let location = answer.location().expect("a response");
    assert_eq!(location.contains("code="), !location.contains("error=invalid_request_uri"), "{location}");
    location.contains("code=")
}

/// BuildRequestObjectByReferenceRedirectToAuthorizationEndpoint, ParWithoutDuplicateParameters,
/// state-only-outside-request-object-not-used.
#[tokio::test]
async fn rfc9126_4_what_stands_beside_the_reference_does_not_count() {
    let realm = Realm::new().await;
    let client = trusted(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let outsides: [fn(&AuthorizationRequest) -> AuthorizationRequest; 6] = [
        AuthorizationRequest::clone,
        |reference| reference.clone().with("response_type", "code").with("scope", "openid").with("state", "another"),
        |reference| reference.clone().with("nonce", "another").with("prompt", "login").with("max_age", "x"),
        |reference| reference.clone().with("redirect_uri", "https://evil.test/cb").with("response_mode", "form_post"),
        |reference| reference.clone().repeated("scope", "a").repeated("scope", "b"),
        |reference| {
            let reversed = reference.parameters.iter().rev().cloned().collect();
            AuthorizationRequest { parameters: reversed, ..reference.clone() }
        },
    ];
    for outside in outsides {
        let reference = outside(&client.pushed(&request).await);
        let answer = browser.authorize(&reference).await;
        let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
        let tokens = client.redeem(&request, &code).await.tokens();
        assert_eq!(realm.verify(tokens.id_token()).await.claims["nonce"], request.get("nonce").unwrap());
    }
    // A state that only stands outside is nobody's.
    let stateless = request.without("state");
    let reference = client.pushed(&stateless).await.with("state", "outside");
    let answer = browser.authorize(&reference).await;
    AuthorizationResponse::read(&answer, &stateless).code();
}

/// EnsureServerAcceptsReusedRequestUriBeforeAuthenticationCompletion, AttemptReuseRequestUri.
#[tokio::test]
async fn pa_004_a_page_may_be_loaded_again_but_there_is_one_response() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let request = client.request();
    let reference = client.pushed(&request).await;
    browser.authorize(&reference).await.page("login-page");
    let login = browser.authorize(&reference).await;
    let first = browser.log_in(&login, &realm.user).await;
    let second = browser.authorize(&reference).await;
    first.page("consent-page");
    let answer = browser.allow(&second).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    // The form of the other tab, the address, and that of another browser.
    browser.allow(&first).await.assert_error_page();
    assert_unusable(&browser.authorize(&reference).await, &request);
    assert_unusable(&realm.browser().authorize(&reference).await, &request);
    client.redeem(&request, &code).await.tokens();
}

#[tokio::test]
async fn pa_004_of_many_tabs_that_finish_at_once_one_gets_a_code() {
    let realm = Realm::new().await;
    let asking = realm.client(json!({})).await;
    let trusting = trusted(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for _ in 0..5 {
        let reference = trusting.pushed(&trusting.request()).await;
        let answers = at_once(12, async || browser.clone().authorize(&reference).await).await;
        assert_eq!(answers.iter().filter(|answer| has_code(answer)).count(), 1);
        // Two tabs, each with a form of its own.
        let reference = asking.pushed(&asking.request().with("prompt", "consent")).await;
        let forms = [browser.authorize(&reference).await, browser.authorize(&reference).await];
        let allow = |form: usize| {
            let (mut browser, forms) = (browser.clone(), &forms);
            async move { browser.allow(&forms[form]).await }
        };
        let answers = futures_util::future::join_all((0..8).map(|number| allow(number % 2))).await;
        assert_eq!(answers.iter().filter(|answer| has_code(answer)).count(), 1);
    }
}

#[tokio::test]
async fn rfc9126_7_3_a_user_who_refuses_has_answered() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let reference = client.pushed(&request).await;
    let form = browser.authorize(&reference).await;
    form.page("consent-page");
    browser.press(&form, "deny").await.assert_error_response(&request, "access_denied");
    browser.allow(&form).await.assert_error_page();
    assert_unusable(&browser.authorize(&reference).await, &request);
    // What needs no decision uses nothing up.
    let silent = request.with("prompt", "none");
    let reference = client.pushed(&silent).await;
    for _ in 0..2 {
        browser.authorize(&reference).await.assert_error_response(&silent, "consent_required");
    }
}

/// AttemptToUseExpiredRequestUri.
#[tokio::test]
async fn pa_005_an_expired_reference_is_of_no_use_to_begin_with() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({})).await;
    let client = trusted(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let reference = client.pushed(&request).await;
    timed.advance(59);
    let answer = browser.authorize(&reference).await;
    AuthorizationResponse::read(&answer, &request).code();
    let reference = client.pushed(&request).await;
    let mut begun = realm.browser();
    let login = begun.authorize(&reference).await;
    timed.advance(60);
    assert_unusable(&browser.authorize(&reference).await, &request);
    // Whoever has begun has the time that a person needs.
    timed.advance(800);
    let answer = begun.log_in(&login, &realm.user).await;
    AuthorizationResponse::read(&answer, &request).code();
    timed.stop().await;
}

/// EnsureRequestUriIsBoundToClient.
#[tokio::test]
async fn pa_006_a_reference_is_of_no_use_to_another_client_or_realm() {
    let realm = Realm::new().await;
    let elsewhere = Realm::new().await;
    let own = json!({"client_id": "same", "redirect_uris": [REDIRECT_URI]});
    let (client, other) = (trusted(&realm, own.clone()).await, trusted(&realm, json!({})).await);
    let foreign = trusted(&elsewhere, own).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let reference = client.pushed(&request).await;
    let uri = reference.get("request_uri").unwrap();
    browser.authorize(&other.referring(uri)).await.assert_error_page();
    foreign.http.get(&foreign.referring(uri).url()).await.assert_error_page();
    for wrong in [&uri[..uri.len() - 1], &format!("{uri}x"), "urn:ietf:params:oauth:request_uri:", "urn:other:x"] {
        browser.authorize(&client.referring(wrong)).await.assert_error_page();
        // Whoever stands outside is told, if it is registered.
        let told = client.request().with("request_uri", wrong);
        browser.authorize(&told).await.assert_error_response(&told, "invalid_request_uri");
    }
    browser.authorize(&reference.clone().with("request", "a.b.c")).await.assert_error_page();
    browser.authorize(&reference.clone().repeated("request_uri", uri)).await.assert_error_page();
    // None of that used it up.
    let answer = browser.authorize(&reference).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// EnsureUnsignedAuthorizationRequestWithoutUsingParFails.
#[tokio::test]
async fn pa_008_whoever_must_push_makes_no_other_request() {
    let required = json!({"require_pushed_authorization_requests": true});
    let everybody = Realm::with(required.clone()).await;
    assert_eq!(everybody.discovery().await["require_pushed_authorization_requests"], true);
    let realm = Realm::new().await;
    assert_eq!(realm.discovery().await.get("require_pushed_authorization_requests"), None);
    let of_client = keyed(&realm, required).await;
    let of_realm = keyed(&everybody, json!({})).await;
    for (realm, (client, key)) in [(&realm, of_client), (&everybody, of_realm)] {
        let mut browser = realm.browser();
        let request = client.request();
        browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
        let by_value = request.clone().with("request", &key.sign(&object_of(&client, &request)));
        browser.authorize(&by_value).await.assert_error_response(&request, "invalid_request");
        let reference = client.pushed(&request).await;
        let login = browser.authorize(&reference).await;
        let answer = browser.log_in(&login, &realm.user).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
}

#[tokio::test]
async fn rfc9126_4_what_was_pushed_is_validated_anew_at_each_step() {
    let realm = Realm::new().await;
    let client = trusted(&realm, json!({})).await;
    let request = client.request();
    let reference = client.pushed(&request).await;
    let mut browser = realm.browser();
    let login = browser.authorize(&reference).await;
    realm.update_client(&client, json!({"require_signed_request_object": true, "jwks": {"keys": []}})).await;
    browser.log_in(&login, &realm.user).await.assert_error_response(&request, "invalid_request");
    realm
        .update_client(&client, json!({"require_signed_request_object": null, "redirect_uris": ["https://x.test/"]}))
        .await;
    browser.authorize(&reference).await.assert_error_page();
    realm.update_client(&client, json!({"redirect_uris": [REDIRECT_URI], "enabled": false})).await;
    browser.authorize(&reference).await.assert_error_page();
}
