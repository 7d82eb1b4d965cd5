//! Making an account for oneself (Initiating User Registration 1.0).

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationResponse;
use crate::support::browser::Browser;
use crate::support::http::Answer;
use crate::support::jwt::read;
use crate::support::realm::{Realm, merged};

/// Not among those that guessers try first.
const PASSWORD: &str = "otter-canvas-71-birch";

async fn open_realm(settings: Value) -> Realm {
    Realm::with(merged(json!({"self_registration": true}), settings)).await
}

/// Answers the form with these fields changed.
async fn sign_up(browser: &mut Browser, page: &Answer, fields: &[(&str, &str)]) -> Answer {
    let mut form = page.page("sign-up-page").form().with("action", "sign-up");
    for (name, value) in [("username", "bruno"), ("password", PASSWORD), ("repeated", PASSWORD)].iter().chain(fields) {
        form = form.with(name, value);
    }
    let answer = browser.submit(page, &form).await;
    browser.follow(answer).await
}

#[tokio::test]
async fn prompt_create_4_1_a_person_makes_an_account_and_the_client_gets_its_tokens() {
    let realm = open_realm(json!({})).await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("prompt", "create").with("scope", "openid email profile");
    let mut browser = realm.browser();
    let page = browser.authorize(&request).await;
    let page = sign_up(&mut browser, &page, &[("name", "Bruno Fel"), ("email", "bruno@example.test")]).await;
    let answer = browser.allow(&page).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    let claims = realm.verify(tokens.id_token()).await.claims;
    assert_ne!(claims["sub"], realm.user.id, "somebody new");
    let userinfo = client.userinfo(tokens.access_token()).await.json();
    assert_eq!(userinfo["name"], "Bruno Fel");
    assert_eq!((&userinfo["email"], &userinfo["email_verified"]), (&json!("bruno@example.test"), &json!(false)));
    // The account is one like any other.
    let mut other = realm.browser();
    let again = client.request().with("scope", "openid");
    let page = other.authorize(&again).await;
    let answer = other.log_in_as(&page, "BRUNO", PASSWORD).await;
    AuthorizationResponse::read(&answer, &again).code();
}

#[tokio::test]
async fn prompt_create_4_1_it_comes_first_even_where_somebody_is_signed_in() {
    let realm = open_realm(json!({})).await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.browser();
    let of_ana = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let before = browser.clone();
    let request = client.request().with("prompt", "create");
    let page = browser.authorize(&request).await;
    let answer = sign_up(&mut browser, &page, &[]).await;
    let response = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    assert_ne!(read(tokens.id_token()).claims["sub"], realm.user.id);
    // SE-001, AZ-074: it is another session, and the one before has ended with what lived with it.
    assert_ne!(browser.cookie("session"), before.cookie("session"));
    assert_eq!(realm.rows().await.count("sessions"), 1);
    assert!(!client.is_active(of_ana.access_token()).await);
    before.clone().authorize(&client.request()).await.page("login-page");
}

/// AZ-024: a form for a client that is gone meanwhile makes neither an account nor a session.
#[tokio::test]
async fn cve_2026_2733_without_its_client_a_form_makes_no_account() {
    let realm = open_realm(json!({})).await;
    let (disabled, deleted) = (realm.client(json!({})).await, realm.client(json!({})).await);
    let (mut one, mut other) = (realm.browser(), realm.browser());
    let first = one.authorize(&disabled.request().with("prompt", "create")).await;
    let second = other.authorize(&deleted.request().with("prompt", "create")).await;
    realm.update_client(&disabled, json!({"enabled": false})).await;
    realm.server.administration.delete_client(&realm.name, &deleted.id).await;
    let users = realm.rows().await.count("users");
    for (browser, page) in [(&mut one, &first), (&mut other, &second)] {
        sign_up(browser, page, &[]).await.assert_error_page();
        assert!(browser.cookie("session").is_none());
    }
    let rows = realm.rows().await;
    assert_eq!((rows.count("users"), rows.count("sessions")), (users, 0));
}

#[tokio::test]
async fn prompt_create_4_2_discovery_lists_it_where_it_is_offered_and_nowhere_else() {
    let prompts = |document: &Value| document["prompt_values_supported"].as_array().unwrap().contains(&json!("create"));
    assert!(prompts(&open_realm(json!({})).await.discovery().await));
    let closed = Realm::new().await;
    assert!(!prompts(&closed.discovery().await));
    let request = closed.client(json!({})).await.request();
    let page = closed.browser().authorize(&request).await;
    assert!(!page.body.contains("login-sign-up"), "{}", page.body);
    // A form that somebody kept from when it was offered is refused.
    let mut browser = closed.browser();
    let page = browser.authorize(&request).await;
    browser.press(&page, "sign-up").await.page("error-page");
}

