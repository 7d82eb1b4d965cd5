//! Device authorization (RFC 8628): what the endpoint takes, what people are asked, and what the device gets.

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::{Client, Credential};
use crate::support::device::{DEVICE_CODE, assert_connected, assert_not_connected, device_settings};
use crate::support::dpop::ProofKey;
use crate::support::http::{Request, at_once, members};
use crate::support::realm::{Realm, merged};

#[tokio::test]
async fn rfc8628_3_2_the_device_gets_two_codes_and_where_to_type_one() {
    let realm = Realm::with(json!({"device_authorization": true})).await;
    let client = realm.device(json!({})).await;
    let answer = client.ask_for_codes(&[("scope", "openid")]).await;
    assert_eq!((answer.status, answer.content_type()), (200, "application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    let expected =
        ["device_code", "expires_in", "interval", "user_code", "verification_uri", "verification_uri_complete"];
    assert_eq!(members(&body), expected.into());
    assert_eq!((&body["expires_in"], &body["interval"]), (&json!(600), &json!(5)));
    let (uri, code) = (body["verification_uri"].as_str().unwrap(), body["user_code"].as_str().unwrap());
    assert_eq!(uri, realm.url("/device"));
    assert_eq!(body["verification_uri_complete"], format!("{uri}?user_code={code}"));
    assert_eq!(body["device_code"].as_str().unwrap().len(), 43);
    let letters: Vec<char> = code.chars().filter(|letter| *letter != '-').collect();
    assert!(letters.len() == 8 && letters.iter().all(|letter| "BCDFGHJKLMNPQRSTVWXZ".contains(*letter)), "{code}");
    // Neither code is stored as it is.
    let rows = realm.rows().await;
    assert!(!rows.contain(body["device_code"].as_str().unwrap()));
    assert!(!rows.contain(code) && !rows.contain(&code.replace('-', "")));
}

#[tokio::test]
async fn rfc8628_3_4_the_device_waits_until_somebody_has_agreed_and_then_gets_its_tokens_once() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid profile offline_access").await;
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    let mut browser = realm.browser();
    assert_connected(&browser.verify(&realm, &codes.user_code, &realm.user).await);
    let tokens = client.poll(&codes.device_code).await.tokens();
    assert_eq!(tokens.0["scope"], "openid profile offline_access");
    let id_token = realm.verify(tokens.id_token()).await;
    assert_eq!(id_token.claims["aud"], client.id);
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["name"], "Ana Example");
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert!(client.is_active(refreshed.access_token()).await);
    client.poll(&codes.device_code).await.assert_refused("invalid_grant");
    assert!(client.is_active(refreshed.access_token()).await);
    // RFC 7009: what the device got is revoked like anything else.
    assert_eq!(client.revoke(refreshed.refresh_token()).await.status, 200);
    assert!(!client.is_active(refreshed.access_token()).await);
}

#[tokio::test]
async fn rfc8628_6_1_a_code_is_typed_as_people_type() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let mut browser = realm.browser();
    let codes = client.codes("openid").await;
    let code = &codes.user_code;
    for typed in [code.to_lowercase(), code.replace('-', ""), format!(" {} ", code.replace('-', "  "))] {
        let page = browser.enter_code(&realm, &typed).await;
        page.page("device-confirm-page");
        assert!(page.body.contains(code), "{typed}");
    }
    for wrong in ["", "x", "BCDF-GHJK", "<script>", &"B".repeat(100)] {
        let page = browser.enter_code(&realm, wrong).await;
        assert!(page.page("device-page").text_of("device-problem").is_some(), "{wrong}");
        assert!(!page.body.contains("<script>"));
    }
}

#[tokio::test]
async fn dv_002_a_device_code_is_good_for_its_client_alone() {
    let realm = Realm::with(device_settings()).await;
    let (client, other) = (realm.device(json!({})).await, realm.device(json!({})).await);
    let codes = client.codes("openid").await;
    other.poll(&codes.device_code).await.assert_refused("invalid_grant");
    assert_connected(&realm.browser().verify(&realm, &codes.user_code, &realm.user).await);
    other.poll(&codes.device_code).await.assert_refused("invalid_grant");
    // The user code is no device code, and neither is a code of another grant.
    client.poll(&codes.user_code).await.assert_refused("invalid_grant");
    client.ask("/token", &[("grant_type", DEVICE_CODE)]).await.assert_refused("invalid_request");
    client.poll(&codes.device_code).await.tokens();
}

