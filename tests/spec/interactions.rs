//! Between the authorization request and its response: forms are answered once, by the browser they were shown to, from
//! a page of ours, and for the very request they belong to (RFC 6749 section 10.12, RFC 9700 section 4.7).

use serde_json::json;

use crate::support::authorization::AuthorizationResponse;
use crate::support::browser::Browser;
use crate::support::html::Form;
use crate::support::http::{Answer, Request, at_once, decode, encode};
use crate::support::realm::Realm;

/// The login page of a new browser.
async fn login_page(realm: &Realm) -> (Browser, Answer) {
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    page.page("login-page");
    (browser, page)
}

/// The consent page of a browser in which the user is signed in.
async fn consent_page(realm: &Realm) -> (Browser, Answer) {
    let (mut browser, page) = login_page(realm).await;
    let page = browser.log_in(&page, &realm.user).await;
    page.page("consent-page");
    (browser, page)
}

fn credentials(realm: &Realm, page: &Answer) -> Form {
    let form = page.page("login-page").form();
    form.with("username", &realm.user.username).with("password", &realm.user.password).with("action", "login")
}

fn allowed(page: &Answer) -> Form {
    page.page("consent-page").form().with("action", "allow")
}

/// Headers that tell of another site, or of none that may be told.
const FOREIGN: &[(&str, &str)] = &[
    ("origin", "https://evil.test"),
    ("origin", "null"),
    ("origin", "https://localhost"),
    ("sec-fetch-site", "cross-site"),
    ("sec-fetch-site", "same-site"),
    ("sec-fetch-site", "none"),
];

