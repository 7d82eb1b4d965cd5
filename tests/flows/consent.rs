//! Consent: asked in plain words, remembered for the client, widened, taken back (OpenID Connect Core 3.1.2.4).

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::browser::Browser;
use crate::support::client::Client;
use crate::support::realm::Realm;

#[tokio::test]
async fn oidc_core_3_1_2_4_consent_is_asked_once_and_names_the_client_and_what_it_wants() {
    let realm = Realm::new().await;
    let client =
        realm.client(json!({"client_name": "Harbour <b>Savings</b>", "policy_uri": "https://client.test/policy"}));
    let client = client.await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid email offline_access");
    let login = browser.authorize(&request).await;
    assert!(login.body.contains("Harbour &lt;b&gt;Savings"), "{}", login.body);
    let consent = browser.log_in(&login, &realm.user).await;
    let page = consent.page("consent-page");
    for shown in
        ["see your email address", "keep this access while you are away", "ana", "https:&#x2f;&#x2f;client.test"]
    {
        assert!(consent.body.contains(shown), "{shown}: {}", consent.body);
    }
    assert!(page.text_of("consent-memory").is_some());
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
    // Remembered: also for less.
    for scope in ["openid email offline_access", "email openid", "openid"] {
        let request = client.request().with("scope", scope);
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    // Not for another client.
    browser.authorize(&realm.client(json!({})).await.request()).await.page("consent-page");
}

#[tokio::test]
async fn oidc_core_3_1_2_4_more_than_was_agreed_to_is_asked_for() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let wider = client.request().with("scope", "openid phone");
    let page = browser.authorize(&wider).await;
    let answer = browser.allow(&page).await;
    AuthorizationResponse::read(&answer, &wider).code();
    // What was agreed to before stays agreed.
    let request = client.request();
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
    assert_eq!(realm.rows().await.count("authorizations"), 1);
}

#[tokio::test]
async fn oidc_core_5_5_single_claims_need_consent_where_the_scope_does_not_bring_them() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await.code();
    let claims = json!({"userinfo": {"birthdate": null}}).to_string();
    let request = client.request().with("claims", &claims);
    let page = browser.authorize(&request).await;
    page.page("consent-page");
    assert!(page.body.contains("date of birth"), "{}", page.body);
    let answer = browser.allow(&page).await;
    AuthorizationResponse::read(&answer, &request).code();
    let again = client.request().with("claims", &claims).with("prompt", "none");
    let answer = browser.authorize(&again).await;
    AuthorizationResponse::read(&answer, &again).code();
}

/// The page with the applications that the user allowed something.
async fn removed(realm: &Realm, browser: &mut Browser, client: &Client) {
    let page = browser.get(&realm.url("/account/apps")).await;
    let shown = page.page("apps-page");
    assert!(page.body.contains(&client.id), "{}", page.body);
    let form = shown.form();
    let button = page.body.split("name=\"authorization\" value=\"").nth(1).unwrap();
    let authorization = button.split('"').next().unwrap();
    let answer = browser.submit(&page, &form.with("authorization", authorization)).await;
    assert!(answer.page("apps-page").text_of("apps-removed").is_some());
    assert!(answer.page("apps-page").text_of("apps-none").is_some());
}

#[tokio::test]
async fn consent_that_is_taken_back_takes_every_token_along() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let code = browser.complete(&request, &realm.user).await;
    assert!(client.is_active(tokens.access_token()).await);
    removed(&realm, &mut browser, &client).await;
    for token in [tokens.access_token(), tokens.refresh_token()] {
        assert!(!client.is_active(token).await);
    }
    client.userinfo(tokens.access_token()).await.assert_token_refused(401, "invalid_token");
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    client.redeem(&request, code.code()).await.assert_refused("invalid_grant");
    browser.authorize(&request).await.page("consent-page");
}

#[tokio::test]
async fn consent_given_again_does_not_revive_what_was_taken_back() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid offline_access");
    let before = client.obtain(&mut browser, &request, &realm.user).await;
    removed(&realm, &mut browser, &client).await;
    let after = client.obtain(&mut browser, &request, &realm.user).await;
    assert!(client.is_active(after.access_token()).await);
    assert!(!client.is_active(before.access_token()).await);
    client.refresh(before.refresh_token()).await.assert_refused("invalid_grant");
}
