//! RP-Initiated Logout 1.0.

use serde_json::json;

use super::{LOGGED_OUT, client, logout_url};
use crate::support::http::{Request, encode};
use crate::support::jwt::{SigningKey, read};
use crate::support::provider::TimedProvider;
use crate::support::realm::Realm;

/// oidcc-rp-initiated-logout, oidcc-rp-initiated-logout-no-state, CheckPostLogoutState,
/// CreateEndSessionEndpointRequest.
#[tokio::test]
async fn rp_initiated_logout_2_the_client_of_the_session_is_obeyed_at_once() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let old = browser.cookies.clone();
    let state = "a state & more \u{e4}".repeat(8);
    let parameters =
        [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT), ("state", &state)];
    let answer = browser.get(&logout_url(&realm, &parameters)).await;
    assert_eq!(answer.status, 303, "{answer:?}");
    let encoded = encode(&[("state", &state)]);
    assert_eq!(answer.location().unwrap(), format!("{LOGGED_OUT}&{encoded}"));
    assert!(browser.cookie("session").is_none() && browser.cookie("state").is_none());
    // LO-004: whatever was good before is dead.
    assert!(!client.is_active(tokens.access_token()).await);
    browser.cookies = old;
    let silent = client.request().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    let event = realm.last_event("logout", 1).await;
    assert_eq!(event["client_id"], client.id.as_str());
    // RP-Initiated Logout 4: nothing is wrong with asking again, and the state comes back only if there was one.
    let again = browser.get(&logout_url(&realm, &parameters[..2])).await;
    assert_eq!(again.location().unwrap(), LOGGED_OUT);
}

#[tokio::test]
async fn rp_initiated_logout_2_a_form_from_another_site_is_as_good() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let fields = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT)];
    let fields: Vec<_> = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let form = Request::post(&realm.url("/logout"), "application/x-www-form-urlencoded", encode(&fields));
    // Without cookies, as browsers send it.
    let answer = realm.http.send(form).await;
    assert_eq!(answer.status, 303);
    let answer = browser.get(answer.location().unwrap()).await;
    assert_eq!(answer.location().unwrap(), LOGGED_OUT);
    assert!(!client.is_active(tokens.access_token()).await);
}

/// oidcc-rp-initiated-logout-no-id-token-hint, oidcc-rp-initiated-logout-no-params,
/// oidcc-rp-initiated-logout-only-state.
#[tokio::test]
async fn lo_002_who_proves_nothing_may_only_ask_the_user() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({"client_name": "Harbour"})).await;
    let ben = realm.add_user("ben").await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let of_ben = client.obtain(&mut realm.browser(), &client.request(), &ben).await;
    let of_another_browser = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    for parameters in [
        vec![],
        vec![("state", "x")],
        vec![("post_logout_redirect_uri", LOGGED_OUT), ("state", "x")],
        vec![("client_id", client.id.as_str()), ("post_logout_redirect_uri", LOGGED_OUT)],
        vec![("id_token_hint", of_ben.id_token()), ("post_logout_redirect_uri", LOGGED_OUT)],
        vec![("id_token_hint", of_another_browser.id_token())],
        vec![("logout_hint", "ana"), ("ui_locales", "xx")],
    ] {
        browser.get(&logout_url(&realm, &parameters)).await.page("sign-out-page");
        assert!(client.is_active(tokens.access_token()).await, "{parameters:?}");
    }
    let german = browser.get(&logout_url(&realm, &[("ui_locales", "de")])).await;
    assert!(german.body.contains("lang=\"de\""), "{}", german.body);
    // The address for after the logout is followed once the user says yes, where a client is known.
    let named = [("client_id", client.id.as_str()), ("post_logout_redirect_uri", LOGGED_OUT), ("state", "x")];
    let page = browser.get(&logout_url(&realm, &named)).await;
    assert!(page.body.contains("Harbour"));
    let form = page.page("sign-out-page").form();
    let forged = page.submission(&form).header("origin", "https://evil.test").header("sec-fetch-site", "cross-site");
    assert_eq!(browser.send(forged).await.status, 403);
    let mut without = form.clone();
    without.fields.retain(|(name, _)| name != "csrf");
    assert_eq!(browser.submit(&page, &without).await.status, 403);
    assert!(client.is_active(tokens.access_token()).await);
    let stay = browser.press(&page, "stay").await;
    browser.follow(stay).await.page("signed-in-page");
    let answer = browser.press(&page, "sign-out").await;
    assert_eq!(answer.location().unwrap(), format!("{LOGGED_OUT}&state=x"));
    assert!(!client.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn lo_002_without_a_client_nobody_is_redirected() {
    let realm = Realm::new().await;
    client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let page = browser.get(&logout_url(&realm, &[("post_logout_redirect_uri", LOGGED_OUT), ("state", "x")])).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    let nobody = realm.browser().get(&logout_url(&realm, &[("post_logout_redirect_uri", LOGGED_OUT)])).await;
    nobody.page("signed-out-page");
}

/// oidcc-rp-initiated-logout-bad-post-logout-redirect-uri,
/// oidcc-rp-initiated-logout-query-added-to-post-logout-redirect-uri.
#[tokio::test]
async fn lo_001_an_address_that_is_not_registered_ends_at_a_page() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    for address in [
        "https://client.test/logged-out",
        "https://client.test/logged-out?from=signet&x=y",
        "https://client.test/logged-out?from=signet#",
        "https://client.test/logged-out/?from=signet",
        "https://CLIENT.test/logged-out?from=signet",
        "https://client.test@evil.test/logged-out?from=signet",
        "https://client.test:443/logged-out?from=signet",
        "https://evil.test/",
        "//evil.test/",
        "javascript:alert(1)",
        &client.redirect_uri,
    ] {
        for parameters in [
            vec![("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", address)],
            vec![("client_id", client.id.as_str()), ("post_logout_redirect_uri", address)],
        ] {
            let answer = browser.get(&logout_url(&realm, &parameters)).await;
            assert_eq!(answer.status, 400, "{address}: {answer:?}");
            answer.page("error-page");
            assert!(answer.body.contains("id=\"support-code\""));
        }
    }
    assert!(client.is_active(tokens.access_token()).await);
    for refused in realm.events("kind=logout_refused", 22).await {
        assert_eq!(refused["client_id"], client.id.as_str());
    }
}

