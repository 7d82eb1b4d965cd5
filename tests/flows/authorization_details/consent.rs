//! What people are shown, and what they are asked for again (RFC 9396 section 3.1).

use serde_json::json;

use super::{accounts, asking, bank, client_of, payment, register};
use crate::support::authorization::AuthorizationResponse;
use crate::support::realm::{Realm, merged};

#[tokio::test]
async fn rfc9396_3_1_the_page_says_all_of_it_in_the_language_of_the_person() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let details = json!([merged(payment(), json!({"creditorName": "<b>Merchant</b> A"})), accounts()]);
    let request = asking(&client, &details);
    for (language, words) in [
        ("en", ["Make one payment from your account", "Amount: 123.50 EUR", "call it back", "see payments in and out"]),
        ("de", ["Eine Zahlung von Ihrem Konto", "Betrag: 123.50 EUR", "sie zurückrufen", "Ein- und Ausgänge sehen"]),
        ("fr", ["Un paiement depuis votre compte", "Montant : 123.50 EUR", "le rappeler", "voir leurs soldes"]),
    ] {
        browser.accept_language = Some(language);
        let page = browser.authorize(&request).await;
        page.page("consent-page");
        for word in words.into_iter().chain(["DE02100100109307118603", "Ref Number Merchant", "&lt;b&gt;Merchant"]) {
            assert!(page.body.contains(word), "{language}: {word}: {}", page.body);
        }
        assert!(!page.body.contains("<b>"), "{}", page.body);
    }
}

#[tokio::test]
async fn rfc9396_3_1_a_member_without_words_is_shown_by_its_name() {
    let realm = Realm::new().await;
    register(&realm, json!({"texts": {"en": {"title": "Something"}}})).await;
    let client = client_of(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let page = browser.authorize(&asking(&client, &json!([payment()]))).await;
    for (name, value) in [
        ("instructedAmount.amount", "123.50"),
        ("creditorAccount.iban", "DE02100100109307118603"),
        ("actions", "initiate, status, cancel"),
    ] {
        let shown = format!("<bdi>{name}</bdi>: <bdi>{value}</bdi>");
        assert!(page.body.contains(&shown), "{shown}: {}", page.body);
    }
}

#[tokio::test]
async fn rfc9396_6_1_access_is_remembered_for_the_same_and_for_less() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([accounts()]));
    let page = browser.authorize(&request).await;
    assert!(page.page("consent-page").text_of("consent-memory").unwrap().contains("remembered"));
    let answer = browser.allow(&page).await;
    AuthorizationResponse::read(&answer, &request).code();
    let less = merged(accounts(), json!({"actions": ["read_balances"]}));
    for details in [accounts(), less] {
        let request = asking(&client, &json!([details])).with("prompt", "none");
        let answer = browser.authorize(&request).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    for more in [json!({"locations": ["https://example.com/all"]}), json!({"recurringIndicator": true})] {
        let request = asking(&client, &json!([merged(accounts(), more)])).with("prompt", "none");
        browser.authorize(&request).await.assert_error_response(&request, "consent_required");
    }
    // Without the lists, it would be everything.
    let everywhere = json!([{"type": "account_information", "actions": ["read_balances"]}]);
    let request = asking(&client, &everywhere).with("prompt", "none");
    browser.authorize(&request).await.assert_error_response(&request, "consent_required");
    // The page of applications says what was agreed to.
    let apps = browser.get(&realm.url("/account/apps")).await;
    assert!(apps.body.contains("Look at your accounts"), "{}", apps.body);
}

#[tokio::test]
async fn a_payment_is_asked_for_each_time_and_of_first_party_clients_too() {
    let realm = Realm::new().await;
    register(&realm, json!({})).await;
    for settings in [json!({}), json!({"settings": {"skip_consent": true}})] {
        let client = client_of(&realm, settings).await;
        let mut browser = realm.signed_in_browser().await;
        for _ in 0..2 {
            let request = asking(&client, &json!([payment()]));
            let page = browser.authorize(&request).await;
            assert!(page.page("consent-page").text_of("consent-memory").unwrap().contains("this time only"));
            let answer = browser.allow(&page).await;
            AuthorizationResponse::read(&answer, &request).code();
        }
        let silent = asking(&client, &json!([payment()])).with("prompt", "none");
        browser.authorize(&silent).await.assert_error_response(&silent, "consent_required");
    }
}

#[tokio::test]
async fn what_the_user_refuses_is_not_granted() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([payment()]));
    let page = browser.authorize(&request).await;
    browser.press(&page, "deny").await.assert_error_response(&request, "access_denied");
    assert!(!realm.rows().await.contain("Merchant A"));
}
