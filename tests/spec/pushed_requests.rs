//! The endpoint for pushed authorization requests: what it takes, and how it refuses the rest (RFC 9126 sections 2 and 3).

use http::Method;
use serde_json::{Value, json};

use super::request_objects::{keyed, object_of};
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse, assert_describes};
use crate::support::client::{Client, Credential, JWT_BEARER};
use crate::support::http::{Answer, Request, members};
use crate::support::jwt::SigningKey;
use crate::support::realm::{REDIRECT_URI, Realm, merged};

async fn trusted(realm: &Realm, metadata: Value) -> Client {
    realm.client(merged(json!({"settings": {"skip_consent": true}}), metadata)).await
}

/// A body with the object and nothing but what authenticates the client.
fn around(client: &Client, object: &str) -> AuthorizationRequest {
    AuthorizationRequest { issuer: client.issuer.clone(), parameters: Vec::new(), verifier: None }
        .with("request", object)
}

/// An error with a status that RFC 6749 does not have.
fn assert_refused_with(answer: &Answer, status: u16) {
    assert_eq!((answer.status, answer.content_type()), (status, "application/json"), "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_describes(answer.json()["error_description"].as_str().unwrap());
}

/// CheckPAREndpointResponse201WithNoError, EnsureMinimumRequestUriEntropy.
#[tokio::test]
async fn rfc9126_2_2_a_push_is_answered_with_a_reference_that_nobody_guesses() {
    let realm = Realm::new().await;
    let client = trusted(&realm, json!({})).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let answer = client.push(&client.request()).await;
        assert_eq!((answer.status, answer.content_type()), (201, "application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let body = answer.json();
        assert_eq!(members(&body), ["expires_in", "request_uri"].into());
        assert_eq!(body["expires_in"], 60);
        let uri = body["request_uri"].as_str().unwrap().to_owned();
        let random = uri.strip_prefix("urn:ietf:params:oauth:request_uri:").unwrap();
        assert_eq!(random.len(), 43, "{uri}");
        assert!(seen.insert(uri));
    }
}

#[tokio::test]
async fn pa_001_without_the_client_s_credential_nothing_is_pushed() {
    let realm = Realm::new().await;
    let client = trusted(&realm, json!({})).await;
    let request = client.request();
    for credential in [Credential::None, Credential::Basic("wrong".to_owned()), Credential::Post("wrong".to_owned())] {
        client.with_credential(credential).push(&request).await.assert_refused("invalid_client");
    }
    let nobody = Client { id: "nobody".to_owned(), ..client.with_credential(Credential::None) };
    nobody.push(&request).await.assert_refused("invalid_client");
    for method in [Method::GET, Method::PUT, Method::DELETE, Method::HEAD] {
        let asked = Request { method: method.clone(), ..client.authenticated("/par", &[("response_type", "code")]) };
        let answer = realm.http.send(asked).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("OPTIONS, POST")), "{method}");
    }
    let json = Request::post(&realm.url("/par"), "application/json", "{}");
    assert_refused_with(&realm.http.send(json).await, 400);
    assert_eq!(realm.rows().await.count("pushed_requests"), 0);
}

#[tokio::test]
async fn pa_002_a_push_names_no_other_request() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({"request_uris": ["https://client.test/r"]})).await;
    let request = client.request();
    let object = key.sign(&object_of(&client, &request));
    let pushed = client.pushed(&request).await.get("request_uri").unwrap().to_owned();
    for uri in ["https://client.test/r", "urn:fdc:other.test:x", &pushed] {
        let with = request.clone().with("request_uri", uri);
        client.push(&with).await.assert_refused("invalid_request");
        client.push(&around(&client, &object).with("request_uri", uri)).await.assert_refused("invalid_request");
    }
    for name in ["request", "request_uri"] {
        let mut nested = object_of(&client, &request);
        nested[name] = json!("urn%3Aexample%3Abwc4");
        client.push(&around(&client, &key.sign(&nested))).await.assert_refused("invalid_request_object");
    }
}

#[tokio::test]
async fn rfc9126_2_1_a_push_is_validated_as_an_authorization_request() {
    let realm = Realm::new().await;
    let client = trusted(&realm, json!({"settings": {"skip_consent": true, "require_pkce": true}})).await;
    let good = client.request();
    let before = realm.rows().await;
    for (request, error) in [
        (good.clone().without("response_type"), "invalid_request"),
        (good.clone().with("response_type", "token"), "unsupported_response_type"),
        (good.clone().with("response_type", "none code"), "unsupported_response_type"),
        (good.clone().without("redirect_uri"), "invalid_request"),
        (good.clone().with("redirect_uri", "https://evil.test/cb"), "invalid_request"),
        (good.clone().with("redirect_uri", &format!("{REDIRECT_URI}/x")), "invalid_request"),
        (good.clone().with("scope", "unknown"), "invalid_scope"),
        (good.clone().without_pkce(), "invalid_request"),
        (good.clone().with("code_challenge_method", "plain"), "invalid_request"),
        (good.clone().with("code_challenge", "short"), "invalid_request"),
        (good.clone().with("response_mode", "pigeon"), "invalid_request"),
        (good.clone().with("prompt", "none login"), "invalid_request"),
        (good.clone().with("max_age", "-1"), "invalid_request"),
        (good.clone().with("claims", "[]"), "invalid_request"),
        (good.clone().with("registration", "{}"), "registration_not_supported"),
        (good.clone().with("resource", "https://unknown.test/"), "invalid_target"),
        (good.clone().with("nonce", &"n".repeat(1025)), "invalid_request"),
        (good.clone().repeated("scope", "openid"), "invalid_request"),
    ] {
        let answer = client.push(&request).await;
        answer.assert_refused(error);
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    let long = good.with("state", &"s".repeat(1000)).with("nonce", &"n".repeat(384));
    assert_eq!(client.push(&long).await.status, 201);
}

#[tokio::test]
async fn rfc9126_3_of_a_pushed_object_nothing_outside_counts() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let object = key.sign(&object_of(&client, &request));
    for body in [around(&client, &object), around(&client, &object).with("state", "outside").with("scope", "email")] {
        let reference = client.pushed(&body).await;
        let answer = browser.authorize(&reference).await;
        let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
        assert_eq!(client.redeem(&request, &code).await.tokens().0["scope"], "openid");
    }
    // AZ-050: what the object lacks is not taken from beside it.
    for (missing, error) in [("redirect_uri", "invalid_request"), ("scope", "invalid_request")] {
        let mut less = object_of(&client, &request);
        less.as_object_mut().unwrap().remove(missing);
        client.push(&request.clone().with("request", &key.sign(&less))).await.assert_refused(error);
    }
}