/// oidcc-rp-initiated-logout-modified-id-token-hint, oidcc-rp-initiated-logout-bad-id-token-hint.
#[tokio::test]
async fn rp_initiated_logout_4_a_hint_that_is_not_ours_ends_at_a_page() {
    let realm = Realm::new().await;
    let (client, other) = (client(&realm, json!({})).await, client(&realm, json!({})).await);
    let elsewhere = Realm::new().await;
    let foreign = super::client(&elsewhere, json!({})).await;
    let foreign = foreign.obtain(&mut elsewhere.browser(), &foreign.request(), &elsewhere.user).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let claims = read(tokens.id_token()).claims;
    let forged = SigningKey::generate("RS256").sign(&claims);
    let (head, _) = tokens.id_token().rsplit_once('.').unwrap();
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", tokens.id_token().split('.').nth(1).unwrap());
    for hint in [forged.as_str(), &format!("{head}.AAAA"), &unsigned, foreign.id_token(), tokens.access_token(), "x"] {
        let parameters = [("id_token_hint", hint), ("post_logout_redirect_uri", LOGGED_OUT)];
        let answer = browser.get(&logout_url(&realm, &parameters)).await;
        assert_eq!((answer.status, answer.is_page("error-page")), (400, true), "{hint}: {answer:?}");
    }
    for parameters in [
        vec![("id_token_hint", tokens.id_token()), ("client_id", other.id.as_str())],
        vec![("client_id", "nobody")],
        vec![("state", "a"), ("state", "b")],
        vec![("state", &*"x".repeat(2_001))],
    ] {
        let answer = browser.get(&logout_url(&realm, &parameters)).await;
        assert_eq!((answer.status, answer.is_page("error-page")), (400, true), "{answer:?}");
    }
    assert!(client.is_active(tokens.access_token()).await);
}

#[tokio::test]
async fn rp_initiated_logout_2_old_hints_and_retired_keys_still_prove_it() {
    let timed = TimedProvider::start().await;
    let realm = timed.realm(json!({"id_token_seconds": 60})).await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    timed.advance(3_600);
    let context = timed.provider.realm(&realm.name.parse().unwrap()).await.unwrap();
    let serving = timed.provider.serving_itself();
    let kid = read(tokens.id_token()).header["kid"].as_str().unwrap().parse().unwrap();
    let now = signet_core::registry::Activation::Immediate;
    let algorithm: signet_jose::SignatureAlgorithm = "RS256".parse().unwrap();
    signet_core::registry::rotate_key(&serving, &context, algorithm, now).await.unwrap();
    let retired = signet_core::model::KeyState::Retired;
    signet_core::registry::set_key_state(&serving, &context, &kid, retired).await.unwrap();
    let published = realm.get("/jwks").await.success().to_string();
    assert!(!published.contains(kid.as_str()));
    let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT)];
    let answer = browser.get(&logout_url(&realm, &parameters)).await;
    assert_eq!(answer.location(), Some(LOGGED_OUT), "{answer:?}");
    drop(serving);
    timed.stop().await;
}

#[tokio::test]
async fn a_client_whose_tokens_are_authenticated_with_its_secret_is_known_by_them() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({"id_token_signed_response_alg": "HS256"})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let parameters = [("id_token_hint", tokens.id_token()), ("post_logout_redirect_uri", LOGGED_OUT)];
    assert_eq!(browser.get(&logout_url(&realm, &parameters)).await.location(), Some(LOGGED_OUT));
}

#[tokio::test]
async fn offline_access_outlives_a_logout_unless_the_realm_says_so() {
    for ends in [false, true] {
        let realm = Realm::with(json!({"logout_ends_offline_access": ends})).await;
        let client = client(&realm, json!({})).await;
        let mut browser = realm.browser();
        let request = client.request().with("scope", "openid offline_access");
        let offline = client.obtain(&mut browser, &request, &realm.user).await;
        let page = browser.get(&logout_url(&realm, &[])).await;
        browser.press(&page, "sign-out").await.page("signed-out-page");
        assert_eq!(client.is_active(offline.access_token()).await, !ends);
        let refreshed = client.refresh(offline.refresh_token()).await;
        assert_eq!(refreshed.status == 200, !ends, "{refreshed:?}");
    }
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_the_user() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let (mut here, mut there) = (realm.browser(), realm.browser());
    let at_home = client.obtain(&mut here, &client.request(), &realm.user).await;
    let at_work = client.obtain(&mut there, &client.request(), &realm.user).await;
    let page = here.get(&realm.url("/account/sign-out")).await;
    here.press(&page, "everywhere").await.page("signed-out-page");
    for tokens in [at_home, at_work] {
        assert!(!client.is_active(tokens.access_token()).await);
    }
    assert_eq!(realm.rows().await.count("sessions"), 0);
    assert_eq!(realm.last_event("sessions_ended", 1).await["details"]["reason"], "signed_out_everywhere");
}
