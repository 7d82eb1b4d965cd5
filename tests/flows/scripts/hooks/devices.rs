//! `on_device_request` and `on_device_verify`.

use serde_json::json;

use super::{FAILS, assert_silent_about_scripts, bind, runs};
use crate::support::device::{assert_connected, assert_not_connected, device_settings};
use crate::support::realm::Realm;

#[tokio::test]
async fn on_device_request_shortens_the_wait_and_slows_polls_and_never_the_other_way() {
    let realm = Realm::with(json!({"device_authorization": true})).await;
    let client = realm.device(json!({})).await;
    bind(&realm, "on_device_request", "limit(#{ expires_in: 120, interval: 20 })").await;
    let body = client.ask_for_codes(&[("scope", "openid")]).await.success();
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(120), &json!(20)));
    bind(&realm, "on_device_request", "limit(#{ expires_in: 1800, interval: 1 })").await;
    let body = client.ask_for_codes(&[("scope", "openid")]).await.success();
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(600), &json!(5)));
    bind(
        &realm,
        "on_device_request",
        "if req.scope.contains(\"email\") { return deny(\"invalid_scope\", \"no mail\"); } none()",
    )
    .await;
    client.ask_for_codes(&[("scope", "openid email")]).await.assert_refused("invalid_scope");
    client.ask_for_codes(&[("scope", "openid")]).await.success();
    assert_eq!(runs(&realm, "on_device_request", 4).await.len(), 4);
}

#[tokio::test]
async fn on_device_verify_warns_demands_a_fresh_login_and_refuses_for_good() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let script = "if info.by_link { return deny(\"access_denied\", \"type the code\"); } \
                  confirm(#{ notice: #{ en: \"We never call about codes\" }, max_age: 0 })";
    bind(&realm, "on_device_verify", script).await;
    let codes = client.codes("openid").await;
    let page = browser.enter_code(&realm, &codes.user_code).await;
    assert_eq!(page.page("device-confirm-page").text_of("device-notice").unwrap(), "We never call about codes");
    let onward = browser.press(&page, "confirm").await;
    let login = browser.follow(onward).await;
    login.page("login-page");
    assert_connected(&browser.log_in(&login, &realm.user).await);
    client.poll(&codes.device_code).await.tokens();
    let codes = client.codes("openid").await;
    assert_not_connected(&browser.get(&codes.complete).await);
    client.poll(&codes.device_code).await.assert_refused("access_denied");
}

#[tokio::test]
async fn sc_009_both_fail_closed() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid").await;
    bind(&realm, "on_device_verify", FAILS).await;
    assert_not_connected(&realm.browser().enter_code(&realm, &codes.user_code).await);
    client.poll(&codes.device_code).await.assert_refused("access_denied");
    bind(&realm, "on_device_request", FAILS).await;
    let answer = client.ask_for_codes(&[("scope", "openid")]).await;
    assert_eq!((answer.status, &answer.json()["error"]), (500, &json!("server_error")));
    assert_silent_about_scripts(answer.json()["error_description"].as_str().unwrap());
}
