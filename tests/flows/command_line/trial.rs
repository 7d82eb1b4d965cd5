//! `signet try`: the client's part, played in the terminal against `signet dev`.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStdout, Stdio};

use super::Home;
use super::development::{Development, port, trusting};
use crate::support::browser::Browser;
use crate::support::http::Answer;

/// A client that is being played.
struct Played {
    child: Child,
    printed: BufReader<ChildStdout>,
}

impl Played {
    /// Starts it, and reads up to a line with a text; answers all of it.
    fn until(home: &Home, line: &str, text: &str) -> (Self, String) {
        let mut child = home.command(line).stdout(Stdio::piped()).spawn().unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut read = String::new();
        while !read.lines().last().is_some_and(|line| line.contains(text)) {
            assert!(printed.read_line(&mut read).unwrap() > 0, "{read}");
        }
        (Self { child, printed }, read)
    }

    /// The rest of what it prints, and how it ends.
    fn end(mut self) -> (i32, String) {
        let mut rest = String::new();
        self.printed.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code().expect("it ends by itself"), rest)
    }
}

impl Drop for Played {
    fn drop(&mut self) {
        drop(self.child.kill());
    }
}

async fn log_in(browser: &mut Browser, login: &Answer, development: &Development) -> Answer {
    let form = login.page("login-page").form().with("username", "ana").with("action", "login");
    let answered = browser.submit(login, &form.with("password", development.printed("Password"))).await;
    browser.follow(answered).await
}

#[tokio::test]
async fn a_device_is_played_up_to_its_tokens() {
    let home = Home::empty();
    let development = Development::start(&home, port());
    let (played, shown) = Played::until(&home, "try device", "The code above leads to ");
    assert!(shown.contains("client_id=demo-tv") && shown.contains("\"user_code\""), "{shown}");
    let address = shown.lines().last().unwrap().trim_start_matches("The code above leads to ").trim_end_matches('.');
    let mut browser = Browser::new(trusting(&home));
    let confirmation = browser.get(address).await;
    confirmation.page("device-confirm-page");
    let answered = browser.press(&confirmation, "confirm").await;
    let login = browser.follow(answered).await;
    let consent = log_in(&mut browser, &login, &development).await;
    consent.page("consent-page");
    let answered = browser.press(&consent, "allow").await;
    browser.follow(answered).await.page("device-done-page");
    let (code, rest) = played.end();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("The ID token says:") && rest.contains("\"aud\": \"demo-tv\""), "{rest}");
    assert_eq!(development.stop(), 0);
}

#[tokio::test]
async fn a_client_that_has_its_user_asked_elsewhere_is_played() {
    let home = Home::empty();
    let development = Development::start(&home, port());
    for (action, code, said) in [("allow", 0, "The ID token says:"), ("deny", 1, "access_denied")] {
        let (played, shown) = Played::until(&home, "try ciba", "then answer at ");
        assert!(shown.contains("binding_message=W4SCT"), "{shown}");
        let mut browser = Browser::new(trusting(&home));
        let begun = browser.get(&format!("{}/dev/start", development.base)).await;
        let login = browser.follow(begun).await;
        log_in(&mut browser, &login, &development).await;
        let page = browser.get(&format!("{}/account/requests", development.printed("Issuer"))).await;
        assert!(page.body.contains("W4SCT"), "{page:?}");
        browser.press(&page, action).await.page("requests-page");
        let (ended, rest) = played.end();
        assert_eq!(ended, code, "{rest}");
        assert!(rest.contains(said), "{rest}");
    }
    assert_eq!(development.stop(), 0);
}

#[tokio::test]
async fn a_client_that_wants_to_get_at_something_protected_is_played() {
    let home = Home::empty();
    let development = Development::start(&home, port());
    let (played, shown) = Played::until(&home, "try uma", "The code above leads to ");
    for said in ["uma_protection", "need_info", "\"ticket\"", "client_id=demo-prints"] {
        assert!(shown.contains(said), "{said}: {shown}");
    }
    let address = shown.lines().last().unwrap().trim_start_matches("The code above leads to ").trim_end_matches('.');
    let mut browser = Browser::new(trusting(&home));
    let confirmation = browser.get(address).await;
    let answered = browser.press(&confirmation, "confirm").await;
    let login = browser.follow(answered).await;
    let consent = log_in(&mut browser, &login, &development).await;
    consent.page("consent-page");
    let answered = browser.press(&consent, "allow").await;
    browser.follow(answered).await.page("device-done-page");
    let (code, rest) = played.end();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("The resource server learns:") && rest.contains("\"view\""), "{rest}");
}

#[tokio::test]
async fn apps_that_need_no_browser_are_played() {
    let home = Home::empty();
    let _development = Development::start(&home, port());
    let (played, shown) = Played::until(&home, "try challenge", "The ID token says:");
    assert!(shown.contains("\"error\": \"insufficient_authorization\"") && shown.contains("username=ana"), "{shown}");
    assert_eq!(played.end().0, 0);
    let (played, shown) = Played::until(&home, "try native-sso", "The ID token says:");
    assert!(shown.contains("actor_token_type=urn:openid:params:token-type:device-secret"), "{shown}");
    let (code, rest) = played.end();
    assert_eq!(code, 0, "{rest}");
    assert!(rest.contains("\"aud\": \"demo-maps\"") && rest.contains("\"ds_hash\""), "{rest}");
}

#[tokio::test]
async fn services_are_played_that_exchange_tokens_and_bring_assertions() {
    let home = Home::empty();
    let development = Development::start(&home, port());
    for (command, said) in [
        ("try exchange", ["\"aud\": \"https://stock.example.com/\"", "\"sub\": \"demo-gateway\""]),
        ("try transaction-token", ["\"aud\": \"demo.example\"", "\"action\": \"RESERVE\""]),
        ("try jwt-bearer", ["\"iss\": \"https://login.partner.example\"", "\"client_id\": \"demo-gateway\""]),
    ] {
        let (played, mut all) = Played::until(&home, command, "POST ");
        let (code, rest) = played.end();
        all += &rest;
        assert_eq!(code, 0, "{all}");
        assert!(all.contains("The token says:"), "{all}");
        for said in said {
            assert!(all.contains(said), "{said} in {all}");
        }
    }
    assert_eq!(development.stop(), 0);
}

#[test]
fn without_a_provider_it_is_said_what_to_start() {
    let home = Home::empty();
    let said = home.refused(1, "try device");
    assert!(said.contains("signet dev"), "{said}");
}
