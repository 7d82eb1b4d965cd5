//! The cookies: what makes a session, what does not, and when it is another one (OWASP ASVS 5.0 chapters 3.3 and 7).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use crate::support::http::Request;
use crate::support::jwt::random_text;
use crate::support::realm::Realm;

/// SE-001.
#[tokio::test]
async fn asvs_7_2_4_every_login_makes_another_session_and_ends_the_one_before() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.browser();
    browser.authorize(&client.request()).await.page("login-page");
    assert!(browser.cookie("session").is_none(), "before a login there is none");
    let mut seen: Vec<String> = Vec::new();
    let name = {
        browser.complete(&client.request(), &realm.user).await.code();
        browser.cookie("session").unwrap().0.to_owned()
    };
    for _ in 0..3 {
        let session = browser.cookies[&name].clone();
        assert!(session.len() >= 22 && !seen.contains(&session), "{session}");
        seen.push(session);
        let page = browser.authorize(&client.request().with("prompt", "login")).await;
        browser.log_in(&page, &realm.user).await;
    }
    assert_eq!(realm.rows().await.count("sessions"), 1);
    // Nor does one come back once it was left.
    seen.push(browser.cookies[&name].clone());
    let page = browser.get(&realm.url("/account/sign-out")).await;
    browser.press(&page, "sign-out").await.page("signed-out-page");
    assert!(browser.cookie("session").is_none());
    browser.complete(&client.request(), &realm.user).await.code();
    assert!(!seen.contains(&browser.cookies[&name]));
    for session in seen {
        let mut thief = realm.browser();
        thief.cookies.insert(name.clone(), session);
        thief.authorize(&client.request()).await.page("login-page");
    }
}

/// SE-002.
#[tokio::test]
async fn cve_2026_7507_a_planted_cookie_is_not_adopted() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    let name = browser.cookie("session").unwrap().0.to_owned();
    let planted = random_text();
    browser.cookies.insert(name.clone(), planted.clone());
    let request = client.request();
    let page = browser.authorize(&request).await;
    browser.log_in(&page, &realm.user).await;
    assert_ne!(browser.cookies[&name], planted);
    let mut attacker = realm.browser();
    attacker.cookies.insert(name, planted);
    attacker.authorize(&request).await.page("login-page");
    // Nor one that is in the address.
    let url = format!("{}&session={}", request.url(), browser.cookie("session").unwrap().1);
    realm.browser().get(&url).await.page("login-page");
}

/// SE-005; `random` in `server/jose` draws a million.
#[tokio::test]
async fn asvs_7_2_3_the_database_holds_nothing_that_is_a_cookie() {
    let realm = Realm::new().await;
    let browser = realm.signed_in_browser().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let (name, value) = browser.cookie("session").unwrap();
    assert!(!realm.rows().await.contain(value));
    let bytes = URL_SAFE_NO_PAD.decode(value).unwrap();
    assert_eq!(bytes.len(), 32);
    let stored = openssl::sha::sha256(value.as_bytes());
    for dumped in [URL_SAFE_NO_PAD.encode(stored), URL_SAFE_NO_PAD.encode(openssl::sha::sha256(&bytes))] {
        let mut thief = realm.browser();
        thief.cookies.insert(name.to_owned(), dumped);
        thief.authorize(&client.request()).await.page("login-page");
    }
}

