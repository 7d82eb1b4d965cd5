//! Request objects where a client must sign them, or need not: RFC 9101 section 10.5, OpenID Connect Core 6.1.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::request_objects::{around, keyed, object_of};
use crate::support::authorization::AuthorizationResponse;
use crate::support::realm::Realm;

fn without(claims: &Value, name: &str) -> Value {
    let mut claims = claims.clone();
    claims.as_object_mut().unwrap().remove(name);
    claims
}

fn unsigned(claims: &Value) -> String {
    format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// EnsureAuthorizationRequestWithoutRequestObjectFails.
#[tokio::test]
async fn rfc9101_10_5_a_client_that_must_sign_makes_no_other_request() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({"require_signed_request_object": true})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
    let object = object_of(&client, &request);
    let outside = request.clone().with("request", &unsigned(&object));
    browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_object");
    // RFC 9101 section 5: only the client identifier has to stand outside.
    let only_client = around(&client, ("request", &key.sign(&object))).without("response_type").without("scope");
    let answer = browser.authorize(&only_client).await;
    AuthorizationResponse::read(&answer, &request).code();
}

/// EnsureRequestObjectWithoutNonceFails, EnsureRequestObjectWithoutScopeFails, EnsureRequestObjectWithoutState.
#[tokio::test]
async fn az_050_for_a_client_that_must_sign_nothing_outside_the_object_counts() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({"require_signed_request_object": true})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let object = object_of(&client, &request);
    let with = |claims: &Value| request.clone().with("request", &key.sign(claims));
    browser.authorize(&with(&without(&object, "redirect_uri"))).await.assert_error_page();
    browser.authorize(&with(&without(&object, "scope"))).await.assert_error_response(&request, "invalid_request");
    browser
        .authorize(&with(&without(&object, "response_type")))
        .await
        .assert_error_response(&request, "invalid_request");
    let answer = browser.authorize(&with(&without(&object, "state"))).await;
    AuthorizationResponse::read(&answer, &request.clone().without("state")).code();
    let answer = browser.authorize(&with(&without(&object, "nonce"))).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    let tokens = client.redeem(&request, &code).await.tokens();
    assert!(realm.verify(tokens.id_token()).await.claims.get("nonce").is_none());
}

#[tokio::test]
async fn rfc9101_10_5_the_demand_holds_for_those_who_log_in_already() {
    let realm = Realm::new().await;
    let (client, _) = keyed(&realm, json!({})).await;
    let request = client.request();
    let mut browser = realm.browser();
    let login = browser.authorize(&request).await;
    realm.update_client(&client, json!({"require_signed_request_object": true})).await;
    browser.log_in(&login, &realm.user).await.assert_error_response(&request, "invalid_request");
}

/// oidcc-unsigned-request-object-supported-correctly-or-rejected-as-unsupported.
#[tokio::test]
async fn oidc_core_6_1_unsigned_objects_need_the_realm_and_the_client() {
    let realm = Realm::with(json!({"allow_unsigned_request_objects": true})).await;
    let listed = realm.discovery().await["request_object_signing_alg_values_supported"].clone();
    assert!(!listed.as_array().unwrap().contains(&json!("none")), "{listed}");
    let (client, key) = keyed(&realm, json!({"request_object_signing_alg": "none"})).await;
    let (other, _) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let object = object_of(&client, &request);
    let bare = without(&without(&object, "iss"), "aud");
    for claims in [&object, &bare] {
        let answer = browser.authorize(&around(&client, ("request", &unsigned(claims)))).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    let mut foreign = object.clone();
    foreign["aud"] = json!("https://other.test");
    let mut of_another = object.clone();
    of_another["iss"] = json!(other.id);
    for refused in [key.sign(&object), unsigned(&foreign), unsigned(&of_another)] {
        let outside = request.clone().with("request", &refused);
        browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_object");
    }
    let asked = other.request();
    let outside = asked.clone().with("request", &unsigned(&object_of(&other, &asked)));
    browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_object");
    // What the realm permitted once it need not permit for ever.
    realm.server.administration.update_realm(&realm.name, &json!({"allow_unsigned_request_objects": false})).await;
    let outside = request.with("request", &unsigned(&object));
    browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_object");
}
