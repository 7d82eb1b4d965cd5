//! The rules of authorization requests, one after the other: what breaks one is answered to the client with the error
//! of its specification, in the response mode that was asked for, and leaves no trace.

use serde_json::json;

use crate::support::authorization::AuthorizationRequest;
use crate::support::client::Client;
use crate::support::jwt::{self, SigningKey};
use crate::support::realm::Realm;

/// A realm, and a client that gets a code at once from the user who is signed in.
async fn trusted(realm: &Realm) -> Client {
    realm.client(json!({"settings": {"skip_consent": true}})).await
}

/// Checks that each request is refused with the error, with GET and with POST, and that nothing changed.
async fn assert_refused(realm: &Realm, error: &str, requests: impl IntoIterator<Item = AuthorizationRequest>) {
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    for request in requests {
        for mode in ["query", "fragment", "form_post"] {
            let request = match request.get("response_mode") {
                None => request.clone().with("response_mode", mode),
                Some(_) => request.clone(),
            };
            browser.authorize(&request).await.assert_error_response(&request, error);
        }
        browser.authorize_by_form(&request).await.assert_error_response(&request, error);
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// The request of a trusted client with one parameter after the other.
async fn assert_values_refused(error: &str, name: &str, values: &[&str]) {
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    assert_refused(&realm, error, values.iter().map(|value| request.clone().with(name, value))).await;
}

#[tokio::test]
async fn rfc6749_3_1_repeated_parameters_are_invalid_request() {
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let names = ["response_type", "scope", "nonce", "prompt", "code_challenge", "code_challenge_method", "unknown"];
    let repeated = names.map(|name| {
        let value = request.get(name).unwrap_or("login").to_owned();
        let request = request.clone().with(name, &value);
        request.repeated(name, &value)
    });
    assert_refused(&realm, "invalid_request", repeated).await;
    // Twice the state is no state that could be returned.
    let request = request.clone().repeated("state", "other");
    let mut browser = realm.signed_in_browser().await;
    let answer = browser.authorize(&request).await;
    let expected = request.without("state");
    answer.assert_error_response(&expected, "invalid_request");
}

/// oidcc-response-type-missing: in the query, because no type says otherwise.
#[tokio::test]
async fn rfc6749_3_1_1_a_missing_response_type_is_invalid_request() {
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let requests = [request.clone().without("response_type"), request.with("response_type", "")];
    assert_refused(&realm, "invalid_request", requests).await;
}

#[tokio::test]
async fn rfc6749_3_1_1_other_response_types_are_unsupported_and_give_no_token() {
    let types = ["token", "id_token", "code token", "code id_token", "id_token token", "code none", "CODE", "code "];
    assert_values_refused("unsupported_response_type", "response_type", &types).await;
    assert_values_refused("unauthorized_client", "response_type", &["none"]).await;
}

#[tokio::test]
async fn rfc6749_4_1_2_1_a_client_of_another_grant_is_unauthorized() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"grant_types": ["client_credentials"]})).await;
    assert_refused(&realm, "unauthorized_client", [client.request()]).await;
}

#[tokio::test]
async fn multiple_response_types_2_1_unknown_response_modes_are_invalid_request() {
    let modes = ["web_message", "Query", "JWT", "query fragment"];
    assert_values_refused("invalid_request", "response_mode", &modes).await;
}

#[tokio::test]
async fn oidc_core_3_1_2_6_clients_are_not_registered_by_request() {
    assert_values_refused("registration_not_supported", "registration", &["{}"]).await;
}

#[tokio::test]
async fn rfc6749_3_3_scopes_that_are_missing_malformed_or_closed_are_invalid_scope() {
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let values = ["a\"b", "a\\b", "caf\u{e9}", "a\tb", "closed", "admin"];
    let requests: Vec<_> = values.iter().map(|value| request.clone().with("scope", value)).collect();
    assert_refused(&realm, "invalid_scope", requests).await;
    let without = [request.clone().without("scope"), request.with("scope", "")];
    assert_refused(&realm, "invalid_scope", without.clone().map(|request| request.without("nonce"))).await;
    // OpenID Connect Core 3.1.2.1: only a request of that kind has a nonce, and must have a scope.
    assert_refused(&realm, "invalid_request", without).await;
}

#[tokio::test]
async fn oidc_core_15_5_2_an_overlong_nonce_is_invalid_request() {
    assert_values_refused("invalid_request", "nonce", &[&"n".repeat(1025)]).await;
}

/// AZ-038.
#[tokio::test]
async fn rfc9700_2_1_1_public_clients_need_a_challenge() {
    let realm = Realm::new().await;
    let public = json!({"token_endpoint_auth_method": "none", "settings": {"skip_consent": true}});
    let client = realm.client(public).await;
    assert_refused(&realm, "invalid_request", [client.request().without_pkce()]).await;
    let strict = realm.client(json!({"settings": {"skip_consent": true, "require_pkce": true}})).await;
    assert_refused(&realm, "invalid_request", [strict.request().without_pkce()]).await;
}

