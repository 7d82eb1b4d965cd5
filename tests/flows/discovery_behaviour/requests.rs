//! What is listed about authorization requests and their answers.

use serde_json::{Value, json};

use super::{client_of_algorithm, listed, trusted, unknown};
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse, object_of};
use crate::support::browser::Browser;
use crate::support::jwt;
use crate::support::realm::Realm;
use crate::support::web::WebServer;

/// The members that tests here check.
pub(super) const MEMBERS: &[&str] = &[
    "authorization_endpoint",
    "response_types_supported",
    "response_modes_supported",
    "display_values_supported",
    "ui_locales_supported",
    "prompt_values_supported",
    "acr_values_supported",
    "code_challenge_methods_supported",
    "authorization_response_iss_parameter_supported",
    "request_parameter_supported",
    "request_uri_parameter_supported",
    "require_request_uri_registration",
    "request_object_signing_alg_values_supported",
];

fn around(request: &AuthorizationRequest, name: &str, value: &str) -> AuthorizationRequest {
    let outside = request.clone().without("redirect_uri").without("state").without("nonce");
    outside.without_pkce().with(name, value)
}

async fn code(browser: &mut Browser, request: &AuthorizationRequest, expected: &AuthorizationRequest) -> String {
    let answer = browser.authorize(request).await;
    AuthorizationResponse::read(&answer, expected).code().to_owned()
}

#[tokio::test]
async fn every_listed_response_type_and_mode_is_answered() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let client = trusted(&realm, json!({"response_types": document["response_types_supported"]})).await;
    let mut browser = realm.signed_in_browser().await;
    assert!(document["authorization_endpoint"].as_str().unwrap().starts_with(&client.request().endpoint()));
    assert_eq!(document["authorization_response_iss_parameter_supported"], true);
    for mode in listed(&document, "response_modes_supported") {
        for response_type in listed(&document, "response_types_supported") {
            let request = client.request().with("response_type", &response_type).with("response_mode", &mode);
            let answer = browser.authorize(&request).await;
            let response = AuthorizationResponse::read(&answer, &request);
            match response_type.as_str() {
                "code" => assert!(response.get("code").is_some(), "{response:?}"),
                "none" => assert!(response.get("code").is_none() && response.get("error").is_none(), "{response:?}"),
                other => unknown("response_types_supported", other),
            }
            assert_eq!(response.get("iss"), Some(realm.issuer.as_str()));
        }
    }
}

#[tokio::test]
async fn every_listed_display_and_language_has_its_page() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let client = trusted(&realm, json!({})).await;
    for display in listed(&document, "display_values_supported") {
        let page = realm.browser().authorize(&client.request().with("display", &display)).await;
        page.page("login-page");
        match display.as_str() {
            "page" => assert!(!page.body.contains("popup")),
            "popup" => assert!(page.body.contains("popup"), "{page:?}"),
            other => unknown("display_values_supported", other),
        }
    }
    for language in listed(&document, "ui_locales_supported") {
        let page = realm.browser().authorize(&client.request().with("ui_locales", &language)).await;
        assert_eq!(page.page("login-page").language(), language);
    }
}

#[tokio::test]
async fn every_listed_prompt_shows_what_it_says() {
    let realm = Realm::with(json!({"self_registration": true})).await;
    let document = realm.discovery().await;
    let client = trusted(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for prompt in listed(&document, "prompt_values_supported") {
        let request = client.request().with("prompt", &prompt);
        match prompt.as_str() {
            "none" => {
                let stranger = realm.browser().authorize(&request).await;
                stranger.assert_error_response(&request, "login_required");
                code(&mut browser, &request, &request).await;
            }
            "login" | "select_account" => {
                browser.authorize(&request).await.page("login-page");
            }
            "consent" => {
                browser.authorize(&request).await.page("consent-page");
            }
            "create" => {
                browser.authorize(&request).await.page("sign-up-page");
            }
            other => unknown("prompt_values_supported", other),
        }
    }
    let closed = Realm::new().await;
    let client = trusted(&closed, json!({})).await;
    let mut browser = closed.signed_in_browser().await;
    // Initiating User Registration via OpenID Connect 1.0, section 4.1: what is not listed is refused, by its name.
    for value in ["create", "create login", "login create"] {
        let request = client.request().with("prompt", value);
        let response = browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
        assert!(response.get("error_description").unwrap().contains("prompt create"), "{response:?}");
    }
}

#[tokio::test]
async fn every_listed_class_can_be_demanded() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let client = trusted(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for class in listed(&document, "acr_values_supported") {
        let essential = json!({"id_token": {"acr": {"essential": true, "value": class}}}).to_string();
        for (name, value) in [("claims", essential.as_str()), ("acr_values", class.as_str())] {
            let request = client.request().with(name, value);
            let code = code(&mut browser, &request, &request).await;
            let tokens = client.redeem(&request, &code).await.tokens();
            assert_eq!(jwt::read(tokens.id_token()).claims["acr"], class.as_str());
        }
    }
}

#[tokio::test]
async fn every_listed_challenge_method_protects_a_code() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let client = trusted(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for method in listed(&document, "code_challenge_methods_supported") {
        let request = match method.as_str() {
            "S256" => client.request(),
            other => unknown("code_challenge_methods_supported", other),
        };
        assert_eq!(request.get("code_challenge_method"), Some(method.as_str()));
        let wrong = AuthorizationRequest { verifier: Some("w".repeat(43)), ..request.clone() };
        let first = code(&mut browser, &request, &request).await;
        client.redeem(&wrong, &first).await.assert_refused("invalid_grant");
        let second = code(&mut browser, &request, &request).await;
        assert_eq!(client.redeem(&request, &second).await.status, 200);
    }
}

#[tokio::test]
async fn request_objects_are_taken_as_listed() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let mut browser = realm.signed_in_browser().await;
    assert_eq!(document["request_parameter_supported"], true);
    for algorithm in listed(&document, "request_object_signing_alg_values_supported") {
        let register = |jwks: Option<Value>| match jwks {
            Some(jwks) => json!({"request_object_signing_alg": algorithm, "jwks": jwks}),
            None => json!({"request_object_signing_alg": algorithm}),
        };
        let (client, key) = client_of_algorithm(&realm, &algorithm, register).await;
        let request = client.request();
        let object = key.sign(&object_of(&client, &request));
        code(&mut browser, &around(&request, "request", &object), &request).await;
    }
}

#[tokio::test]
async fn request_objects_by_reference_are_taken_as_listed() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let mut browser = realm.signed_in_browser().await;
    assert_eq!(document["request_uri_parameter_supported"], true);
    assert_eq!(document["require_request_uri_registration"], true);
    let object = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let given = std::sync::Arc::clone(&object);
    let web = WebServer::start(move |_| {
        let builder = http::Response::builder().header("content-type", "application/oauth-authz-req+jwt");
        builder.body(given.lock().unwrap().clone()).unwrap()
    })
    .await;
    let uri = format!("{}/object", web.url);
    let register = |jwks: Option<Value>| json!({"jwks": jwks, "request_uris": [uri]});
    let (client, key) = client_of_algorithm(&realm, "ES256", register).await;
    let request = client.request();
    *object.lock().unwrap() = key.sign(&object_of(&client, &request));
    code(&mut browser, &around(&request, "request_uri", &uri), &request).await;
    let other = around(&client.request(), "request_uri", &format!("{}/other", web.url));
    browser.authorize(&other).await.assert_error_page();
}
