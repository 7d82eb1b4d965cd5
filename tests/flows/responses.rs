//! How authorization requests arrive and responses travel (RFC 6749 section 4.1, RFC 9207, OAuth 2.0 Multiple Response
//! Types, OAuth 2.0 Form Post Response Mode).

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::realm::Realm;

/// AZ-025: what reads a response here and everywhere else wants `iss` in it.
#[tokio::test]
async fn multiple_response_types_2_1_each_mode_carries_codes_and_errors() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    for mode in ["query", "fragment", "form_post"] {
        let mut browser = realm.browser();
        let silent = client.request().with("response_mode", mode).with("prompt", "none");
        browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
        let request = client.request().with("response_mode", mode);
        let response = browser.complete(&request, &realm.user).await;
        client.redeem(&request, response.code()).await.tokens();
    }
}

/// AZ-028. There is no `form-action`: browsers apply it to where the client redirects afterwards, too.
#[tokio::test]
async fn form_post_2_a_page_posts_the_response_and_escapes_what_the_client_sent() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    for state in ["\"><script>alert(1)</script>", "</form><form action=//evil.test>", "é 🦪 %26&amp;"] {
        let request = client.request().with("response_mode", "form_post").with("state", state);
        let answer = browser.authorize(&request).await;
        // Reading compares the state with what was sent.
        AuthorizationResponse::read(&answer, &request).code();
        assert_eq!(answer.body.matches("<script>").count(), 1);
        assert_eq!(answer.body.matches("<form ").count(), 1);
        assert_eq!(answer.body.matches("</form>").count(), 1);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.contains("script-src 'sha256-") && !policy.contains("unsafe-inline"), "{policy}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("strict-origin"));
    }
}

/// CheckStateInAuthorizationResponse, VerifyNoStateInAuthorizationResponse.
#[tokio::test]
async fn rfc6749_4_1_2_state_comes_back_exactly_or_not_at_all() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    for state in ["x".repeat(128), "x".repeat(1000), "a b+c%20d&e=f#g?h".to_owned(), "ÿ\u{1f9aa}".to_owned()] {
        let request = client.request().with("state", &state);
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    for request in [client.request().without("state"), client.request().with("state", "")] {
        let answer = browser.authorize(&request).await;
        assert_eq!(AuthorizationResponse::read(&answer, &request).get("state"), None);
    }
}

/// oidcc-redirect-uri-query-OK, CheckMatchingCallbackParameters.
#[tokio::test]
async fn rfc6749_3_1_2_a_registered_query_stays_in_the_response() {
    let realm = Realm::new().await;
    let uri = "https://client.test/callback?tenant=a%20b&lang=en";
    let client = realm.client(json!({"redirect_uris": [uri], "settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    for mode in ["query", "fragment", "form_post"] {
        let request = client.request().with("response_mode", mode);
        let answer = browser.authorize(&request).await;
        let response = AuthorizationResponse::read(&answer, &request);
        client.redeem(&request, response.code()).await.tokens();
    }
}

/// oidcc-ensure-post-request-succeeds.
#[tokio::test]
async fn oidc_core_3_1_2_1_a_request_may_be_posted_from_another_site() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let request = client.request();
    let page = browser.authorize_by_form(&request).await;
    let consent = browser.log_in(&page, &realm.user).await;
    let answer = browser.allow(&consent).await;
    let response = AuthorizationResponse::read(&answer, &request);
    client.redeem(&request, response.code()).await.tokens();
    // The session counts although the POST came without cookies.
    let request = client.request().with("prompt", "none");
    let answer = browser.authorize_by_form(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// oidcc-ensure-request-with-unknown-parameter-succeeds, oidcc-display-page, oidcc-display-popup, oidcc-ui-locales,
/// oidcc-claims-locales.
#[tokio::test]
async fn rfc6749_3_1_unknown_parameters_are_ignored() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("extra", "foobar").with("display", "touch").with("ui_locales", "se x-klingon");
    let request = request.with("claims_locales", "se").with("login_hint", "buffy@sunnydale.test");
    let response = realm.browser().complete(&request, &realm.user).await;
    client.redeem(&request, response.code()).await.tokens();
}

/// EnsureOtherScopeOrderSucceeds.
#[tokio::test]
async fn oidc_core_3_1_2_1_the_order_of_scope_values_means_nothing() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("scope", "email openid  profile unknown");
    let response = realm.browser().complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    let mut granted: Vec<&str> = tokens.0["scope"].as_str().unwrap().split(' ').collect();
    granted.sort_unstable();
    assert_eq!(granted, ["email", "openid", "profile"]);
    tokens.id_token();
}

#[tokio::test]
async fn rfc8252_7_3_a_native_application_listens_on_any_port() {
    let realm = Realm::new().await;
    let native = json!({
        "application_type": "native", "token_endpoint_auth_method": "none",
        "redirect_uris": ["http://127.0.0.1/callback", "http://[::1]/callback", "com.example.app:/callback"],
        "settings": {"skip_consent": true},
    });
    let client = realm.client(native).await;
    let mut browser = realm.signed_in_browser().await;
    for uri in ["http://127.0.0.1:49152/callback", "http://[::1]:1/callback", "com.example.app:/callback"] {
        let request = client.request().with("redirect_uri", uri);
        let answer = browser.authorize(&request).await;
        let response = AuthorizationResponse::read(&answer, &request);
        client.redeem(&request, response.code()).await.tokens();
    }
}

#[tokio::test]
async fn rfc7636_4_4_1_plain_challenges_only_where_the_client_may() {
    let realm = Realm::new().await;
    let settings = json!({"skip_consent": true, "allow_plain_pkce": true});
    let old = realm.client(json!({"settings": settings})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = old.request();
    let verifier = request.verifier.clone().unwrap();
    let plain = request.with("code_challenge", &verifier).with("code_challenge_method", "plain");
    for request in [plain.clone(), plain.without("code_challenge_method")] {
        let answer = browser.authorize(&request).await;
        let response = AuthorizationResponse::read(&answer, &request);
        old.redeem(&request, response.code()).await.tokens();
    }
}

#[tokio::test]
async fn rfc7636_4_confidential_clients_may_do_without_a_challenge() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let request = client.request().without_pkce();
    let response = realm.browser().complete(&request, &realm.user).await;
    client.redeem(&request, response.code()).await.tokens();
}