#[tokio::test]
async fn rfc9700_2_1_1_a_realm_may_let_public_clients_go_without_a_challenge() {
    let realm = Realm::with(json!({"allow_public_clients_without_pkce": true})).await;
    let public = json!({"token_endpoint_auth_method": "none", "settings": {"skip_consent": true}});
    let client = realm.client(public).await;
    let request = client.request().without_pkce();
    let mut browser = realm.signed_in_browser().await;
    let response = browser.complete(&request, &realm.user).await;
    client.redeem(&request, response.code()).await.tokens();
    let strict =
        json!({"token_endpoint_auth_method": "none", "settings": {"skip_consent": true, "require_pkce": true}});
    let strict = realm.client(strict).await;
    assert_refused(&realm, "invalid_request", [strict.request().without_pkce()]).await;
}

/// AZ-040.
#[tokio::test]
async fn rfc7636_4_2_malformed_challenges_are_invalid_request() {
    let (short, long) = ("a".repeat(42), "a".repeat(129));
    let bad = ["=", "+", " ", "/", "%", "\u{e9}"].map(|character| "a".repeat(43) + character);
    let values: Vec<&str> = [short.as_str(), &long].into_iter().chain(bad.iter().map(String::as_str)).collect();
    assert_values_refused("invalid_request", "code_challenge", &values).await;
}

#[tokio::test]
async fn rfc7636_4_4_1_plain_unknown_and_lonely_methods_are_invalid_request() {
    assert_values_refused("invalid_request", "code_challenge_method", &["plain", "s256", "S512", "S256 plain"]).await;
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    // An absent method means plain (section 4.3).
    let requests = [request.clone().without("code_challenge_method"), request.without("code_challenge")];
    assert_refused(&realm, "invalid_request", requests).await;
}

#[tokio::test]
async fn oidc_core_3_1_2_1_unknown_prompts_and_none_with_others_are_invalid_request() {
    let values = ["create", "NONE", "none login", "login none", "none consent select_account"];
    assert_values_refused("invalid_request", "prompt", &values).await;
}

/// AZ-073.
#[tokio::test]
async fn oidc_core_3_1_2_1_a_max_age_that_is_no_number_is_invalid_request() {
    let values = ["-1", "1e3", "+1", " 1", "1.0", "0x1", "9223372036854775808", "99999999999999999999999", "soon"];
    assert_values_refused("invalid_request", "max_age", &values).await;
}

