//! `on_rar_validate` and `on_rar_enrich`.

use serde_json::{Value, json};

use super::{FAILS, assert_failed_closed, assert_silent_about_scripts, bind};
use crate::flows::authorization_details::{accounts, asking, client_of, payment, register};
use crate::support::authorization::AuthorizationResponse;
use crate::support::client::Client;
use crate::support::realm::{Realm, merged};

async fn bank() -> (Realm, Client) {
    let realm = Realm::new().await;
    register(&realm, json!({})).await;
    let client = client_of(&realm, json!({})).await;
    (realm, client)
}

#[tokio::test]
async fn on_rar_validate_can_refuse_and_write_an_object_in_another_form() {
    let (realm, client) = bank().await;
    let mut browser = realm.signed_in_browser().await;
    let body = "if detail.type != \"payment_initiation\" { return none(); } \
                if detail.instructedAmount.currency != \"EUR\" { \
                    return deny(\"invalid_authorization_details\", \"payments are in euro\"); } \
                detail.creditorName = \"MERCHANT A\"; detail.actions = [\"initiate\"]; normalise(detail)";
    bind(&realm, "on_rar_validate", body).await;
    let dollars = merged(payment(), json!({"instructedAmount": {"currency": "USD", "amount": "1"}}));
    let request = asking(&client, &json!([dollars]));
    let response = browser.authorize(&request).await.assert_error_response(&request, "invalid_authorization_details");
    assert_eq!(response.get("error_description"), Some("payments are in euro"));
    let request = asking(&client, &json!([payment(), accounts()]));
    let page = browser.authorize(&request).await;
    assert!(page.body.contains("MERCHANT A") && !page.body.contains("call it back"), "{}", page.body);
    let answer = browser.allow(&page).await;
    let code = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, code.code()).await.tokens();
    let expected = merged(payment(), json!({"creditorName": "MERCHANT A", "actions": ["initiate"]}));
    assert_eq!(tokens.0["authorization_details"], json!([expected, accounts()]));
}

#[tokio::test]
async fn on_rar_validate_adds_no_right_and_makes_no_other_object() {
    let (realm, client) = bank().await;
    let mut browser = realm.signed_in_browser().await;
    let less = merged(payment(), json!({"actions": ["status"]}));
    for change in [
        "detail.actions = [\"initiate\", \"status\"]",
        "detail.instructedAmount.amount = \"999.00\"",
        "detail.creditorAccount.iban = \"DE02100100109307118604\"",
        "detail.type = \"account_information\"",
        "detail.debtorAccount = #{ iban: \"DE02100100109307118603\" }",
        "detail.remove(\"locations\")",
        "detail.creditorAccount.iban = \"de02100100109307118603\"",
    ] {
        bind(&realm, "on_rar_validate", &format!("{change}; normalise(detail)")).await;
        let request = asking(&client, &json!([less]));
        let response = browser.authorize(&request).await;
        let response = response.assert_error_response(&request, "invalid_authorization_details");
        assert_silent_about_scripts(response.get("error_description").unwrap());
    }
}

#[tokio::test]
async fn what_a_person_agreed_to_does_not_change_behind_the_form() {
    let (realm, client) = bank().await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([payment()]));
    let page = browser.authorize(&request).await;
    bind(&realm, "on_rar_validate", "detail.creditorName = \"MERCHANT A\"; normalise(detail)").await;
    browser.allow(&page).await.assert_error_page();
    assert_eq!(realm.rows().await.count("authorizations"), 0);
}

#[tokio::test]
async fn on_rar_enrich_fills_in_what_the_type_leaves_to_it() {
    let (realm, client) = bank().await;
    let mut browser = realm.signed_in_browser().await;
    let body = "if detail.type == \"account_information\" { enrich(#{ accounts: [\"DE02100100109307118603\"] }) } \
                else { none() }";
    bind(&realm, "on_rar_enrich", body).await;
    let request = asking(&client, &json!([accounts()])).with("scope", "openid offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    let whole = merged(accounts(), json!({"accounts": ["DE02100100109307118603"]}));
    assert_eq!(tokens.0["authorization_details"], json!([whole]));
    assert_eq!(client.introspect(tokens.access_token()).await["authorization_details"], json!([whole]));
    // The consent is remembered as the person saw it, and a refresh asks nobody again.
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(refreshed.0["authorization_details"], json!([whole]));
    let request = asking(&client, &json!([accounts()])).with("prompt", "none");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    assert_eq!(tokens.0["authorization_details"], json!([whole]));
}

#[tokio::test]
async fn on_rar_enrich_changes_nothing_that_was_shown() {
    let (realm, client) = bank().await;
    let mut browser = realm.signed_in_browser().await;
    for change in
        ["actions: [\"list_accounts\"]", "accounts: [\"nonsense\"]", "unknown: 1", "validUntil: \"2030-01-01\""]
    {
        bind(&realm, "on_rar_enrich", &format!("enrich(#{{ {change} }})")).await;
        let request = asking(&client, &json!([accounts()])).with("prompt", "consent");
        let page = browser.authorize(&request).await;
        browser.allow(&page).await.assert_error_response(&request, "invalid_authorization_details");
    }
    bind(&realm, "on_rar_enrich", "deny(\"access_denied\", \"not this account\")").await;
    let request = asking(&client, &json!([accounts()])).with("prompt", "consent");
    let page = browser.authorize(&request).await;
    browser.allow(&page).await.assert_error_response(&request, "access_denied");
    assert_eq!(realm.rows().await.count("authorizations"), 0);
}

#[tokio::test]
async fn sc_009_the_hooks_of_details_fail_closed() {
    let realm = Realm::new().await;
    register(&realm, json!({"client_credentials": true})).await;
    let client = client_of(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    bind(&realm, "on_rar_validate", FAILS).await;
    let request = asking(&client, &json!([accounts()]));
    let response = browser.authorize(&request).await.assert_error_response(&request, "server_error");
    assert_silent_about_scripts(response.get("error_description").unwrap());
    let details: Value = json!([accounts()]);
    let details = details.to_string();
    let parameters = [("grant_type", "client_credentials"), ("authorization_details", details.as_str())];
    assert_failed_closed(&client.ask("/token", &parameters).await);
    bind(&realm, "on_rar_validate", "none()").await;
    bind(&realm, "on_rar_enrich", FAILS).await;
    assert_failed_closed(&client.ask("/token", &parameters).await);
}
