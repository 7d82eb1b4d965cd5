//! The pages of a signed-in person: who is signed in, and signing out.

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::realm::Realm;

/// LO-004.
#[tokio::test]
async fn signing_out_ends_the_session_and_what_lives_with_it() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let online = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let request = client.request().with("scope", "openid offline_access");
    let offline = client.obtain(&mut browser, &request, &realm.user).await;
    // Plain OAuth, whose refresh token lives with the session.
    let request = client.request().with("scope", "read").without("nonce");
    let with_session = client.obtain(&mut browser, &request, &realm.user).await;
    let asked = client.request();
    let in_flight = browser.complete(&asked, &realm.user).await;
    let open = browser.authorize(&client.request().with("prompt", "consent")).await;
    let old_cookies = browser.cookies.clone();

    let page = browser.get(&realm.url("/account/sign-out")).await;
    page.page("sign-out-page");
    assert!(client.is_active(online.access_token()).await, "asking is not signing out");
    let answer = browser.press(&page, "sign-out").await;
    answer.page("signed-out-page");
    assert!(browser.cookie("session").is_none());

    assert!(!client.is_active(online.access_token()).await);
    client.userinfo(online.access_token()).await.assert_token_refused(401, "invalid_token");
    // Offline access is what outlives the session (OpenID Connect Core 11).
    assert!(client.is_active(offline.access_token()).await);
    client.refresh(offline.refresh_token()).await.tokens();
    client.redeem(&asked, in_flight.code()).await.assert_refused("invalid_grant");
    assert!(!client.is_active(with_session.refresh_token()).await);
    client.refresh(with_session.refresh_token()).await.assert_refused("invalid_grant");
    // What was open in another tab goes nowhere, with the cookies of before, too.
    for cookies in [browser.cookies.clone(), old_cookies.clone()] {
        let mut tab = browser.clone();
        tab.cookies = cookies;
        let answer = tab.allow(&open).await;
        assert!(answer.location().is_none_or(|location| !location.contains("code=")), "{answer:?}");
    }
    // The old cookie is worth nothing, wherever it comes from.
    browser.cookies = old_cookies;
    browser.authorize(&client.request()).await.page("login-page");
    browser.get(&realm.url("/account")).await.page("signed-out-page");
}

#[tokio::test]
async fn staying_signed_in_is_an_answer_too() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let page = browser.get(&realm.url("/account/sign-out")).await;
    let answer = browser.press(&page, "stay").await;
    let page = browser.follow(answer).await;
    page.page("signed-in-page");
    assert!(page.body.contains("ana"), "{}", page.body);
}

#[tokio::test]
async fn the_account_page_leads_to_apps_and_to_signing_out() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let page = browser.get(&realm.url("/account")).await;
    let path = format!("/realms/{}/account", realm.name);
    assert!(page.body.contains(&format!("{path}/apps").replace('/', "&#x2f;")), "{}", page.body);
    let form = page.page("signed-in-page").form();
    assert_eq!(form.action, format!("{path}/sign-out"));
    let answer = browser.submit(&page, &form).await;
    answer.page("signed-out-page");
}

/// Applications that nobody was asked about, because an administrator vouches for them.
#[tokio::test]
async fn applications_without_consent_are_listed_and_lose_what_they_have() {
    let realm = Realm::new().await;
    let trusted = json!({
        "client_name": "Intranet", "settings": {"skip_consent": true}, "scope": "openid email offline_access",
        "grant_types": ["authorization_code", "refresh_token"],
    });
    let (client, other) = (realm.client(trusted).await, realm.client(json!({"client_name": "Shop"})).await);
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid email offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let shop = other.obtain(&mut browser, &other.request(), &realm.user).await;
    let page = browser.get(&realm.url("/account/apps")).await;
    page.page("apps-page");
    for shown in ["Intranet", "Shop", "see your email address"] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    assert_eq!(page.body.matches("class=\"app\"").count(), 2, "each once: {}", page.body);
    let form = page.page("apps-page").form();
    let forged = form.clone().with("csrf", "x").with("client", &client.id);
    assert_eq!(browser.submit(&page, &forged).await.status, 403);
    assert!(client.is_active(tokens.refresh_token()).await);

    let answer = browser.submit(&page, &form.with("client", &client.id)).await;
    let shown = answer.page("apps-page").text_of("apps-removed").unwrap();
    assert!(shown.contains("Intranet"), "{shown}");
    for token in [tokens.access_token(), tokens.refresh_token()] {
        assert!(!client.is_active(token).await);
    }
    client.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    assert_eq!(realm.last_event("consent_revoked", 1).await["client_id"], client.id.as_str());
    // The others keep what they have, and the person may come back.
    assert!(other.is_active(shop.access_token()).await);
    let again = browser.get(&realm.url("/account/apps")).await;
    assert!(!again.body.contains("Intranet") && again.body.contains("Shop"), "{}", again.body);
    let again = client.obtain(&mut browser, &request, &realm.user).await;
    assert!(client.is_active(again.access_token()).await);
    client.refresh(again.refresh_token()).await.tokens();
}

#[tokio::test]
async fn nobody_is_signed_in_in_a_new_browser() {
    let realm = Realm::new().await;
    for path in ["/account", "/account/apps", "/account/sign-out"] {
        realm.browser().get(&realm.url(path)).await.page("signed-out-page");
    }
}

#[tokio::test]
async fn two_users_can_take_turns_in_one_browser() {
    let realm = Realm::new().await;
    let ben = realm.add_user("ben").await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.browser();
    let first = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let request = client.request().with("prompt", "login");
    let page = browser.authorize(&request).await;
    let answer = browser.log_in(&page, &ben).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let second = client.redeem(&request, response.code()).await.tokens();
    assert_eq!(client.userinfo(second.access_token()).await.success()["sub"], ben.id);
    // The session before has ended, and its tokens with it.
    client.userinfo(first.access_token()).await.assert_token_refused(401, "invalid_token");
    assert_eq!(realm.rows().await.count("sessions"), 1);
}