#[tokio::test]
async fn dv_004_whoever_polls_too_fast_gets_nothing_and_waits_longer() {
    let realm = Realm::with(json!({"device_authorization": true, "device_poll_interval_seconds": 60})).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid").await;
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    assert_connected(&realm.browser().verify(&realm, &codes.user_code, &realm.user).await);
    for interval in [65, 70, 75] {
        client.poll(&codes.device_code).await.assert_refused("slow_down");
        let row = realm.rows().await.of_table("deferred_requests");
        assert!(row.split(' ').any(|column| column == interval.to_string()), "{interval}: {row}");
    }
}

#[tokio::test]
async fn rfc8628_5_2_a_poll_that_finds_nothing_new_writes_nothing() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid").await;
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    let before = realm.rows().await;
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn dv_005_a_link_with_the_code_approves_nothing_and_shows_who_asks_from_where() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({"client_name": "Harbour TV"})).await;
    let codes = client.codes("openid email").await;
    let mut browser = realm.signed_in_browser().await;
    for _ in 0..2 {
        let page = browser.get(&codes.complete).await;
        let shown = page.page("device-confirm-page");
        assert!(page.body.contains("Harbour TV") && page.body.contains(&codes.user_code));
        assert!(page.body.contains("see your email address"));
        assert!(shown.text_of("device-address").is_some());
        client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    }
    // Without the confirmation there is no way on: neither with the form's field in an address, nor from elsewhere.
    let page = browser.get(&codes.complete).await;
    let form = page.page("device-confirm-page").form();
    let query = form.action.split_once('?').unwrap().1;
    let interaction = form.field("interaction").unwrap();
    let shortcut = format!("{}?{query}&interaction={interaction}", realm.url("/authorize"));
    browser.get(&shortcut).await.assert_error_page();
    let foreign = page.submission(&form.clone().with("action", "confirm")).header("origin", "https://evil.test");
    assert_eq!(browser.send(foreign).await.status, 403);
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    assert_connected(&browser.confirm(&page, &realm.user).await);
    client.poll(&codes.device_code).await.tokens();
}

#[tokio::test]
async fn dv_006_the_token_request_asks_for_no_more() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({"scope": "openid email"})).await;
    let answer = client.ask_for_codes(&[("scope", "admin")]).await;
    answer.assert_refused("invalid_scope");
    let codes = client.codes("openid admin").await;
    assert_connected(&realm.browser().verify(&realm, &codes.user_code, &realm.user).await);
    let more = [("grant_type", DEVICE_CODE), ("device_code", &*codes.device_code), ("scope", "openid email admin")];
    assert_eq!(client.ask("/token", &more).await.tokens().0["scope"], "openid");
}

#[tokio::test]
async fn dv_008_only_the_browser_that_entered_the_code_confirms_and_an_answer_counts_once() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid").await;
    let (mut browser, mut other) = (realm.signed_in_browser().await, realm.signed_in_browser().await);
    let page = browser.enter_code(&realm, &codes.user_code).await;
    other.press(&page, "confirm").await.assert_error_page();
    other.press(&page, "deny").await.assert_error_page();
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
    let confirmed = browser.press(&page, "confirm").await;
    let onward = confirmed.location().unwrap().to_owned();
    other.get(&onward).await.assert_error_page();
    assert_connected(&browser.follow(confirmed).await);
    browser.press(&page, "confirm").await.assert_error_page();
    browser.press(&page, "deny").await.assert_error_page();
    browser.get(&onward).await.assert_error_page();
    client.poll(&codes.device_code).await.tokens();
}

#[tokio::test]
async fn dv_009_a_request_that_was_denied_or_has_expired_is_over() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid").await;
    let mut browser = realm.browser();
    let page = browser.enter_code(&realm, &codes.user_code).await;
    assert_not_connected(&browser.press(&page, "deny").await);
    for _ in 0..2 {
        client.poll(&codes.device_code).await.assert_refused("access_denied");
    }
    let page = browser.enter_code(&realm, &codes.user_code).await;
    assert!(page.page("device-page").text_of("device-problem").is_some());
    // Whoever cancels the login or does not consent denies it, too.
    let codes = client.codes("openid").await;
    let page = browser.enter_code(&realm, &codes.user_code).await;
    let login = browser.press(&page, "confirm").await;
    let login = browser.follow(login).await;
    assert_not_connected(&browser.press(&login, "cancel").await);
    client.poll(&codes.device_code).await.assert_refused("access_denied");
    let asking = realm.device(json!({"settings": {}})).await;
    let codes = asking.codes("openid").await;
    let consent = browser.verify(&realm, &codes.user_code, &realm.user).await;
    consent.page("consent-page");
    assert_not_connected(&browser.press(&consent, "deny").await);
    asking.poll(&codes.device_code).await.assert_refused("access_denied");
}

