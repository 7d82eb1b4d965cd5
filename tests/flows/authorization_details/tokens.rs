//! What tokens are good for: at the token endpoint, in the token, at introspection and at refresh (RFC 9396 sections 6, 7
//! and 9).

use http::Method;
use serde_json::{Value, json};

use super::{accounts, asking, bank, client_of, payment, register};
use crate::support::client::{Client, Tokens};
use crate::support::realm::{Realm, merged};

/// Refreshes for some details.
async fn refresh_for(client: &Client, tokens: &Tokens, details: &Value) -> crate::support::http::Answer {
    let details = details.to_string();
    let parameters = [
        ("grant_type", "refresh_token"),
        ("refresh_token", tokens.refresh_token()),
        ("authorization_details", details.as_str()),
    ];
    client.ask("/token", &parameters).await
}

#[tokio::test]
async fn rfc9396_7_and_9_what_was_granted_is_in_the_response_in_the_token_and_at_introspection() {
    for format in ["jwt", "opaque"] {
        let (realm, client) = bank(json!({"settings": {"access_token_format": format}})).await;
        let mut browser = realm.signed_in_browser().await;
        let granted = json!([payment(), merged(payment(), json!({"creditorName": "Merchant B"})), accounts()]);
        let request = asking(&client, &granted).with("scope", "openid offline_access");
        let tokens = client.obtain(&mut browser, &request, &realm.user).await;
        assert_eq!(tokens.0["authorization_details"], granted);
        assert_eq!(client.introspect(tokens.access_token()).await["authorization_details"], granted);
        if format == "jwt" {
            assert_eq!(realm.verify(tokens.access_token()).await.claims["authorization_details"], granted);
        } else {
            assert!(tokens.access_token().len() < 1_000, "{}", tokens.access_token().len());
        }
        let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
        assert_eq!(refreshed.0["authorization_details"], granted);
        assert_eq!(client.introspect(refreshed.access_token()).await["authorization_details"], granted);
    }
}

#[tokio::test]
async fn design_6_a_code_stays_short_whatever_it_stands_for() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let small = json!([{"type": "account_information", "actions": ["list_accounts"]}]);
    let response = browser.complete(&asking(&client, &small), &realm.user).await;
    let short = response.code().len();
    assert_eq!(realm.rows().await.count("kept_details"), 0, "what is small travels in the code");
    let payments: Vec<Value> =
        (0..6).map(|n| merged(payment(), json!({"creditorName": format!("Merchant {n}")}))).collect();
    let request = asking(&client, &json!(payments));
    let response = browser.complete(&request, &realm.user).await;
    assert!(response.code().len() < short + 100, "{} {short}", response.code().len());
    assert_eq!(realm.rows().await.count("kept_details"), 1);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    assert_eq!(tokens.0["authorization_details"], json!(payments));
}

#[tokio::test]
async fn rfc9396_6_a_token_request_narrows_and_never_widens() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([payment(), accounts()])).with("scope", "openid offline_access");
    let response = browser.complete(&request, &realm.user).await;
    let less = merged(accounts(), json!({"actions": ["list_accounts"]}));
    let details = json!([less]).to_string();
    let mut parameters = Client::redemption(&request, response.code());
    parameters.push(("authorization_details", details.as_str()));
    let tokens = client.ask("/token", &parameters).await.tokens();
    assert_eq!(tokens.0["authorization_details"], json!([less]));
    assert_eq!(realm.verify(tokens.access_token()).await.claims["authorization_details"], json!([less]));

    // What the user agreed to is unchanged: the refresh token is good for all of it, by location alone too.
    let by_location = json!([{"type": "payment_initiation", "locations": ["https://example.com/payments"]}]);
    let answer = refresh_for(&client, &tokens, &by_location).await.tokens();
    assert_eq!(answer.0["authorization_details"], json!([payment()]));
    for wider in [
        json!([merged(accounts(), json!({"recurringIndicator": true}))]),
        json!([merged(accounts(), json!({"locations": ["https://example.com/all"]}))]),
        json!([merged(accounts(), json!({"actions": []}))]),
        json!([merged(payment(), json!({"instructedAmount": {"currency": "EUR", "amount": "123.51"}}))]),
        json!([accounts(), merged(payment(), json!({"creditorName": "Merchant B"}))]),
        json!([{"type": "unknown"}]),
        json!([]),
        json!({}),
    ] {
        refresh_for(&client, &answer, &wider).await.assert_refused("invalid_authorization_details");
    }
    let all = client.refresh(answer.refresh_token()).await.tokens();
    assert_eq!(all.0["authorization_details"], json!([payment(), accounts()]));
}

