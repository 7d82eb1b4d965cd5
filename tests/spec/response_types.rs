//! The rules of implicit and hybrid requests: what breaks one is answered in the mode of the response, never in the
//! query, and gives no token (OpenID Connect Core 3.2 and 3.3, RFC 9700 section 2.1.2).

use serde_json::{Value, json};

use crate::support::authorization::AuthorizationRequest;
use crate::support::client::Client;
use crate::support::realm::{Realm, merged};

const TOKENS: [&str; 5] = ["id_token", "id_token token", "code id_token", "code token", "code id_token token"];

async fn open_realm() -> Realm {
    let offered = [TOKENS.as_slice(), &["code", "none"]].concat();
    Realm::with(json!({"response_types": offered})).await
}

async fn client(realm: &Realm, metadata: Value) -> Client {
    let own = json!({
        "grant_types": ["authorization_code", "implicit"], "response_types": TOKENS, "settings": {"skip_consent": true},
    });
    realm.client(merged(own, metadata)).await
}

/// Checks that each request is refused with the error, with GET and with POST, and that nothing changed.
async fn assert_refused(realm: &Realm, error: &str, requests: impl IntoIterator<Item = AuthorizationRequest>) {
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    for request in requests {
        // Reading checks the mode.
        browser.authorize(&request).await.assert_error_response(&request, error);
        browser.authorize_by_form(&request).await.assert_error_response(&request, error);
        if request.get("response_mode").is_none() {
            let posted = request.with("response_mode", "form_post");
            browser.authorize(&posted).await.assert_error_response(&posted, error);
        }
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

fn each(client: &Client, types: &[&str]) -> Vec<AuthorizationRequest> {
    types.iter().map(|kind| client.request().with("response_type", kind)).collect()
}

#[tokio::test]
async fn az_030_rfc9700_2_1_2_tokens_from_the_authorization_endpoint_are_off_until_realm_and_client_allow_them() {
    let realm = Realm::new().await;
    let plain = realm.client(json!({"settings": {"skip_consent": true}})).await;
    assert_refused(&realm, "unsupported_response_type", each(&plain, &TOKENS)).await;
    let realm = open_realm().await;
    let plain = realm.client(json!({"settings": {"skip_consent": true}})).await;
    assert_refused(&realm, "unauthorized_client", each(&plain, &TOKENS)).await;
    assert_refused(&realm, "unsupported_response_type", each(&plain, &["token", "none token", "code code"])).await;
    let open = client(&realm, json!({})).await;
    assert_refused(&realm, "unauthorized_client", each(&open, &["code", "none"])).await;
    // What was allowed once is not, after the realm has taken it back.
    realm.server.administration.update_realm(&realm.name, &json!({"response_types": ["code"]})).await;
    assert_refused(&realm, "unsupported_response_type", each(&open, &TOKENS)).await;
}

#[tokio::test]
async fn az_032_multiple_response_types_5_tokens_never_travel_in_a_query() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let requests = each(&client, &TOKENS).into_iter().map(|request| request.with("response_mode", "query"));
    assert_refused(&realm, "invalid_request", requests).await;
}

#[tokio::test]
async fn az_033_unknown_response_modes_are_answered_in_the_default_mode_of_the_response_type() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    for mode in ["JWT", "Fragment", "query fragment"] {
        let requests = each(&client, &TOKENS).into_iter().map(|request| request.with("response_mode", mode));
        assert_refused(&realm, "invalid_request", requests).await;
    }
}

/// oidcc-ensure-request-without-nonce-fails.
#[tokio::test]
async fn oidc_core_3_2_2_1_and_3_3_2_1_an_id_token_in_the_front_channel_needs_a_nonce() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let without = |kind: &str| client.request().with("response_type", kind).without("nonce");
    let needed = TOKENS.into_iter().filter(|kind| *kind != "code token");
    assert_refused(&realm, "invalid_request", needed.map(without)).await;
    let request = without("code token");
    let response = realm.signed_in_browser().await.complete(&request, &realm.user).await;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    assert_eq!(crate::support::jwt::read(tokens.id_token()).claims.get("nonce"), None);
}

#[tokio::test]
async fn oidc_core_3_1_2_1_an_id_token_needs_the_scope_openid() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let types = ["id_token", "id_token token", "code id_token", "code id_token token"];
    let requests = each(&client, &types).into_iter().map(|request| request.with("scope", "email"));
    assert_refused(&realm, "invalid_scope", requests).await;
    let request = client.request().with("response_type", "code token").with("scope", "email");
    let response = realm.signed_in_browser().await.complete(&request, &realm.user).await;
    assert_eq!(response.get("scope"), Some("email"));
    // OpenID Connect Core 11: nothing is left of a scope that only a code could serve.
    let offline = client.request().with("response_type", "id_token token").with("scope", "offline_access");
    assert_refused(&realm, "invalid_scope", [offline]).await;
}

/// RejectErrorInUrlQuery, RejectStateInUrlQueryForHybridFlow.
#[tokio::test]
async fn oidc_core_3_2_2_6_errors_of_the_user_travel_in_the_mode_of_the_response() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    for request in each(&client, &TOKENS) {
        let silent = request.with("prompt", "none");
        browser.authorize(&silent).await.assert_error_response(&silent, "login_required");
    }
}

#[tokio::test]
async fn az_020_no_mistake_of_a_hybrid_request_makes_an_error_travel_to_a_wrong_uri() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for request in each(&client, &TOKENS) {
        let evil = request.with("redirect_uri", "https://evil.test/callback");
        for request in [
            evil.clone(),
            evil.clone().with("scope", "email"),
            evil.clone().without("nonce"),
            evil.clone().with("response_mode", "query"),
            evil.clone().with("response_mode", "form_post"),
            evil.with("prompt", "none"),
        ] {
            browser.authorize(&request).await.assert_error_page();
        }
    }
}

#[tokio::test]
async fn rfc9700_2_1_1_public_clients_need_a_challenge_where_there_is_a_code() {
    let realm = open_realm().await;
    let client = client(&realm, json!({"token_endpoint_auth_method": "none"})).await;
    let without = |kinds: &[&str]| each(&client, kinds).into_iter().map(AuthorizationRequest::without_pkce);
    assert_refused(&realm, "invalid_request", without(&["code id_token", "code token", "code id_token token"])).await;
    let mut browser = realm.signed_in_browser().await;
    for request in without(&["id_token", "id_token token"]) {
        browser.complete(&request, &realm.user).await.id_token();
    }
}

#[tokio::test]
async fn tk_020_the_token_endpoint_does_not_take_the_implicit_grant() {
    let realm = open_realm().await;
    let client = client(&realm, json!({})).await;
    client.ask("/token", &[("grant_type", "implicit")]).await.assert_refused("unsupported_grant_type");
}

#[tokio::test]
async fn oidc_registration_2_response_types_and_grant_types_come_together() {
    let realm = open_realm().await;
    let clients = format!("/realms/{}/clients", realm.name);
    for (response_types, grant_types) in [
        (json!(["id_token"]), json!(["authorization_code"])),
        (json!(["code id_token"]), json!(["implicit"])),
        (json!(["code"]), json!(["authorization_code", "implicit"])),
    ] {
        let body = json!({
            "redirect_uris": ["https://client.test/callback"], "response_types": response_types, "grant_types": grant_types,
        });
        let answer = realm.server.administration.try_ask(http::Method::POST, &clients, &body).await;
        assert_eq!(answer.status, 422, "{answer:?}");
        assert!(answer.body.contains("response_types"), "{answer:?}");
    }
}