/// AZ-080.
#[tokio::test]
async fn oidc_core_5_5_unreadable_claims_are_invalid_request() {
    let deep = format!(r#"{{"userinfo":{{"a":{{"value":{}"#, "[".repeat(1500));
    let values = [
        "[]",
        "1",
        "{",
        "null",
        r#"{"userinfo":[]}"#,
        r#"{"userinfo":{"a":1}}"#,
        r#"{"userinfo":{},"userinfo":{}}"#,
        r#"{"userinfo":{"a":null,"a":null}}"#,
        r#"{"id_token":{"a":{"essential":"yes"}}}"#,
        &deep,
    ];
    assert_values_refused("invalid_request", "claims", &values).await;
    // What no address has room for comes by a push, and in an object.
    let realm = Realm::new().await;
    let (client, key) = super::request_objects::keyed(&realm, json!({})).await;
    let deep =
        |levels: usize| format!(r#"{{"userinfo":{{"a":{{"value":{}{}}}}}}}"#, "[".repeat(levels), "]".repeat(levels));
    let before = realm.rows().await;
    client.push(&client.request().with("claims", &deep(1_000))).await.assert_refused("invalid_request");
    let answer = client.push(&client.request().with("claims", &deep(10_000))).await;
    assert!([400, 413].contains(&answer.status), "{answer:?}");
    let request = client.request();
    let object = super::request_objects::object_of(&client, &request).to_string();
    let object = object.replacen('{', &format!("{{\"claims\":{},", deep(1_000)), 1);
    let outside = request.with("request", &key.sign_texts(&key.header().to_string(), &object));
    realm.browser().authorize(&outside).await.assert_error_response(&outside, "invalid_request_object");
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// SE-012: a login of another class does not do, however fresh it is; ValidateIdTokenACRClaimAgainstRequest.
#[tokio::test]
async fn oidc_core_5_5_1_1_an_essential_class_that_cannot_be_reached_is_said_so() {
    let one = json!({"id_token": {"acr": {"essential": true, "value": "urn:mace:incommon:iap:silver"}}}).to_string();
    let many = json!({"id_token": {"acr": {"essential": true, "values": ["1", "2"]}}}).to_string();
    assert_values_refused("unmet_authentication_requirements", "claims", &[&one, &many]).await;
}

#[tokio::test]
async fn tk_082_rfc8707_2_unknown_resources_are_invalid_target() {
    let realm = Realm::new().await;
    let api = |identifier: &str| json!({"identifier": identifier, "display_name": "API", "scopes": [], "token_format": "jwt"});
    for identifier in ["https://api.test", "https://closed.test"] {
        realm.server.administration.create_resource_server(&realm.name, &api(identifier)).await;
    }
    let settings = json!({"skip_consent": true, "resources": ["https://api.test"]});
    let client = realm.client(json!({"settings": settings})).await;
    let values =
        ["https://unknown.test", "https://api.test/", "https://api.test#x", "/api", "api", "https://closed.test"];
    let requests = values.map(|value| client.request().with("resource", value));
    assert_refused(&realm, "invalid_target", requests).await;
    let mixed = client.request().repeated("resource", "https://api.test").repeated("resource", "https://closed.test");
    assert_refused(&realm, "invalid_target", [mixed]).await;
}

/// The text with its last character changed.
fn damaged(token: &str) -> String {
    let mut damaged = token.to_owned();
    // The last but one: all its bits count.
    let position = damaged.len() - 2;
    let other = if damaged.as_bytes()[position] == b'A' { "B" } else { "A" };
    damaged.replace_range(position..=position, other);
    damaged
}

/// AZ-076.
#[tokio::test]
async fn oidc_core_3_1_2_1_hints_that_are_not_ours_are_invalid_request() {
    let realm = Realm::new().await;
    let client = trusted(&realm).await;
    let mut browser = realm.browser();
    let good = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let other_client = trusted(&realm).await;
    let foreign = other_client.obtain(&mut browser, &other_client.request(), &realm.user).await;
    let elsewhere = Realm::new().await;
    let stranger = trusted(&elsewhere).await;
    let stranger = stranger.obtain(&mut elsewhere.browser(), &stranger.request(), &elsewhere.user).await;
    let claims = jwt::read(good.id_token()).claims;
    let forged = SigningKey::generate("RS256").sign(&claims);
    let (header, rest) = good.id_token().split_once('.').unwrap();
    let none = "eyJhbGciOiJub25lIn0";
    let payload = rest.split('.').next().unwrap();
    let values = [
        damaged(good.id_token()),
        format!("{none}.{payload}."),
        format!("{header}.{payload}."),
        forged,
        foreign.id_token().to_owned(),
        stranger.id_token().to_owned(),
        good.access_token().to_owned(),
        "x".to_owned(),
        "..".to_owned(),
    ];
    let requests = values.iter().map(|value| client.request().with("id_token_hint", value));
    assert_refused(&realm, "invalid_request", requests).await;
    // Nor does one choose somebody where nobody is signed in.
    for value in &values {
        let request = client.request().with("id_token_hint", value);
        realm.browser().authorize(&request).await.assert_error_response(&request, "invalid_request");
    }
}

#[tokio::test]
async fn rfc6749_b_parameters_that_are_no_text_or_too_many_get_a_page() {
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    let many = "&a=1".repeat(101);
    for more in ["&a=%ff", "&a=%00", "&%c0%80=x", "&a=%ed%a0%80", &many] {
        let url = request.url() + more;
        browser.get(&url).await.assert_error_page();
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn rfc6749_3_1_requests_that_fit_no_address_get_a_page_before_anybody_logs_in() {
    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let mut browser = realm.browser();
    let before = realm.rows().await;
    for size in [7_200, 20_000, 60_000] {
        let large = request.clone().with("state", &"s".repeat(size));
        browser.authorize_by_form(&large).await.assert_error_page();
        if size < 7_500 {
            browser.authorize(&large).await.assert_error_page();
        }
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    // What fits goes all the way.
    let fitting = request.clone().with("state", &"s".repeat(6_000));
    realm.browser().complete(&fitting, &realm.user).await.code();
}

#[tokio::test]
async fn oidc_core_5_5_large_claims_go_all_the_way_or_are_refused_at_once() {
    let realm = Realm::new().await;
    let client = trusted(&realm).await;
    for size in [500, 2_000, 4_000, 6_000] {
        let claims = json!({"userinfo": {"email": null, ("x".repeat(size)): null}}).to_string();
        let request = client.request().with("claims", &claims);
        let response = realm.browser().complete(&request, &realm.user).await;
        if response.get("error").is_some() {
            assert_eq!(response.error(), "invalid_request", "{size}");
            continue;
        }
        let tokens = client.redeem(&request, response.code()).await.tokens();
        let answered = client.userinfo(tokens.access_token()).await.success();
        assert_eq!(answered["email"], "ana@ana.test");
    }
}

#[tokio::test]
async fn rfc6749_3_1_other_methods_and_bodies_are_refused() {
    use crate::support::http::Request;
    use http::Method;

    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    for method in ["PUT", "DELETE", "PATCH", "TRACE", "BREW"] {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let answer = browser.send(Request { method, ..Request::get(&request.url()) }).await;
        assert_eq!(answer.status, 405, "{answer:?}");
    }
    for (content_type, body) in [
        ("application/json", "{\"response_type\":\"code\"}"),
        ("multipart/form-data; boundary=x", "--x--"),
        ("text/plain", "response_type=code"),
    ] {
        browser.send(Request::post(&request.endpoint(), content_type, body)).await.assert_error_page();
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn rfc9110_9_3_2_head_has_no_effect_and_no_body() {
    use crate::support::http::Request;

    let realm = Realm::new().await;
    let request = trusted(&realm).await.request();
    let mut browser = realm.browser();
    let answer = browser.send(Request { method: http::Method::HEAD, ..Request::get(&request.url()) }).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}
