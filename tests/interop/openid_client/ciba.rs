//! Backchannel authentication with polling (CIBA Core).

use serde_json::json;

use super::{ForeignClient, assert_refused};
use crate::support::ciba::{ciba_settings, polling};
use crate::support::realm::Realm;

const POLL: &str = "pollBackchannelAuthenticationGrant";

#[tokio::test]
async fn ciba_10_1_openid_client_polls_until_the_user_has_answered() {
    let realm = Realm::with(ciba_settings()).await;
    let (bank, _) = realm.client_with_key("PS256", polling()).await;
    let mut bank = ForeignClient::of(&bank).await;
    let mut browser = realm.signed_in_browser().await;
    for (decision, is_allowed) in [("allow", true), ("deny", false)] {
        let asked = json!([{"scope": "openid profile", "login_hint": "ana", "binding_message": "W4SCT"}]);
        let acknowledged = bank.call("initiateBackchannelAuthentication", asked).await.unwrap();
        bank.begin(POLL, json!([acknowledged])).await;
        bank.is_answered("authorization_pending").await;
        let page = browser.get(&realm.url("/account/requests")).await;
        page.page("requests-page");
        assert!(page.body.contains("W4SCT"));
        browser.press(&page, decision).await.page("requests-page");
        let outcome = bank.end().await;
        if !is_allowed {
            assert_refused(&outcome, 400, "access_denied");
            continue;
        }
        let tokens = outcome.unwrap();
        assert_eq!(tokens["claims"]["sub"], realm.user.id);
        let token = &tokens["access_token"];
        let userinfo = bank.call("fetchUserInfo", json!([token, realm.user.id])).await.unwrap();
        assert_eq!(userinfo["name"], "Ana Example");
        assert_refused(&bank.call(POLL, json!([acknowledged])).await, 400, "invalid_grant");
    }
}

#[tokio::test]
async fn ciba_13_openid_client_is_told_that_nobody_is_known_by_a_hint() {
    let realm = Realm::with(ciba_settings()).await;
    let mut bank = ForeignClient::of(&realm.ciba_client(json!({})).await).await;
    let asked = json!([{"scope": "openid", "login_hint": "nobody"}]);
    let outcome = bank.call("initiateBackchannelAuthentication", asked).await;
    assert_refused(&outcome, 400, "unknown_user_id");
}
