//! Front-Channel Logout 1.0.

use serde_json::json;

use super::{LOGGED_OUT, client, logout_url};
use crate::support::jwt::read;
use crate::support::realm::Realm;

/// ValidateFrontchannelLogoutIss, CheckIdTokenSidMatchesFrontChannelLogoutRequest.
#[tokio::test]
async fn front_channel_logout_3_every_participant_gets_a_frame_and_then_the_browser_goes_on() {
    let realm = Realm::new().await;
    let with_session = json!({
        "frontchannel_logout_uri": "https://client.test/out?x=1", "frontchannel_logout_session_required": true,
    });
    let first = client(&realm, with_session).await;
    let second = client(&realm, json!({"frontchannel_logout_uri": "https://client.test/bare"})).await;
    let third = client(&realm, json!({})).await;
    let absent = client(&realm, json!({"frontchannel_logout_uri": "https://client.test/absent"})).await;
    let mut browser = realm.browser();
    let tokens = first.obtain(&mut browser, &first.request(), &realm.user).await;
    for other in [&second, &third] {
        other.obtain(&mut browser, &other.request(), &realm.user).await;
    }
    absent.obtain(&mut realm.browser(), &absent.request(), &realm.user).await;
    let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT), ("state", "s")];
    let answer = browser.get(&logout_url(&realm, &parameters)).await;
    answer.page("logged-out-page");
    let sid = read(tokens.id_token()).claims["sid"].as_str().unwrap().to_owned();
    let frames: Vec<String> = frames(&answer.body);
    let issuer = url::form_urlencoded::byte_serialize(realm.issuer.as_bytes()).collect::<String>();
    let mut expected =
        [format!("https://client.test/out?x=1&iss={issuer}&sid={sid}"), "https://client.test/bare".to_owned()];
    expected.sort();
    let mut found = frames.clone();
    found.sort();
    assert_eq!(found, expected);
    // LO-010: nothing else may be framed, and the time is bounded.
    let policy = answer.header("content-security-policy").unwrap();
    let sources = policy.split_once("frame-src ").unwrap().1;
    let mut sources: Vec<&str> = sources.split(' ').collect();
    sources.sort_unstable();
    assert_eq!(sources, ["https://client.test/bare", "https://client.test/out"]);
    assert_eq!(answer.header("refresh").unwrap(), format!("3; url={LOGGED_OUT}&state=s"));
    assert!(answer.body.contains("id=\"logged-out-continue\""));
    assert!(browser.cookie("session").is_none());
    assert!(!first.is_active(tokens.access_token()).await);
}

fn frames(html: &str) -> Vec<String> {
    let sources = html.split("<iframe src=\"").skip(1).map(|rest| rest.split_once('"').unwrap().0);
    sources.map(|source| source.replace("&#x2f;", "/").replace("&amp;", "&")).collect()
}

#[tokio::test]
async fn without_an_address_the_page_stays() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({"frontchannel_logout_uri": "https://client.test/bare"})).await;
    let mut browser = realm.browser();
    client.obtain(&mut browser, &client.request(), &realm.user).await;
    let page = browser.get(&realm.url("/account/sign-out")).await;
    let answer = browser.press(&page, "sign-out").await;
    answer.page("logged-out-page");
    assert_eq!(frames(&answer.body), ["https://client.test/bare"]);
    assert_eq!(answer.header("refresh"), None);
}

#[tokio::test]
async fn front_channel_logout_3_a_realm_that_tells_nobody_names_no_session() {
    let realm = Realm::with(json!({"frontchannel_logout": false, "backchannel_logout": false})).await;
    let client = client(&realm, json!({"frontchannel_logout_uri": "https://client.test/bare"})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    assert!(read(tokens.id_token()).claims["sid"].is_null());
    let page = browser.get(&realm.url("/account/sign-out")).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    let discovery = realm.discovery().await;
    for name in ["frontchannel_logout_supported", "backchannel_logout_supported"] {
        assert!(discovery[name].is_null(), "{name}");
    }
}
