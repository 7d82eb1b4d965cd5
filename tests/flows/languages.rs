//! The language of pages: `ui_locales` before `Accept-Language` (OpenID Connect Core 3.1.2.1, RFC 9110 section 12.5.4).

use serde_json::json;

use crate::support::realm::Realm;

#[tokio::test]
async fn oidc_core_3_1_2_1_pages_speak_the_language_that_was_asked_for() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    for (ui_locales, accept_language, expected) in [
        (None, None, "en"),
        (None, Some("de-AT,de;q=0.9,en;q=0.8"), "de"),
        (None, Some("xx, fr;q=0.5"), "fr"),
        (Some("fr-CA fr en"), Some("de"), "fr"),
        (Some("se ja"), Some("de"), "de"),
        (Some("\u{0}'\"><"), None, "en"),
    ] {
        let mut browser = realm.browser();
        browser.accept_language = accept_language;
        let mut request = client.request();
        if let Some(locales) = ui_locales.filter(|locales| !locales.contains('\u{0}')) {
            request = request.with("ui_locales", locales);
        }
        let login = browser.authorize(&request).await;
        assert_eq!(login.page("login-page").language(), expected, "{ui_locales:?} {accept_language:?}");
        let consent = browser.log_in(&login, &realm.user).await;
        assert_eq!(consent.page("consent-page").language(), expected);
    }
}

#[tokio::test]
async fn oidc_discovery_3_every_language_is_announced_and_spoken() {
    let realm = Realm::new().await;
    let client = realm.client(json!({})).await;
    let document = realm.discovery().await;
    let languages = document["ui_locales_supported"].as_array().unwrap();
    assert!(languages.len() >= 3, "{languages:?}");
    for language in languages.iter().map(|language| language.as_str().unwrap()) {
        let page = realm.browser().authorize(&client.request().with("ui_locales", language)).await;
        assert_eq!(page.page("login-page").language(), language);
    }
}