#[tokio::test]
async fn rfc9396_6_a_code_is_not_used_up_by_asking_for_more() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([accounts()]));
    let response = browser.complete(&request, &realm.user).await;
    let details = json!([payment()]).to_string();
    let mut parameters = Client::redemption(&request, response.code());
    parameters.push(("authorization_details", details.as_str()));
    client.ask("/token", &parameters).await.assert_refused("invalid_authorization_details");
    client.redeem(&request, response.code()).await.tokens();
}

#[tokio::test]
async fn a_type_that_is_taken_from_the_client_or_the_realm_is_gone_at_the_next_refresh() {
    let (realm, client) = bank(json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([payment(), accounts()])).with("scope", "openid offline_access");
    let tokens = client.obtain(&mut browser, &request, &realm.user).await;
    realm.update_client(&client, json!({"authorization_details_types": ["account_information"]})).await;
    let tokens = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(tokens.0["authorization_details"], json!([accounts()]));
    refresh_for(&client, &tokens, &json!([payment()])).await.assert_refused("invalid_authorization_details");
    let types = format!("/realms/{}/authorization-details-types", realm.name);
    let listed = realm.server.administration.ask(Method::GET, &types, &Value::Null).await.json();
    for kind in listed["items"].as_array().unwrap() {
        let path = format!("{types}/{}", kind["id"].as_str().unwrap());
        realm.server.administration.ask(Method::DELETE, &path, &Value::Null).await;
    }
    let tokens = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(tokens.0.get("authorization_details"), None);
}

#[tokio::test]
async fn rfc9396_6_a_client_alone_gets_what_its_policy_gives_it() {
    let (_, client) = bank(json!({})).await;
    let ask = async |client: &Client, details: Value| {
        let details = details.to_string();
        client.ask("/token", &[("grant_type", "client_credentials"), ("authorization_details", details.as_str())]).await
    };
    ask(&client, json!([accounts()])).await.assert_refused("invalid_authorization_details");

    let realm = Realm::new().await;
    register(&realm, json!({"client_credentials": true})).await;
    let client = client_of(&realm, json!({})).await;
    let tokens = ask(&client, json!([accounts()])).await.tokens();
    assert_eq!(tokens.0["authorization_details"], json!([accounts()]));
    assert_eq!(client.introspect(tokens.access_token()).await["authorization_details"], json!([accounts()]));
    ask(&client, json!([merged(accounts(), json!({"surplus": 1}))]))
        .await
        .assert_refused("invalid_authorization_details");
    ask(&client, json!([{"type": "unknown"}])).await.assert_refused("invalid_authorization_details");
    // Whoever registered itself has nobody who vouched for it.
    let stranger = client_of(&realm, json!({"settings": {"dynamically_registered": true}})).await;
    ask(&stranger, json!([accounts()])).await.assert_refused("invalid_authorization_details");
}

#[tokio::test]
async fn tokens_of_the_front_channel_are_good_for_no_details() {
    let realm = Realm::with(json!({"response_types": ["code", "code id_token token"]})).await;
    register(&realm, json!({})).await;
    let own = json!({
        "response_types": ["code id_token token"], "grant_types": ["authorization_code", "implicit"],
    });
    let client = client_of(&realm, own).await;
    let mut browser = realm.signed_in_browser().await;
    let request = asking(&client, &json!([accounts()])).with("response_type", "code id_token token");
    let response = browser.complete(&request, &realm.user).await;
    assert_eq!(realm.verify(response.access_token()).await.claims.get("authorization_details"), None);
    let tokens = client.redeem(&request, response.code()).await.tokens();
    assert_eq!(tokens.0["authorization_details"], json!([accounts()]));
}
