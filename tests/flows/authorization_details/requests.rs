//! What may be asked for, and what is refused before anybody logs in (RFC 9396 sections 3 and 5).

use serde_json::json;

use super::{accounts, asking, bank, payment};
use crate::support::authorization::{AuthorizationResponse, object_of};
use crate::support::jwt::SigningKey;
use crate::support::realm::merged;

#[tokio::test]
async fn rfc9396_5_what_does_not_conform_to_its_type_is_invalid_authorization_details() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    let without = |member: &str| {
        let mut payment = payment();
        payment.as_object_mut().unwrap().remove(member);
        payment
    };
    for bad in [
        merged(payment(), json!({"type": "unknown"})),
        merged(payment(), json!({"surplus": true})),
        merged(payment(), json!({"creditorAccount": {"iban": "DE02100100109307118603", "surplus": 1}})),
        merged(payment(), json!({"instructedAmount": "123.50 EUR"})),
        merged(payment(), json!({"instructedAmount": {"currency": "EUR", "amount": "-1"}})),
        merged(payment(), json!({"actions": ["initiate", "repeat"]})),
        merged(payment(), json!({"creditorName": "Merchant \u{202e}A"})),
        merged(payment(), json!({"debtorAccount": {"iban": "DE02100100109307118603"}})),
        without("creditorAccount"),
        without("type"),
    ] {
        let request = asking(&client, &json!([accounts(), bad]));
        let response =
            browser.authorize(&request).await.assert_error_response(&request, "invalid_authorization_details");
        // What the client sent is not repeated.
        let description = response.get("error_description").unwrap();
        assert!(!description.contains("surplus") && !description.contains("repeat"), "{description}");
    }
    for text in ["{}", "[]", "null", "[1]", "[{\"type\":\"account_information\",\"type\":\"payment_initiation\"}]"] {
        let request = client.request().with("authorization_details", text);
        browser.authorize(&request).await.assert_error_response(&request, "invalid_authorization_details");
    }
    assert_eq!(realm.rows().await.changed_since(&before), Vec::<&str>::new());
}

#[tokio::test]
async fn rfc9396_10_a_client_asks_for_the_types_it_is_registered_with() {
    let (realm, client) = bank(json!({"authorization_details_types": ["account_information"]})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([payment()]));
    browser.authorize(&request).await.assert_error_response(&request, "invalid_authorization_details");
    let request = asking(&client, &json!([accounts()]));
    browser.authorize(&request).await.page("consent-page");
    let unregistered = realm.client(json!({})).await;
    let request = asking(&unregistered, &json!([accounts()]));
    browser.authorize(&request).await.assert_error_response(&request, "invalid_authorization_details");
    assert_eq!(
        realm.discovery().await["authorization_details_types_supported"],
        json!(["account_information", "payment_initiation"])
    );
}

#[tokio::test]
async fn rfc9396_3_details_need_a_code_and_no_scope() {
    let (realm, client) = bank(json!({"response_types": ["code", "none"]})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([accounts()])).with("response_type", "none");
    browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
    let request = asking(&client, &json!([accounts()])).without("scope").without("nonce");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    assert_eq!(tokens.0["authorization_details"], json!([accounts()]));
    assert!(tokens.0.get("id_token").is_none());
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(refreshed.0["authorization_details"], json!([accounts()]));
    // A scope that is there and has nothing open to the client is refused all the same.
    let request = asking(&client, &json!([accounts()])).with("scope", "nothing");
    browser.authorize(&request).await.assert_error_response(&request, "invalid_scope");
}

#[tokio::test]
async fn az_082_details_in_a_signed_request_object_are_the_ones_that_count() {
    let key = SigningKey::generate("ES256");
    let (realm, client) = bank(json!({"jwks": key.public_set(), "require_signed_request_object": true})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let mut claims = object_of(&client, &request);
    claims["authorization_details"] = json!([accounts()]);
    let object = key.sign(&claims);
    // Whoever changes them in the address changes nothing.
    let request = request.with("request", &object).with("authorization_details", &json!([payment()]).to_string());
    let page = browser.authorize(&request).await;
    assert!(page.body.contains("Look at your accounts") && !page.body.contains("Merchant A"), "{}", page.body);
    let answer = browser.allow(&page).await;
    let code = AuthorizationResponse::read(&answer, &request);
    let tokens = client.redeem(&request, code.code()).await.tokens();
    assert_eq!(tokens.0["authorization_details"], json!([accounts()]));
    let plain = asking(&client, &json!([payment()]));
    browser.authorize(&plain).await.assert_error_response(&plain, "invalid_request");
}
