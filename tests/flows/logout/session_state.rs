//! Session Management 1.0, and its place in the discovery document.

use serde_json::json;

use super::client;
use crate::support::authorization::AuthorizationResponse;
use crate::support::jwt::sha256;
use crate::support::realm::Realm;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

#[tokio::test]
async fn session_management_2_a_response_says_what_the_browser_knows() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let response = browser.complete(&client.request(), &realm.user).await;
    let state = response.parameters["session_state"].clone();
    let (hash, salt) = state.split_once('.').unwrap();
    let browser_state = browser.cookie("state").unwrap().1.to_owned();
    let text = format!("{} https://client.test {browser_state} {salt}", client.id);
    assert_eq!(hash, URL_SAFE_NO_PAD.encode(sha256(text.as_bytes())));
    assert!(!state.contains(' '));
    // Another salt each time; the same browser.
    let again = browser.complete(&client.request(), &realm.user).await;
    assert_ne!(again.parameters["session_state"], state);
    // SE-013: what scripts may read opens nothing.
    let (name, _) = browser.cookie("session").unwrap();
    let mut thief = realm.browser();
    thief.cookies.insert(name.to_owned(), browser_state.clone());
    thief.authorize(&client.request()).await.page("login-page");
    let (_, session) = browser.cookie("session").unwrap();
    assert_ne!(session, browser_state);
    // Only OpenID Connect has it.
    let plain = browser.complete(&client.request().with("scope", "offline_access"), &realm.user).await;
    assert!(!plain.parameters.contains_key("session_state"));
}

/// OIDCCFrontchannelLogoutDiscoveryEndpointVerification, OIDCCBackchannelLogoutDiscoveryEndpointVerification,
/// OIDCCSessionManagementDiscoveryEndpointVerification.
#[tokio::test]
async fn session_management_3_3_anybody_may_frame_the_page_and_its_script_is_fixed() {
    let realm = Realm::new().await;
    let discovery = realm.discovery().await;
    assert_eq!(discovery["end_session_endpoint"], realm.url("/logout"));
    for name in ["frontchannel", "backchannel"] {
        assert_eq!(discovery[&format!("{name}_logout_supported")], true);
        assert_eq!(discovery[&format!("{name}_logout_session_supported")], true);
    }
    let address = discovery["check_session_iframe"].as_str().unwrap();
    let page = realm.http.get(address).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("x-frame-options"), None);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'; script-src 'sha256-") && !policy.contains("frame-ancestors"));
    let script = page.body.split_once("<script>").unwrap().1.split_once("</script>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha256(script.as_bytes()));
    assert!(policy.contains(&hash), "{policy}");
    for word in ["fetch", "XMLHttpRequest", "sendBeacon", "WebSocket", "import(", "eval", "innerHTML"] {
        assert!(!script.contains(word), "LO-009: {word}");
    }
}

#[tokio::test]
async fn a_realm_may_do_without_session_management() {
    let realm = Realm::with(json!({"session_management": false})).await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let response = browser.complete(&client.request(), &realm.user).await;
    assert!(!response.parameters.contains_key("session_state"));
    assert!(browser.cookie("state").is_none());
    assert_eq!(realm.get("/session").await.status, 404);
    assert!(realm.discovery().await["check_session_iframe"].is_null());
    // Whoever is signed in when it is switched on gets the cookie with the next answer.
    realm.server.administration.update_realm(&realm.name, &json!({"session_management": true})).await;
    let request = client.request();
    let answer = browser.authorize(&request).await;
    assert!(AuthorizationResponse::read(&answer, &request).parameters.contains_key("session_state"));
    assert!(browser.cookie("state").is_some());
}
