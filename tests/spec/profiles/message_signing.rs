//! FAPI 2.0 Message Signing.

use serde_json::json;

use super::Bank;
use crate::support::authorization::AuthorizationRequest;
use crate::support::http::Answer;
use crate::support::time::now;

const PROFILE: &str = "fapi2_message_signing";

/// A request that asks for a signed response.
fn request(bank: &Bank) -> AuthorizationRequest {
    bank.client.request().with("response_mode", "jwt")
}

async fn push_object(bank: &Bank, object: &str) -> Answer {
    bank.push(&[("request".to_owned(), object.to_owned())]).await
}

#[tokio::test]
async fn fapi2_ms_5_3_1_1_and_5_4_1_1_a_signed_request_gets_a_signed_response() {
    let bank = Bank::of(PROFILE).await;
    let request = request(&bank);
    let pushed = push_object(&bank, &bank.object(&request, json!({}))).await;
    assert_eq!(pushed.status, 201, "{pushed:?}");
    let answer = bank.follow(&mut bank.realm.browser(), &pushed).await;
    let location = answer.location().unwrap().to_owned();
    let response = location.split_once("?response=").unwrap().1.trim_end_matches('#');
    let token = bank.realm.verify(response).await;
    assert!(["PS256", "ES256"].contains(&token.header["alg"].as_str().unwrap()), "{:?}", token.header);
    assert_eq!((&token.claims["iss"], &token.claims["aud"]), (&json!(bank.client.issuer), &json!(bank.client.id)));
    let code = token.claims["code"].as_str().unwrap();
    bank.client.redeem(&request, code).await.tokens();
}

#[tokio::test]
async fn fapi2_ms_5_3_1_1_a_request_that_is_not_signed_is_refused() {
    let bank = Bank::of(PROFILE).await;
    bank.push(&request(&bank).parameters).await.assert_refused("invalid_request");
}

#[tokio::test]
async fn fapi2_ms_5_3_1_2_an_object_for_somebody_else_is_refused() {
    let bank = Bank::of(PROFILE).await;
    let request = request(&bank);
    for audience in [json!("https://other.test"), json!(format!("{}/par", bank.client.issuer)), json!(null)] {
        let object = bank.object(&request, json!({"aud": audience}));
        push_object(&bank, &object).await.assert_refused("invalid_request_object");
    }
    let among_others = json!({"aud": [bank.client.issuer, "https://other.test"]});
    assert_eq!(push_object(&bank, &bank.object(&request, among_others)).await.status, 201);
}

#[tokio::test]
async fn fapi2_ms_5_3_1_3_an_object_begins_less_than_an_hour_ago() {
    let bank = Bank::of(PROFILE).await;
    for change in [json!({"nbf": null}), json!({"nbf": now() - 4_200})] {
        let object = bank.object(&request(&bank), change);
        push_object(&bank, &object).await.assert_refused("invalid_request_object");
    }
    let ahead = bank.object(&request(&bank), json!({"nbf": now() + 8}));
    assert_eq!(push_object(&bank, &ahead).await.status, 201);
}

#[tokio::test]
async fn fapi2_ms_5_3_1_4_an_object_lives_an_hour_at_most() {
    let bank = Bank::of(PROFILE).await;
    for change in [json!({"exp": null}), json!({"exp": now() + 4_200}), json!({"exp": now() - 3_600})] {
        let object = bank.object(&request(&bank), change);
        push_object(&bank, &object).await.assert_refused("invalid_request_object");
    }
}

#[tokio::test]
async fn fapi2_ms_5_3_1_5_an_object_may_say_what_it_is() {
    let bank = Bank::of(PROFILE).await;
    let mut claims = super::object_of(&bank.client, &request(&bank));
    claims["nbf"] = json!(now());
    claims["exp"] = json!(now() + 300);
    let mut header = bank.key.header();
    header["typ"] = json!("oauth-authz-req+jwt");
    let object = bank.key.sign_with_header(&header, &claims);
    assert_eq!(push_object(&bank, &object).await.status, 201);
}

#[tokio::test]
async fn fapi2_ms_5_4_1_1_a_response_that_is_not_signed_is_refused() {
    let bank = Bank::of(PROFILE).await;
    for request in [bank.client.request(), bank.client.request().with("response_mode", "query")] {
        let object = bank.object(&request, json!({}));
        push_object(&bank, &object).await.assert_refused("invalid_request");
    }
}

#[tokio::test]
async fn fapi2_5_4_1_1_objects_with_other_algorithms_are_refused() {
    let bank = Bank::of(PROFILE).await;
    let unsigned = {
        let object = bank.object(&request(&bank), json!({}));
        let payload = object.split('.').nth(1).unwrap().to_owned();
        format!("eyJhbGciOiJub25lIn0.{payload}.")
    };
    push_object(&bank, &unsigned).await.assert_refused("invalid_request_object");
}
