//! `on_logout`.

use serde_json::json;

use super::{FAILS, bind};
use crate::flows::logout::{LOGGED_OUT, client, logout_url};
use crate::support::realm::Realm;

#[tokio::test]
async fn on_logout_can_tell_more_clients_and_choose_a_registered_address() {
    let realm = Realm::new().await;
    let other = "https://client.test/other";
    let metadata =
        json!({"post_logout_redirect_uris": [LOGGED_OUT, other], "frontchannel_logout_uri": "https://client.test/a"});
    let first = client(&realm, metadata).await;
    let further = client(&realm, json!({"frontchannel_logout_uri": "https://client.test/b"})).await;
    let body = format!("notify(#{{ clients: [\"{}\", \"nobody\"], redirect_uri: \"{other}\" }})", further.id);
    bind(&realm, "on_logout", &body).await;
    let mut browser = realm.browser();
    let tokens = first.obtain(&mut browser, &first.request(), &realm.user).await;
    let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT), ("state", "s")];
    let answer = browser.get(&logout_url(&realm, &parameters)).await;
    answer.page("logged-out-page");
    for frame in ["https:&#x2f;&#x2f;client.test&#x2f;a", "https:&#x2f;&#x2f;client.test&#x2f;b"] {
        assert!(answer.body.contains(frame), "{frame}: {}", answer.body);
    }
    assert_eq!(answer.header("refresh").unwrap(), format!("3; url={other}?state=s"));
}

#[tokio::test]
async fn on_logout_can_keep_a_session_and_fails_open() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT)];
    bind(&realm, "on_logout", "if plan.clients.len() == 1 && plan.by_client { keep() } else { none() }").await;
    let answer = browser.get(&logout_url(&realm, &parameters)).await;
    answer.page("error-page");
    assert!(client.is_active(tokens.access_token()).await);
    let realm = Realm::new().await;
    let client = crate::flows::logout::client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    bind(&realm, "on_logout", FAILS).await;
    let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT)];
    let answer = browser.get(&logout_url(&realm, &parameters)).await;
    assert_eq!(answer.location(), Some(LOGGED_OUT), "{answer:?}");
    assert!(!client.is_active(tokens.access_token()).await);
}
