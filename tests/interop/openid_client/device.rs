//! Device authorization (RFC 8628).

use serde_json::json;

use super::{ForeignClient, assert_refused};
use crate::support::device::{assert_connected, assert_not_connected, device_settings};
use crate::support::realm::{Realm, merged};

const POLL: &str = "pollDeviceAuthorizationGrant";

#[tokio::test]
async fn rfc8628_3_4_openid_client_polls_until_the_user_has_confirmed() {
    let realm = Realm::with(device_settings()).await;
    let mut television = ForeignClient::of(&realm.device(json!({})).await).await;
    let asked = json!([{"scope": "openid profile offline_access"}]);
    let codes = television.call("initiateDeviceAuthorization", asked.clone()).await.unwrap();
    assert_eq!(codes["verification_uri"], realm.url("/device"));
    television.begin(POLL, json!([codes])).await;
    television.is_answered("authorization_pending").await;
    let user_code = codes["user_code"].as_str().unwrap();
    assert_connected(&realm.browser().verify(&realm, user_code, &realm.user).await);
    let tokens = television.end().await.unwrap();
    assert_eq!((&tokens["scope"], &tokens["claims"]["sub"]), (&asked[0]["scope"], &json!(realm.user.id)));
    let userinfo = television.call("fetchUserInfo", json!([tokens["access_token"], realm.user.id])).await.unwrap();
    assert_eq!(userinfo["name"], "Ana Example");
    let refreshed = television.call("refreshTokenGrant", json!([tokens["refresh_token"]])).await.unwrap();
    assert_eq!(refreshed["claims"]["sub"], tokens["claims"]["sub"]);
    let again = television.call(POLL, json!([codes])).await;
    assert_refused(&again, 400, "invalid_grant");
}

#[tokio::test]
async fn rfc8628_3_5_openid_client_is_told_that_the_user_denied() {
    let realm = Realm::with(device_settings()).await;
    let metadata = json!({"token_endpoint_auth_method": "client_secret_post"});
    let mut television = ForeignClient::of(&realm.device(metadata).await).await;
    let codes = television.call("initiateDeviceAuthorization", json!([{"scope": "openid"}])).await.unwrap();
    television.begin(POLL, json!([codes])).await;
    television.is_answered("authorization_pending").await;
    let mut browser = realm.browser();
    let page = browser.enter_code(&realm, codes["user_code"].as_str().unwrap()).await;
    assert_not_connected(&browser.press(&page, "deny").await);
    assert_refused(&television.end().await, 400, "access_denied");
}

#[tokio::test]
async fn rfc9449_8_openid_client_binds_the_tokens_of_a_device_with_nonces_of_the_server() {
    let nonces = json!({"dpop_nonce_at_token_endpoint": true, "dpop_nonce_at_resources": true});
    let realm = Realm::with(merged(device_settings(), nonces)).await;
    let public = json!({"token_endpoint_auth_method": "none", "dpop_bound_access_tokens": true});
    let mut television = ForeignClient::of(&realm.device(public).await).await;
    let codes = television.call("initiateDeviceAuthorization", json!([{"scope": "openid email"}])).await.unwrap();
    let proven = json!({"DPoP": true});
    television.begin(POLL, json!([codes, {}, proven])).await;
    television.is_answered("use_dpop_nonce").await;
    television.is_answered("authorization_pending").await;
    let user_code = codes["user_code"].as_str().unwrap();
    assert_connected(&realm.browser().verify(&realm, user_code, &realm.user).await);
    let tokens = television.end().await.unwrap();
    assert_eq!(tokens["token_type"], "dpop");
    let (token, user) = (&tokens["access_token"], &realm.user.id);
    let userinfo = television.call("fetchUserInfo", json!([token, user, proven])).await.unwrap();
    assert_eq!(userinfo["email"], "ana@ana.test");
    // Without a proof it is good for nothing.
    let stolen = television.call("fetchUserInfo", json!([token, user])).await.unwrap_err();
    assert_eq!((&stolen["name"], &stolen["status"]), (&json!("WWWAuthenticateChallengeError"), &json!(401)));
}
