//! Passwords: what a failed attempt tells, and how often one may try (NIST SP 800-63B section 5.2.2, OWASP ASVS 5.0
//! chapter 6.3).

use serde_json::json;

use crate::support::browser::Browser;
use crate::support::client::Client;
use crate::support::http::{Answer, Request, at_once};
use crate::support::realm::Realm;

/// An attempt in a new browser.
async fn attempt(realm: &Realm, client: &Client, (username, password): (&str, &str)) -> Answer {
    let mut browser = realm.browser();
    let page = browser.authorize(&client.request()).await;
    browser.log_in_as(&page, username, password).await
}

/// What a guesser can tell answers apart by: everything but what differs from page to page anyway.
fn look(answer: &Answer, username: &str) -> (u16, Vec<String>, String) {
    let form = answer.page("login-page").form();
    let interaction = form.field("interaction").unwrap();
    let body =
        answer.body.replace(interaction, "").replace(&form.action.replace('/', "&#x2f;").replace('&', "&amp;"), "");
    let body = body.replace(&format!("value=\"{username}\""), "");
    let lines = body.lines().filter(|line| !line.starts_with("<form "));
    let volatile = ["date", "x-request-id", "content-length", "set-cookie"];
    let headers = answer.headers.iter().filter(|(name, _)| !volatile.contains(&name.as_str()));
    let headers = headers.map(|(name, value)| format!("{name}: {value:?}")).collect();
    (answer.status, headers, lines.collect())
}

#[tokio::test]
async fn asvs_6_3_8_unknown_disabled_and_wrong_look_the_same() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let ben = realm.add_user("ben").await;
    realm.server.administration.update_user(&realm.name, &ben.id, &json!({"enabled": false})).await;
    let wrong = attempt(&realm, &client, ("ana", "wrong password")).await;
    let wrong = look(&wrong, "ana");
    assert!(wrong.2.contains("login-problem"), "{}", wrong.2);
    for (username, password) in [
        ("nobody", "wrong password"),
        ("ben", ben.password.as_str()),
        ("ana", ""),
        ("ana", &"x".repeat(2000)),
        ("nob\u{f6}dy", "wrong password"),
        ("", "wrong password"),
    ] {
        let answer = attempt(&realm, &client, (username, password)).await;
        let seen = look(&answer, username);
        assert_eq!((seen.0, &seen.1), (wrong.0, &wrong.1), "{username}");
        assert!(seen.2.contains("login-problem"), "{username}: {}", seen.2);
    }
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

#[tokio::test]
async fn cve_2025_24806_spellings_of_one_name_share_one_counter() {
    let realm = Realm::with(json!({"password_attempts_per_account": 4})).await;
    let client = realm.client(json!({})).await;
    for username in ["ana", "ANA", " Ana ", "aNa"] {
        attempt(&realm, &client, (username, "wrong password")).await.page("login-page");
    }
    let throttled = attempt(&realm, &client, ("ana", &realm.user.password)).await;
    assert_ne!(
        throttled.page("login-page").text_of("login-problem"),
        attempt(&realm, &client, ("ben", "wrong password")).await.page("login-page").text_of("login-problem"),
    );
    // Somebody else at the same address is not held up.
    let carla = realm.add_user("carla").await;
    attempt(&realm, &client, ("carla", &carla.password)).await.page("consent-page");
}

#[tokio::test]
async fn cve_2024_4629_parallel_guesses_count_one_by_one() {
    let realm = Realm::with(json!({"password_attempts_per_account": 5})).await;
    let client = realm.client(json!({})).await;
    let answers = at_once(30, async || attempt(&realm, &client, ("ana", "wrong password")).await).await;
    let texts = answers.iter().map(|answer| answer.page("login-page").text_of("login-problem").unwrap());
    let mut texts: Vec<String> = texts.collect();
    texts.sort_unstable();
    let evaluated = texts.iter().filter(|text| text.contains("not right")).count();
    assert_eq!(evaluated, 5, "{texts:?}");
}

#[tokio::test]
async fn asvs_6_3_1_spraying_many_names_from_one_address_is_slowed_down() {
    let realm = Realm::with(json!({"password_attempts_per_address": 5})).await;
    let client = realm.client(json!({})).await;
    for number in 0..5 {
        attempt(&realm, &client, (&format!("user-{number}"), "wrong password")).await;
    }
    let throttled = attempt(&realm, &client, ("somebody-else", "wrong password")).await;
    let text = throttled.page("login-page").text_of("login-problem").unwrap();
    assert!(text.contains("too many attempts"), "{text}");
}

#[tokio::test]
async fn a_right_password_uses_nothing_up() {
    let realm = Realm::with(json!({"password_attempts_per_account": 3})).await;
    let client = realm.client(json!({})).await;
    for _ in 0..5 {
        attempt(&realm, &client, ("ana", &realm.user.password)).await.page("consent-page");
    }
}

#[tokio::test]
async fn cve_2024_47070_addresses_that_strangers_claim_are_ignored() {
    let realm = Realm::with(json!({"password_attempts_per_account": 3})).await;
    let client = realm.client(json!({})).await;
    let guess = async |number: usize| {
        let mut browser: Browser = realm.browser();
        let page = browser.authorize(&client.request()).await;
        let form = page.page("login-page").form().with("username", "ana").with("password", "wrong password");
        let mut request: Request = page.submission(&form.with("action", "login"));
        for header in ["x-forwarded-for", "x-real-ip", "true-client-ip", "cf-connecting-ip"] {
            request = request.header(header, &format!("198.51.100.{number}"));
        }
        let request = request.header("forwarded", &format!("for=198.51.100.{number}"));
        browser.send(request).await.page("login-page").text_of("login-problem").unwrap()
    };
    let mut texts = Vec::new();
    for number in 0..4 {
        texts.push(guess(number).await);
    }
    assert_eq!(texts[0], texts[2]);
    assert!(texts[3].contains("too many attempts"), "{texts:?}");
}

#[tokio::test]
async fn asvs_1_1_1_names_that_look_alike_cannot_both_be_there() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    for same in ["ANA", " ana", "Ana "] {
        let body = json!({"username": same, "password": "another 9 mussels", "claims": {}});
        let path = format!("/realms/{}/users", realm.name);
        let answer = realm.server.administration.try_ask(http::Method::POST, &path, &body).await;
        assert_eq!(answer.status, 409, "{same}: {answer:?}");
    }
    for hidden in ["an\u{200b}a", "\u{202e}ana", "a\u{0}na", "ana\n"] {
        let body = json!({"username": hidden, "password": "another 9 mussels", "claims": {}});
        let path = format!("/realms/{}/users", realm.name);
        let answer = realm.server.administration.try_ask(http::Method::POST, &path, &body).await;
        assert!((400..500).contains(&answer.status), "{hidden:?}: {answer:?}");
    }
    attempt(&realm, &client, ("ana", &realm.user.password)).await.page("consent-page");
}
