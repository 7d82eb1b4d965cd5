//! `on_error`.

use super::{FAILS, bind, runs};
use crate::support::realm::Realm;

#[tokio::test]
async fn on_error_says_more_on_error_pages() {
    let realm = Realm::new().await;
    let body = "message(#{ text: #{ en: `Call <us> about ${error.code} on ${error.page}`, de: \"Rufen Sie an\" }, \
                support_url: \"https://help.example.com/?a=b&c\" })";
    bind(&realm, "on_error", body).await;
    let mut browser = realm.browser();
    let answer = browser.get(&realm.url("/authorize?client_id=unknown")).await;
    answer.assert_error_page();
    let page = answer.page("error-page");
    let said = page.text_of("error-message");
    assert_eq!(said.as_deref(), Some("Call <us> about invalid_request on error-request"));
    assert!(!answer.body.contains("<us>"), "{}", answer.body);
    assert!(answer.body.contains("href=\"https:&#x2f;&#x2f;help.example.com&#x2f;?a=b&amp;c\""), "{}", answer.body);
    assert!(page.text_of("error-reason").is_some(), "the server's own words stay");
    browser.accept_language = Some("de-CH");
    let answer = browser.get(&realm.url("/authorize?client_id=unknown")).await;
    assert_eq!(answer.page("error-page").text_of("error-message").as_deref(), Some("Rufen Sie an"));
}

#[tokio::test]
async fn on_error_links_to_web_addresses_only_and_fails_open() {
    let realm = Realm::new().await;
    let plain = realm.get("/authorize?client_id=unknown").await;
    for failing in [
        FAILS,
        "message(#{ support_url: \"javascript:alert(1)\" })",
        "message(#{ support_url: \"http://help.example.com\" })",
        "let text = \"no map\"; message(#{ text: text })",
        "let said = 42; said",
    ] {
        bind(&realm, "on_error", failing).await;
        let answer = realm.get("/authorize?client_id=unknown").await;
        assert_eq!(answer.status, plain.status, "{failing}");
        answer.assert_error_page();
        assert!(!answer.body.contains("javascript") && !answer.body.contains("error-message"), "{}", answer.body);
    }
    let asked = runs(&realm, "on_error", 5).await;
    assert!(asked.iter().all(|run| run["details"]["decision"] == "open"), "{asked:?}");
}