/// SE-004.
#[tokio::test]
async fn asvs_3_3_3_cookies_that_are_there_twice_or_malformed_are_no_session() {
    let realm = Realm::new().await;
    let browser = realm.signed_in_browser().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let (name, value) = browser.cookie("session").unwrap();
    let with = |cookies: &str| Request::get(&client.request().url()).header("cookie", cookies);
    assert_eq!(realm.http.send(with(&format!("{name}={value}"))).await.status, 303, "the cookie is good");
    let many = (0..100).map(|number| format!("a{number}=b; ")).collect::<Vec<_>>().concat();
    assert_eq!(realm.http.send(with(&format!("{many}{name}={value}"))).await.status, 303);
    for cookies in [
        format!("{name}={value}; {name}={value}"),
        format!("{name}={}; {name}={value}", random_text()),
        format!("{name}={value}; {name}={}", random_text()),
        format!("{name}={value}="),
        format!("{name}=\"{value}\""),
        format!("{name}={value}A"),
        format!("{name}={}", "x".repeat(8_000)),
        format!("{name}="),
        name.to_owned(),
        format!("{}={value}", name.trim_start_matches("__Host-")),
        format!("{}={value}", name.to_uppercase()),
        "=;=;;".to_owned(),
    ] {
        realm.http.send(with(&cookies)).await.page("login-page");
    }
    let twice = with(&format!("{name}={value}")).header("cookie", &format!("{name}={value}"));
    realm.http.send(twice).await.page("login-page");
}

#[tokio::test]
async fn design_2_a_session_of_one_realm_is_none_of_another() {
    let (here, there) = (Realm::new().await, Realm::new().await);
    let browser = here.signed_in_browser().await;
    let guest = there.signed_in_browser().await;
    let client = there.client(json!({"settings": {"skip_consent": true}})).await;
    let mut thief = there.browser();
    thief.cookies.clone_from(&browser.cookies);
    thief.authorize(&client.request()).await.page("login-page");
    let value = browser.cookie("session").unwrap().1.to_owned();
    thief.cookies.insert(guest.cookie("session").unwrap().0.to_owned(), value);
    thief.authorize(&client.request()).await.page("login-page");
}

/// SE-008, as far as a password is what is changed.
#[tokio::test]
async fn asvs_7_4_3_sessions_end_with_the_password_and_with_the_user() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let administration = &realm.server.administration;
    let mut browser = realm.signed_in_browser().await;
    let mut elsewhere = realm.signed_in_browser().await;
    let offline = realm.versatile_client().await;
    let request = offline.request().with("scope", "openid offline_access");
    let tokens = offline.obtain(&mut realm.browser(), &request, &realm.user).await;
    administration.set_password(&realm.name, &realm.user.id, "another 9 mussels").await;
    for browser in [&mut browser, &mut elsewhere] {
        browser.authorize(&client.request()).await.page("login-page");
    }
    offline.refresh(tokens.refresh_token()).await.assert_refused("invalid_grant");
    assert!(!offline.is_active(tokens.access_token()).await);

    let ben = realm.add_user("ben").await;
    let request = client.request();
    let page = browser.authorize(&request).await;
    browser.log_in(&page, &ben).await;
    administration.update_user(&realm.name, &ben.id, &json!({"enabled": false})).await;
    browser.authorize(&client.request()).await.page("login-page");
    administration.update_user(&realm.name, &ben.id, &json!({"enabled": true})).await;
    browser.authorize(&client.request()).await.page("login-page");
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

#[tokio::test]
async fn rfc6265bis_4_1_3_cookies_are_set_when_they_are_new_and_only_then() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let mut browser = realm.browser();
    let first = browser.authorize(&client.request()).await;
    let binding = browser.cookie("browser").unwrap().1.to_owned();
    assert!(first.header("set-cookie").is_some());
    let second = browser.authorize(&client.request()).await;
    assert_eq!(second.header("set-cookie"), None);
    browser.log_in(&second, &realm.user).await;
    assert_eq!(browser.cookie("browser").unwrap().1, binding, "a login does not change it");
    // What is not ours is replaced.
    let name = browser.cookie("browser").unwrap().0.to_owned();
    for foreign in ["x", "", &"A".repeat(5000)] {
        browser.cookies.insert(name.clone(), foreign.to_owned());
        browser.authorize(&client.request().with("prompt", "login")).await.page("login-page");
        assert_ne!(browser.cookies[&name], foreign);
    }
}