#[tokio::test]
async fn dv_010_who_may_not_use_the_grant_gets_no_codes() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.client(json!({})).await;
    client.ask_for_codes(&[("scope", "openid")]).await.assert_refused("unauthorized_client");
    client.poll("x").await.assert_refused("unauthorized_client");
    let device = realm.device(json!({})).await;
    for credential in [Credential::None, Credential::Basic("wrong".to_owned())] {
        let wrong = device.with_credential(credential);
        wrong.ask_for_codes(&[("scope", "openid")]).await.assert_refused("invalid_client");
    }
    let nobody = Client { id: "nobody".to_owned(), ..device.with_credential(Credential::None) };
    nobody.ask_for_codes(&[("scope", "openid")]).await.assert_refused("invalid_client");
    // Where the realm has it switched off, it is as if it were not there.
    let off = Realm::new().await;
    let device = off.device(json!({})).await;
    device.ask_for_codes(&[("scope", "openid")]).await.assert_refused("unauthorized_client");
    device.poll("x").await.assert_refused("unsupported_grant_type");
    assert_eq!(off.discovery().await["device_authorization_endpoint"], json!(null));
}

#[tokio::test]
async fn a_public_device_gets_tokens_without_a_secret() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({"token_endpoint_auth_method": "none"})).await;
    let codes = client.codes("openid").await;
    assert_connected(&realm.browser().verify(&realm, &codes.user_code, &realm.user).await);
    client.poll(&codes.device_code).await.tokens();
}

#[tokio::test]
async fn dv_001_guesses_are_counted_by_network_and_for_the_realm() {
    let settings =
        merged(device_settings(), json!({"user_code_attempts_per_address": 5, "user_code_attempts_per_realm": 10}));
    let realm = Realm::with(settings).await;
    let client = realm.device(json!({})).await;
    let codes = client.codes("openid").await;
    let guesses = at_once(20, async || realm.browser().enter_code(&realm, "BCDF-GHJK").await).await;
    let count = |status: u16| guesses.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(429)), (5, 15));
    // A right code is not looked up either.
    assert_eq!(realm.browser().enter_code(&realm, &codes.user_code).await.status, 429);
    assert_eq!(realm.browser().get(&codes.complete).await.status, 429);
    client.poll(&codes.device_code).await.assert_refused("authorization_pending");
}

#[tokio::test]
async fn tk_008_a_device_code_is_nothing_anywhere_else() {
    let realm = Realm::with(device_settings()).await;
    let client = realm
        .device(json!({"grant_types": [DEVICE_CODE, "refresh_token", "authorization_code"],
        "response_types": ["code"], "redirect_uris": ["https://client.test/callback"]}))
        .await;
    let codes = client.codes("openid").await;
    let mut browser = realm.browser();
    let request = client.request();
    client.redeem(&request, &codes.device_code).await.assert_refused("invalid_grant");
    client.refresh(&codes.device_code).await.assert_refused("invalid_grant");
    assert!(!client.is_active(&codes.device_code).await);
    client.userinfo(&codes.device_code).await.assert_token_refused(401, "invalid_token");
    let response = browser.complete(&request, &realm.user).await;
    client.poll(response.code()).await.assert_refused("invalid_grant");
    let tokens = client.redeem(&request, response.code()).await.tokens();
    client.poll(tokens.access_token()).await.assert_refused("invalid_grant");
    // A request at the authorization endpoint that names a device's begins nothing.
    let named = request.clone().with("deferred_request", &"A".repeat(43));
    AuthorizationResponse::read(&browser.authorize(&named).await, &named).code();
    let bare = Request::get(&format!(
        "{}?client_id={}&deferred_request={}",
        realm.url("/authorize"),
        client.id,
        "A".repeat(43)
    ));
    browser.send(bare).await.assert_error_page();
}

#[tokio::test]
async fn rfc9449_10_tokens_are_bound_to_the_key_that_the_request_named() {
    let realm = Realm::with(device_settings()).await;
    let client = realm.device(json!({})).await;
    let (key, other) = (ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let jkt = key.thumbprint();
    let body = client.ask_for_codes(&[("scope", "openid"), ("dpop_jkt", &jkt)]).await.success();
    let text = |name: &str| body[name].as_str().unwrap();
    assert_connected(&realm.browser().verify(&realm, text("user_code"), &realm.user).await);
    let poll = [("grant_type", DEVICE_CODE), ("device_code", text("device_code"))];
    client.ask_with(&other, &poll).await.assert_refused("invalid_grant");
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let tokens = client.ask_with(&key, &poll).await.bound_tokens();
    assert_eq!(client.introspect(tokens.access_token()).await["cnf"], json!({"jkt": key.thumbprint()}));
}
