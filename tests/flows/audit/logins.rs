//! Logging in, consenting, signing out, and authorization requests that are refused.

use serde_json::{Value, json};

use super::{assert_about, assert_refused, user_of};
use crate::support::authorization::AuthorizationResponse;
use crate::support::realm::Realm;

/// The rules that were passed on the way to an event.
fn passed(event: &Value) -> Vec<String> {
    serde_json::from_value(event["details"]["passed"].clone()).unwrap()
}

#[tokio::test]
async fn a_login_a_consent_and_a_code_leave_their_events() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request().with("scope", "openid email");
    let page = browser.authorize(&request).await;
    let page = browser.log_in(&page, &realm.user).await;
    let login = realm.last_event("login", 1).await;
    assert_about(&login, user_of(&realm), Some(&client));
    assert_eq!((&login["details"]["methods"], &login["details"]["replaced_session"]), (&json!("pwd"), &json!(false)));
    // The way there: the form, every rule of the request anew, the password.
    let passed = passed(&login);
    assert_eq!(passed[..5], ["interaction", "client", "redirect_uri", "pushed", "repetition"]);
    assert!(passed.contains(&"pkce".to_owned()) && passed.ends_with(&["attempts".to_owned(), "password".to_owned()]));
    let session = login["session_id"].as_str().unwrap().to_owned();

    let answer = browser.allow(&page).await;
    AuthorizationResponse::read(&answer, &request).code();
    let events = realm.events_behind(&answer, &["consent_given", "code_issued"]).await;
    for event in &events {
        assert_about(event, user_of(&realm), Some(&client));
        assert_eq!(event["session_id"], session);
        assert_eq!(event["details"]["scope"], "openid email");
    }

    // Known by now: no page, and no event but that of the code.
    let answer = browser.authorize(&request).await;
    AuthorizationResponse::read(&answer, &request).code();
    let issued = realm.event_behind(&answer, "code_issued").await;
    assert!(issued["details"]["authorization"].is_string(), "{issued:#}");
    assert_ne!(issued["details"]["lineage"], events[1]["details"]["lineage"]);

    let page = browser.authorize(&request.clone().with("prompt", "login")).await;
    browser.log_in(&page, &realm.user).await;
    assert_eq!(realm.last_event("login", 2).await["details"]["replaced_session"], true);
}

#[tokio::test]
async fn refused_logins_say_to_the_auditor_what_the_page_does_not() {
    let realm = Realm::with(json!({"password_attempts_per_account": 3})).await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    for (username, password, reason, user) in [
        ("ana", "a wrong password", "wrong_password", user_of(&realm)),
        ("nobody", "a wrong password", "unknown_user", None),
    ] {
        let answer = browser.log_in_as(&page, username, password).await;
        let refused = realm.event_behind(&answer, "login_refused").await;
        assert_about(&refused, user, Some(&client));
        assert_eq!(refused["details"]["reason"], reason);
        assert!(passed(&refused).ends_with(&["size".to_owned(), "attempts".to_owned()]), "{refused}");
    }
    realm.server.administration.update_user(&realm.name, &realm.user.id, &json!({"enabled": false})).await;
    let answer = browser.log_in(&page, &realm.user).await;
    assert_eq!(realm.event_behind(&answer, "login_refused").await["details"]["reason"], "user_disabled");
    for _ in 0..2 {
        browser.log_in(&page, &realm.user).await;
    }
    let answer = browser.log_in(&page, &realm.user).await;
    let refused = realm.event_behind(&answer, "login_refused").await;
    assert_eq!(refused["details"]["reason"], "too_many_attempts");

    let page = browser.authorize(&client.request()).await;
    let answer = browser.press(&page, "cancel").await;
    let events = realm.events_behind(&answer, &["login_refused", "authorization_refused"]).await;
    assert_eq!(events[0]["details"]["reason"], "cancelled");
    assert_refused(&events[1], "access_denied", "RFC 6749 section 4.1.2.1");
}

#[tokio::test]
async fn refused_authorization_requests_name_their_rule() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    let request = client.request();
    for (request, error, specification, known) in [
        (request.clone().with("redirect_uri", "https://evil.test"), "invalid_request", "RFC 9700 section 2.1", true),
        (request.clone().with("client_id", "nobody"), "invalid_request", "RFC 6749 section 4.1.2.1", false),
        (request.clone().with("scope", "admin"), "invalid_scope", "RFC 6749 section 3.3", true),
        (request.clone().with("prompt", "none"), "login_required", "OpenID Connect Core 1.0 section 3.1.2.6", true),
    ] {
        let answer = browser.authorize(&request).await;
        let refused = realm.event_behind(&answer, "authorization_refused").await;
        assert_refused(&refused, error, specification);
        assert_about(&refused, None, known.then_some(&client));
    }
    let signed_in = realm.signed_in_browser().await;
    browser.cookies.clone_from(&signed_in.cookies);
    let page = browser.authorize(&request).await;
    let answer = browser.press(&page, "deny").await;
    let events = realm.events_behind(&answer, &["consent_refused", "authorization_refused"]).await;
    for event in &events {
        assert_about(event, user_of(&realm), Some(&client));
    }
    // What never came to the rules: a form from elsewhere, a query that is no text.
    let form = page.page("consent-page").form();
    let forged = page.submission(&form).header("origin", "https://evil.test");
    let answer = realm.http.send(forged).await;
    assert_eq!(answer.status, 403);
    realm.event_behind(&answer, "authorization_refused").await;
    let answer = realm.http.get(&format!("{}?a=%ff", realm.url("/authorize"))).await;
    realm.event_behind(&answer, "authorization_refused").await;
}

#[tokio::test]
async fn what_people_take_back_and_end_leaves_its_events() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let mut browser = realm.browser();
    browser.complete(&client.request(), &realm.user).await;
    let session = realm.last_event("login", 1).await["session_id"].clone();

    let page = browser.get(&realm.url("/account/apps")).await;
    let consent = realm.last_event("code_issued", 1).await["details"]["authorization"].clone();
    let form = page.page("apps-page").form().with("authorization", consent.as_str().unwrap());
    let answer = browser.submit(&page, &form).await;
    let revoked = realm.event_behind(&answer, "consent_revoked").await;
    assert_about(&revoked, user_of(&realm), Some(&client));
    assert_eq!(revoked["details"], json!({"authorization": consent}));
    // There is nothing left to take back.
    let answer = browser.submit(&page, &form).await;
    assert_eq!(answer.status, 200);
    let answer = browser.submit(&page, &form.with("csrf", "wrong")).await;
    realm.event_behind(&answer, "account_refused").await;
    realm.events("kind=consent_revoked", 1).await;

    let page = browser.get(&realm.url("/account/sign-out")).await;
    let answer = browser.press(&page, "sign-out").await;
    let logout = realm.event_behind(&answer, "logout").await;
    assert_about(&logout, user_of(&realm), None);
    assert_eq!(logout["session_id"], session);

    realm.signed_in_browser().await;
    let disabled = json!({"enabled": false});
    realm.server.administration.update_user(&realm.name, &realm.user.id, &disabled).await;
    let ended = realm.last_event("sessions_ended", 1).await;
    assert_about(&ended, user_of(&realm), None);
    assert_eq!(ended["details"], json!({"reason": "user_disabled"}));
}