#[tokio::test]
async fn rfc9101_6_a_pushed_object_is_checked_like_any_other() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({"request_object_signing_alg": "ES256"})).await;
    let (other, _) = keyed(&realm, json!({})).await;
    let object = object_of(&client, &client.request());
    let with = |change: Value| key.sign(&merged(object.clone(), change));
    let now = crate::support::time::now();
    let unsigned = {
        use base64::Engine as _;
        let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.", encode("{\"alg\":\"none\"}"), encode(&object.to_string()))
    };
    for refused in [
        with(json!({"aud": realm.url("/par")})),
        with(json!({"aud": "https://www.other1.example.com/"})),
        with(json!({"exp": now - 3600})),
        with(json!({"nbf": now + 3600})),
        with(json!({"iss": other.id})),
        with(json!({"client_id": other.id})),
        with(json!({"sub": client.id})),
        SigningKey::generate("ES256").sign(&object),
        SigningKey::generate("RS256").sign(&object),
        key.sign_with_header(&json!({"alg": "ES256", "typ": "at+jwt", "kid": key.key_id()}), &object),
        unsigned,
        "a.b.c".to_owned(),
    ] {
        client.push(&around(&client, &refused)).await.assert_refused("invalid_request_object");
    }
    let array =
        json!({"aud": [realm.issuer, "https://other1.example.com", "invalid"], "nbf": now + 8, "exp": now + 300});
    assert_eq!(client.push(&around(&client, &with(array))).await.status, 201);
}

/// EnsureUnsignedRequestAtParEndpointFails.
#[tokio::test]
async fn pa_008_whoever_must_sign_pushes_signed_objects() {
    let realm = Realm::with(json!({"require_signed_request_object": true})).await;
    assert_eq!(realm.discovery().await["require_signed_request_object"], true);
    let (client, key) = keyed(&realm, json!({})).await;
    let request = client.request();
    let before = realm.rows().await;
    client.push(&request).await.assert_refused("invalid_request");
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    let object = key.sign(&object_of(&client, &request));
    assert_eq!(client.push(&around(&client, &object)).await.status, 201);
    // RFC 9101 section 10.5: the same through the browser.
    let mut browser = realm.browser();
    browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
}

#[tokio::test]
async fn pa_010_what_is_too_long_or_too_much_has_a_status_of_its_own() {
    let realm = Realm::with(json!({"pushed_requests_per_client": 10})).await;
    let client = trusted(&realm, json!({})).await;
    let other = trusted(&realm, json!({})).await;
    for length in [17_000, 60_000] {
        let long = client.request().with("state", &"s".repeat(length));
        assert_refused_with(&client.push(&long).await, 413);
    }
    let before = realm.rows().await;
    assert_eq!(before.count("pushed_requests"), 0);
    for _ in 0..10 {
        assert_eq!(client.push(&client.request()).await.status, 201);
    }
    let answer = client.push(&client.request()).await;
    assert_refused_with(&answer, 429);
    assert_eq!(answer.header("retry-after"), Some("10"));
    assert_eq!(other.push(&other.request()).await.status, 201);
    assert_eq!(realm.rows().await.count("pushed_requests"), 11);
}

#[tokio::test]
async fn rfc7523_3_an_assertion_pushes_once_even_where_the_request_is_refused() {
    let realm = Realm::new().await;
    let (client, key) = realm.client_with_key("ES256", json!({})).await;
    let silent = client.with_credential(Credential::None);
    let with = |request: &AuthorizationRequest, assertion: &str| {
        request.clone().with("client_assertion_type", JWT_BEARER).with("client_assertion", assertion)
    };
    let request = client.request();
    let audiences = [realm.issuer.clone(), realm.url("/par"), realm.url("/token")];
    for audience in audiences {
        let assertion = key.sign(&merged(client.assertion_claims(), json!({"aud": audience})));
        assert_eq!(silent.push(&with(&request, &assertion)).await.status, 201, "{audience}");
        silent.push(&with(&request, &assertion)).await.assert_refused("invalid_client");
    }
    let assertion = key.sign(&merged(client.assertion_claims(), json!({"aud": realm.url("/authorize")})));
    silent.push(&with(&request, &assertion)).await.assert_refused("invalid_client");
    let assertion = key.sign(&client.assertion_claims());
    let wrong = request.clone().with("redirect_uri", "https://evil.test/cb");
    silent.push(&with(&wrong, &assertion)).await.assert_refused("invalid_request");
    silent.push(&with(&request, &assertion)).await.assert_refused("invalid_client");
}