/// Checks that a form is refused when it comes from elsewhere, and that nothing happened.
async fn assert_refused_from_elsewhere(realm: &Realm, browser: &mut Browser, (page, form): (&Answer, &Form)) {
    let before = realm.rows().await;
    for (name, value) in FOREIGN {
        let request = page.submission(form).header(name, value);
        let answer = browser.send(request).await;
        assert_eq!(answer.status, 403, "{name}: {value}: {answer:?}");
        answer.assert_error_page();
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// AZ-084.
#[tokio::test]
async fn rfc6749_10_12_a_login_form_from_another_site_is_refused() {
    let realm = Realm::new().await;
    let (mut browser, page) = login_page(&realm).await;
    let form = credentials(&realm, &page);
    assert_refused_from_elsewhere(&realm, &mut browser, (&page, &form)).await;
    assert_refused_without_its_token(&realm, &mut browser, (&page, &form)).await;
    // The form itself is still good.
    let answer = browser.submit(&page, &form).await;
    browser.follow(answer).await.page("consent-page");
}

/// AZ-085.
#[tokio::test]
async fn rfc6749_10_12_a_consent_form_from_another_site_is_refused() {
    let realm = Realm::new().await;
    let (mut browser, page) = consent_page(&realm).await;
    assert_refused_from_elsewhere(&realm, &mut browser, (&page, &allowed(&page))).await;
    assert_refused_without_its_token(&realm, &mut browser, (&page, &allowed(&page))).await;
    assert_eq!(realm.rows().await.count("authorizations"), 0);
}

/// Checks that a form is refused without what only this browser was given, and with what another one was.
async fn assert_refused_without_its_token(realm: &Realm, browser: &mut Browser, (page, form): (&Answer, &Form)) {
    let (_, elsewhere) = if page.is_page("consent-page") { consent_page(realm).await } else { login_page(realm).await };
    let foreign = crate::support::html::HtmlPage::new(&elsewhere.body).form();
    let before = realm.rows().await;
    let mut without = form.clone();
    without.fields.retain(|(name, _)| name != "interaction");
    browser.submit(page, &without).await.assert_error_page();
    let swapped = form.clone().with("interaction", foreign.field("interaction").unwrap());
    browser.submit(page, &swapped).await.assert_error_page();
    // At the address of that other form, too.
    browser.submit(page, &Form { action: foreign.action, ..swapped }).await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn rfc6749_10_12_account_forms_from_another_site_or_with_another_token_are_refused() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let other = realm.signed_in_browser().await.get(&realm.url("/account/sign-out")).await;
    for path in ["/account/sign-out", "/account/apps"] {
        let page = browser.get(&realm.url("/account/sign-out")).await;
        let form = Form { action: realm.url(path), ..page.page("sign-out-page").form() };
        assert_refused_from_elsewhere(&realm, &mut browser, (&page, &form)).await;
        let before = realm.rows().await;
        let foreign = other.page("sign-out-page").form().field("csrf").unwrap().to_owned();
        for token in ["", "x", &foreign] {
            let answer = browser.submit(&page, &form.clone().with("csrf", token)).await;
            assert_eq!(answer.status, 403, "{answer:?}");
        }
        let answer = browser.submit(&page, &Form { fields: Vec::new(), ..form }).await;
        assert_eq!(answer.status, 403, "{answer:?}");
        assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    }
}

/// AZ-084, AZ-085, AZ-088: the sealed interaction, bound to a cookie, is the token against forged requests.
#[tokio::test]
async fn rfc9700_4_7_a_form_is_refused_in_another_browser() {
    let realm = Realm::new().await;
    let (_, page) = login_page(&realm).await;
    let form = credentials(&realm, &page);
    let mut victim = realm.signed_in_browser().await;
    // With a session of its own, without any cookie, and with the cookies of another interaction.
    let (mut elsewhere, _) = login_page(&realm).await;
    let before = realm.rows().await;
    for browser in [&mut victim, &mut realm.browser(), &mut elsewhere] {
        browser.submit(&page, &form).await.assert_error_page();
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    let (_, page) = consent_page(&realm).await;
    let before = realm.rows().await;
    victim.submit(&page, &allowed(&page)).await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// AZ-088.
#[tokio::test]
async fn rfc9700_4_7_the_progress_of_one_browser_is_worth_nothing_in_another() {
    let realm = Realm::new().await;
    let (mut attacker, page) = login_page(&realm).await;
    let answer = attacker.submit(&page, &credentials(&realm, &page)).await;
    let resume = answer.location().unwrap().to_owned();
    assert!(resume.contains("interaction="), "{resume}");
    let mut victim = realm.signed_in_browser().await;
    let before = realm.rows().await;
    victim.get(&resume).await.assert_error_page();
    realm.browser().get(&resume).await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    attacker.get(&resume).await.page("consent-page");
}

/// AZ-034.
#[tokio::test]
async fn design_6_a_request_cannot_be_changed_after_it_was_shown() {
    let realm = Realm::new().await;
    let other = realm.client(json!({})).await;
    let (mut browser, page) = login_page(&realm).await;
    let form = credentials(&realm, &page);
    let (path, query) = form.action.split_once('?').unwrap();
    let before = realm.rows().await;
    let parameters = decode(query);
    for (name, value) in [
        ("scope", "openid email"),
        ("state", "other"),
        ("nonce", "other"),
        ("client_id", &other.id),
        ("code_challenge", &"a".repeat(43)),
        ("prompt", "consent"),
    ] {
        let changed: Vec<_> = parameters.iter().filter(|(known, _)| known != name).cloned().collect();
        let changed = [changed, vec![(name.to_owned(), value.to_owned())]].concat();
        let action = format!("{path}?{}", encode(&changed));
        browser.submit(&page, &Form { action, ..form.clone() }).await.assert_error_page();
    }
    // Without the redirect URI, and without anything.
    for action in [path.to_owned(), format!("{path}?client_id={}", other.id)] {
        browser.submit(&page, &Form { action, ..form.clone() }).await.assert_error_page();
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// AZ-086.
#[tokio::test]
async fn design_6_a_form_is_answered_once() {
    let realm = Realm::new().await;
    let (mut browser, page) = login_page(&realm).await;
    let form = credentials(&realm, &page);
    let first = browser.submit(&page, &form).await;
    let before = realm.rows().await;
    browser.submit(&page, &form).await.assert_error_page();
    browser.press(&page, "cancel").await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    let consent = browser.follow(first).await;
    let answer = browser.submit(&consent, &allowed(&consent)).await;
    assert!(answer.location().unwrap().contains("code="));
    let before = realm.rows().await;
    browser.submit(&consent, &allowed(&consent)).await.assert_error_page();
    browser.press(&consent, "deny").await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// AZ-086.
#[tokio::test]
async fn design_6_two_answers_at_once_make_one_code() {
    let realm = Realm::new().await;
    let (browser, page) = consent_page(&realm).await;
    let form = allowed(&page);
    let answers = at_once(8, async || browser.clone().submit(&page, &form).await).await;
    let (codes, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 303);
    assert_eq!(codes.len(), 1);
    for answer in &refused {
        answer.assert_error_page();
    }
}

/// AZ-089.
#[tokio::test]
async fn rfc9110_9_2_1_reading_decides_nothing() {
    let realm = Realm::new().await;
    let (mut browser, page) = consent_page(&realm).await;
    let before = realm.rows().await;
    let action = allowed(&page).action;
    let interaction = allowed(&page).field("interaction").unwrap().to_owned();
    let more = encode(&[("interaction", interaction.as_str()), ("action", "allow")]);
    let answer = browser.get(&format!("{}{action}&{more}", realm.server.public_url)).await;
    assert_eq!(answer.status, 405, "{answer:?}");
    // Nor does the password in an address, or an answer where the request goes on.
    let (mut another, login) = login_page(&realm).await;
    let form = credentials(&realm, &login);
    let before_login = realm.rows().await;
    let shortcut = |address: &str, fields: &[(String, String)]| {
        let separator = if address.contains('?') { '&' } else { '?' };
        Request::get(&format!("{address}{separator}{}", encode(fields)))
    };
    let posted = format!("{}{}", realm.server.public_url, form.action);
    assert_eq!(another.send(shortcut(&posted, &form.fields)).await.status, 405);
    let answer = another.send(shortcut(&login.url, &form.fields)).await;
    assert!(answer.is_page("login-page") || answer.is_page("error-page"), "{answer:?}");
    let head = Request { method: http::Method::HEAD, ..shortcut(&login.url, &form.fields) };
    another.send(head).await;
    assert!(another.cookie("session").is_none());
    assert_eq!(realm.rows().await.changed_since(&before_login), [""; 0]);
    assert_eq!(realm.rows().await.count("authorizations"), before.count("authorizations"));
}

/// AZ-093, of which `walks` tries what nobody thought of.
#[tokio::test]
async fn owasp_steps_cannot_be_skipped_or_swapped() {
    let realm = Realm::new().await;
    let (mut browser, login) = login_page(&realm).await;
    let sealed = login.page("login-page").form().field("interaction").unwrap().to_owned();
    let before = realm.rows().await;
    // The login form's value at the consent endpoint, and as progress of the request.
    let consent =
        Form { action: login.page("login-page").form().action.replace("/login?", "/consent?"), fields: Vec::new() };
    let consent = consent.with("interaction", &sealed).with("action", "allow");
    browser.submit(&login, &consent).await.assert_error_page();
    let resumed = browser.get(&format!("{}&interaction={sealed}", login.url)).await;
    resumed.page("login-page");
    // Empty and invented values.
    for value in ["", "x", "si_", "si_AQAAAAE", &sealed[..sealed.len() - 1], &format!("{sealed}A")] {
        let form = credentials(&realm, &login).with("interaction", value);
        browser.submit(&login, &form).await.assert_error_page();
    }
    let empty = Form { fields: Vec::new(), ..consent };
    browser.submit(&login, &empty).await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    // The consent form's value at the login endpoint.
    let consent = browser.log_in(&login, &realm.user).await;
    let sealed = allowed(&consent).field("interaction").unwrap().to_owned();
    let before = realm.rows().await;
    browser.submit(&login, &credentials(&realm, &login).with("interaction", &sealed)).await.assert_error_page();
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// AZ-072.
#[tokio::test]
async fn oidc_core_3_1_2_3_prompt_login_is_not_lost_on_the_way() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request().with("prompt", "login");
    let page = browser.authorize(&request).await;
    let sealed = page.page("login-page").form().field("interaction").unwrap().to_owned();
    // Resuming without having logged in for this request asks again; resuming another request is refused.
    browser.get(&format!("{}&interaction={sealed}", request.url())).await.page("login-page");
    let without = request.clone().without("prompt");
    browser.get(&format!("{}&interaction={sealed}", without.url())).await.assert_error_page();
    // What comes in the end tells of a login after the request.
    let asked_at = crate::support::time::now();
    let mut fresh = browser.clone();
    let form = fresh.authorize(&request).await;
    let answer = fresh.log_in(&form, &realm.user).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    let tokens = client.redeem(&request, &code).await.tokens();
    let login = crate::support::jwt::read(tokens.id_token()).claims["auth_time"].as_i64();
    assert!(login >= Some(asked_at), "{login:?} before {asked_at}");
    // Progress is for the user who made it: somebody else's login does not inherit it.
    let ben = realm.add_user("ben").await;
    let answer = browser.submit(&page, &credentials(&realm, &page)).await;
    let resume = answer.location().unwrap().to_owned();
    let again = browser.authorize(&request).await;
    browser.log_in(&again, &ben).await;
    browser.get(&resume).await.page("login-page");
}

/// AZ-024.
#[tokio::test]
async fn cve_2026_2733_a_client_that_is_disabled_in_between_gets_nothing() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    let consent = browser.log_in(&page, &realm.user).await;
    realm.update_client(&client, json!({"enabled": false})).await;
    browser.submit(&consent, &allowed(&consent)).await.assert_error_page();
    assert_eq!(realm.rows().await.count("authorizations"), 0);
    // The same before the password, and with a client that is gone altogether.
    let going = realm.client(json!({})).await;
    let consent = browser.authorize(&going.request()).await;
    consent.page("consent-page");
    let (mut another, mut before) = (realm.browser(), Vec::new());
    for client in [&realm.client(json!({})).await, &going] {
        before.push(another.authorize(&client.request()).await);
        realm.server.administration.delete_client(&realm.name, &client.id).await;
    }
    browser.submit(&consent, &allowed(&consent)).await.assert_error_page();
    for login in &before {
        another.submit(login, &credentials(&realm, login)).await.assert_error_page();
    }
    assert!(another.cookie("session").is_none());
    assert_eq!(realm.rows().await.count("authorizations"), 0);
}

/// AZ-092.
#[tokio::test]
async fn cve_2025_53942_a_user_who_is_disabled_in_between_gives_nothing() {
    let realm = Realm::new().await;
    let (mut browser, consent) = consent_page(&realm).await;
    realm.server.administration.update_user(&realm.name, &realm.user.id, &json!({"enabled": false})).await;
    browser.submit(&consent, &allowed(&consent)).await.assert_error_page();
    let (mut browser, login) = login_page(&realm).await;
    let answer = browser.submit(&login, &credentials(&realm, &login)).await;
    answer.page("login-page");
    assert_eq!(realm.rows().await.count("authorizations"), 0);
}

/// AZ-092.
#[tokio::test]
async fn cve_2025_53942_a_password_that_is_set_in_between_ends_the_session() {
    let realm = Realm::new().await;
    let (mut browser, consent) = consent_page(&realm).await;
    realm.server.administration.set_password(&realm.name, &realm.user.id, "another 9 mussels").await;
    browser.submit(&consent, &allowed(&consent)).await.assert_error_page();
    assert_eq!(realm.rows().await.count("authorizations"), 0);
}

/// AZ-074.
#[tokio::test]
async fn cve_2023_6787_a_cancelled_reauthentication_changes_no_session() {
    let realm = Realm::new().await;
    let ben = realm.add_user("ben").await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request().with("prompt", "login");
    let page = browser.authorize(&request).await;
    browser.press(&page, "cancel").await.assert_error_response(&request, "access_denied");
    let silent = client.request().with("prompt", "none");
    let answer = browser.authorize(&silent).await;
    let code = AuthorizationResponse::read(&answer, &silent);
    let tokens = client.redeem(&silent, code.code()).await.tokens();
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], realm.user.id);
    let request = client.request().with("prompt", "login");
    let page = browser.authorize(&request).await;
    let answer = browser.log_in(&page, &ben).await;
    let code = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, code.code()).await.tokens();
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], ben.id);
}

#[tokio::test]
async fn form_endpoints_take_forms_only() {
    let realm = Realm::new().await;
    let (mut browser, page) = login_page(&realm).await;
    let action = format!("{}{}", realm.server.public_url, page.page("login-page").form().action);
    for (content_type, body) in [("application/json", "{}"), ("text/plain", "a=b"), ("multipart/form-data", "x")] {
        browser.send(Request::post(&action, content_type, body)).await.assert_error_page();
    }
}