#[tokio::test]
async fn prompt_create_goes_with_no_silence() {
    let realm = open_realm(json!({})).await;
    let request = realm.client(json!({})).await.request().with("prompt", "none create");
    realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn the_two_forms_lead_to_each_other_and_either_can_be_left() {
    let realm = open_realm(json!({})).await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    let sign_up = browser.press(&login, "sign-up").await;
    sign_up.page("sign-up-page");
    let login = browser.press(&sign_up, "login").await;
    let answer = browser.log_in(&login, &realm.user).await;
    AuthorizationResponse::read(&answer, &request).code();
    // Both are the same form of one interaction: it was answered.
    browser.press(&sign_up, "cancel").await.page("error-page");
    let mut other = realm.browser();
    let page = other.authorize(&request.clone().with("prompt", "create")).await;
    let answer = other.press(&page, "cancel").await;
    assert_eq!(AuthorizationResponse::read(&answer, &request).error(), "access_denied");
}

#[tokio::test]
async fn what_is_wrong_is_said_and_what_was_typed_is_kept_except_passwords() {
    let realm = open_realm(json!({})).await;
    let request = realm.client(json!({})).await.request().with("prompt", "create");
    let mut browser = realm.browser();
    let mut page = browser.authorize(&request).await;
    let wrong: [(&[(&str, &str)], &str); 8] = [
        (&[("username", " ")], "1 to 255 characters"),
        (&[("username", "ana\u{200b}")], "1 to 255 characters"),
        (&[("username", &realm.user.username)], "has this username already"),
        (&[("repeated", "otter-canvas-72-birch")], "not the same"),
        (&[("password", "short"), ("repeated", "short")], "too short"),
        (&[("password", "password1"), ("repeated", "password1")], "try this password first"),
        (&[("email", "not an address")], "check the e-mail address"),
        (&[("name", "\u{7}")], "check the name"),
    ];
    for (fields, said) in wrong {
        page = sign_up(&mut browser, &page, fields).await;
        let shown = page.page("sign-up-page");
        let text = shown.text_of("sign-up-problem").unwrap_or_default();
        assert!(text.contains(said), "{fields:?}: {text}");
        assert!(!page.body.contains(PASSWORD), "{}", page.body);
    }
    let mended = [("name", "Bruno"), ("email", "")];
    assert!(sign_up(&mut browser, &page, &mended).await.is_page("consent-page"));
}

#[tokio::test]
async fn lg_whoever_asks_for_many_names_is_stopped() {
    let realm = open_realm(json!({"self_registrations_per_address": 3})).await;
    let request = realm.client(json!({})).await.request().with("prompt", "create");
    let mut browser = realm.browser();
    let mut page = browser.authorize(&request).await;
    for attempt in 0..5 {
        let taken = [("username", realm.user.username.as_str())];
        page = sign_up(&mut browser, &page, &taken).await;
        assert_eq!(page.status, if attempt < 3 { 200 } else { 429 });
        let text = page.page("sign-up-page").text_of("sign-up-problem").unwrap();
        assert_eq!(text.contains("too many attempts"), attempt >= 3, "{text}");
    }
    // Those who are let in by a password are not concerned.
    let login = browser.press(&page, "login").await;
    assert!(browser.log_in(&login, &realm.user).await.is_page("consent-page"));
}

#[tokio::test]
async fn a_form_from_another_site_makes_no_account() {
    let realm = open_realm(json!({})).await;
    let request = realm.client(json!({})).await.request().with("prompt", "create");
    let mut browser = realm.browser();
    let page = browser.authorize(&request).await;
    let form = page.page("sign-up-page").form().with("username", "bruno").with("password", PASSWORD);
    let form = form.with("repeated", PASSWORD).with("action", "sign-up");
    let foreign = page.submission(&form).header("origin", "https://evil.test").header("sec-fetch-site", "cross-site");
    browser.send(foreign).await.page("error-page");
    // Nor does one of this site in another browser.
    realm.browser().submit(&page, &form).await.page("error-page");
    assert!(sign_up(&mut browser, &page, &[]).await.is_page("consent-page"));
}

/// AZ-086: one account for one form, whatever names it is answered with, and none once it was left.
#[tokio::test]
async fn design_6_a_form_makes_one_account_and_only_once() {
    let realm = open_realm(json!({"self_registrations_per_address": 10_000})).await;
    let client = realm.client(json!({})).await;
    let mut asking = realm.browser();
    let page = asking.authorize(&client.request().with("prompt", "create")).await;
    let users = async || realm.rows().await.count("users");
    let before = users().await;
    let submit = |number: usize| {
        let (mut browser, page) = (asking.clone(), page.clone());
        async move {
            let form = page.page("sign-up-page").form().with("action", "sign-up");
            let form = form.with("username", &format!("bruno-{number}")).with("password", PASSWORD);
            browser.submit(&page, &form.with("repeated", PASSWORD)).await
        }
    };
    let answers = futures_util::future::join_all((0..8).map(submit)).await;
    let (made, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 303);
    assert_eq!((made.len(), refused.len()), (1, 7));
    for answer in &refused {
        answer.assert_error_page();
    }
    submit(9).await.assert_error_page();
    assert_eq!(users().await, before + 1);
    // What somebody left is answered as well.
    let mut leaving = realm.browser();
    let request = client.request().with("prompt", "create");
    let page = leaving.authorize(&request).await;
    leaving.press(&page, "cancel").await.assert_error_response(&request, "access_denied");
    sign_up(&mut leaving, &page, &[("username", "late")]).await.assert_error_page();
    let rows = realm.rows().await;
    assert_eq!((rows.count("users"), rows.count("sessions")), (before + 1, 1));
    // Both changes are told of, the account before the login.
    let created = realm.last_event("login", 1).await;
    let of_request = format!("request_id={}", created["request_id"].as_str().unwrap());
    let kinds: Vec<Value> = realm.events(&of_request, 2).await.iter().map(|event| event["kind"].clone()).collect();
    assert_eq!(kinds, ["administrative_change", "login"]);
}
