//! What the official suite checks across several rules: each test is one of its modules in small, so that whoever builds
//! without the suite notices too.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::registration::{registered, usable};
use super::request_objects::{around, keyed, object_of};
use crate::support::authorization::AuthorizationResponse;
use crate::support::http::members;
use crate::support::jwt::{SigningKey, random_text, read};
use crate::support::realm::{REDIRECT_URI, Realm, User};
use crate::support::web::WebServer;

/// A realm that offers front-channel tokens, also to clients that register themselves.
async fn realm(policy: Value) -> Realm {
    let mut registration = json!({
        "mode": "open", "attempts_per_address": 10_000, "grant_types": ["authorization_code", "implicit", "refresh_token"],
    });
    registration.as_object_mut().unwrap().extend(policy.as_object().cloned().unwrap());
    let types = ["code", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "none"];
    Realm::with(json!({"response_types": types, "registration": registration})).await
}

/// oidcc-dynamic: the suite registers only the grants and response types that a module needs.
#[tokio::test]
async fn oidcc_dynamic_a_client_registers_what_it_needs_and_no_more() {
    let realm = realm(json!({})).await;
    for (response_types, grant_types) in [
        (json!(["id_token"]), json!(["implicit"])),
        (json!(["id_token token"]), json!(["implicit"])),
        (json!(["code id_token"]), json!(["authorization_code", "implicit"])),
        (json!(["code"]), json!(["authorization_code"])),
    ] {
        let body = json!({
            "redirect_uris": [REDIRECT_URI], "response_types": response_types, "grant_types": grant_types,
        });
        let client = registered(&realm, &body).await;
        assert_eq!((&client["response_types"], &client["grant_types"]), (&response_types, &grant_types));
        let request = usable(&realm, &client).request().with("response_type", response_types[0].as_str().unwrap());
        realm.browser().complete(&request, &realm.user).await;
    }
}

/// oidcc-max-age-10000, oidcc-id-token-hint: the second token tells of the same login.
#[tokio::test]
async fn oidcc_max_age_10000_two_tokens_of_one_login_have_its_time_and_subject() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"settings": {"skip_consent": true}})).await;
    let mut browser = realm.browser();
    let request = client.request().with("max_age", "15000");
    let first = client.obtain(&mut browser, &request, &realm.user).await;
    for more in [("max_age", "10000"), ("id_token_hint", first.id_token()), ("prompt", "none")] {
        let request = client.request().with("max_age", "15000").with(more.0, more.1);
        let answer = browser.authorize(&request).await;
        let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
        let second = client.redeem(&request, &code).await.tokens();
        let (one, two) = (read(first.id_token()).claims, read(second.id_token()).claims);
        assert!(one["auth_time"].is_i64());
        assert_eq!((&one["auth_time"], &one["sub"]), (&two["auth_time"], &two["sub"]), "{more:?}");
    }
}

/// VerifyIdTokenSubConsistentHybridFlow: what comes through the browser and what comes from the token endpoint.
#[tokio::test]
async fn oidcc_hybrid_both_id_tokens_are_of_the_same_issuer_and_about_the_same_person() {
    let realm = realm(json!({})).await;
    let members = json!({"redirect_uris": [REDIRECT_URI], "response_types": ["code id_token"],
        "grant_types": ["authorization_code", "implicit"], "subject_type": "pairwise"});
    let client = usable(&realm, &registered(&realm, &members).await);
    let request = client.request().with("response_type", "code id_token");
    let response = realm.browser().complete(&request, &realm.user).await;
    let front = realm.verify(response.id_token()).await.claims;
    let tokens = client.redeem(&request, response.code()).await.tokens();
    let back = realm.verify(tokens.id_token()).await.claims;
    for claim in ["iss", "sub", "aud", "auth_time", "nonce", "sid"] {
        assert_eq!(front[claim], back[claim], "{claim}");
    }
    assert_eq!(client.userinfo(tokens.access_token()).await.success()["sub"], front["sub"]);
    assert!(front["sub"].as_str().is_some_and(|sub| sub.len() <= 255 && sub.is_ascii()), "{front}");
}

/// CheckStateInAuthorizationResponse: 128 characters come back in errors too.
#[tokio::test]
async fn oidcc_a_long_state_comes_back_in_errors_in_every_mode() {
    let realm = realm(json!({})).await;
    let client = realm.client(json!({})).await;
    for mode in ["query", "fragment", "form_post"] {
        let request = client.request().with("state", &"s".repeat(128)).with("prompt", "none");
        let request = request.with("response_mode", mode);
        realm.browser().authorize(&request).await.assert_error_response(&request, "login_required");
    }
}

/// CheckDiscEndpointLocalesCanonicalCasing: `de-CH`, neither `de-ch` nor `DE`.
#[tokio::test]
async fn oidcc_config_languages_are_listed_in_canonical_case() {
    let document = Realm::new().await.discovery().await;
    for language in document["ui_locales_supported"].as_array().unwrap() {
        let mut parts = language.as_str().unwrap().split('-');
        let primary = parts.next().unwrap();
        assert!(
            (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_lowercase()),
            "{language}"
        );
        for part in parts.filter(|part| part.len() == 2) {
            assert!(part.bytes().all(|byte| byte.is_ascii_uppercase()), "{language}");
        }
    }
}

/// Reloading the page of a request repeats its object. Neither RFC 9101 nor OpenID Connect Core makes `jti` single use;
/// what a request leads to is.
#[tokio::test]
async fn rfc9101_a_request_object_may_come_again_while_it_is_valid() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let mut claims = object_of(&client, &request);
    claims["jti"] = json!("one");
    let outside = around(&client, ("request", &key.sign(&claims)));
    let mut codes = Vec::new();
    for _ in 0..2 {
        let answer = browser.authorize(&outside).await;
        codes.push(AuthorizationResponse::read(&answer, &request).code().to_owned());
    }
    assert_ne!(codes[0], codes[1]);
    for code in codes {
        client.redeem(&request, &code).await.tokens();
    }
}

/// OIDCCDiscoveryEndpointVerification: what the Dynamic profile of an OpenID provider lists (OpenID Connect Core 15.2).
#[tokio::test]
async fn oidcc_dynamic_the_document_lists_what_the_profile_demands() {
    let realm = realm(json!({})).await;
    let document = realm.discovery().await;
    let lists = |member: &str, value: &str| document[member].as_array().is_some_and(|all| all.contains(&json!(value)));
    for response_type in ["code", "id_token", "id_token token"] {
        assert!(lists("response_types_supported", response_type), "{response_type}");
    }
    for grant in ["authorization_code", "implicit", "refresh_token"] {
        assert!(lists("grant_types_supported", grant), "{grant}");
    }
    assert!(lists("id_token_signing_alg_values_supported", "RS256"));
    assert!(lists("userinfo_signing_alg_values_supported", "RS256"));
    assert!(lists("request_object_signing_alg_values_supported", "RS256"));
    assert_eq!(document["registration_endpoint"], realm.url("/register"));
    for member in ["userinfo_endpoint", "scopes_supported", "claims_supported", "subject_types_supported"] {
        assert!(!document[member].is_null(), "{member}");
    }
}

/// EnsureOPDoesNotUseDefaultRedirectUriInCaseOfInvalidRedirectUri: the address in the object is the one that was asked
/// for (OpenID Connect Core 6.1), and where it is wrong there is none.
#[tokio::test]
async fn oidcc_a_wrong_redirect_uri_in_an_object_is_not_mended_with_the_one_outside() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    let request = client.request();
    for wrong in ["https://evil.test/callback", "https://client.test/callback?x", "", "x"] {
        let mut claims = object_of(&client, &request);
        claims["redirect_uri"] = json!(wrong);
        let object = key.sign(&claims);
        for outside in [
            request.clone().with("request", &object),
            around(&client, ("request", &object)).with("redirect_uri", REDIRECT_URI),
            around(&client, ("request", &object)),
        ] {
            browser.authorize(&outside).await.assert_error_page();
        }
        client.push(&request.clone().with("request", &object)).await.assert_refused("invalid_request");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

/// EnsureRequestObjectWithLongState, EnsureRequestObjectWithLongNonce: 64, 384 and 1000 characters come back, whichever
/// way they were sent.
#[tokio::test]
async fn oidcc_long_values_of_state_and_nonce_come_back_whole() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for (state, nonce) in [(64, 64), (128, 384), (1_000, 1_000)] {
        let request = client.request().with("state", &"s".repeat(state)).with("nonce", &"n".repeat(nonce));
        let by_value = around(&client, ("request", &key.sign(&object_of(&client, &request))));
        for asked in [request.clone(), by_value, client.pushed(&request).await] {
            let answer = browser.authorize(&asked).await;
            // Reading compares the state.
            let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
            let tokens = client.redeem(&request, &code).await.tokens();
            assert_eq!(read(tokens.id_token()).claims["nonce"], request.get("nonce").unwrap());
        }
    }
}

/// Nothing in a document says that there is nothing.
fn assert_says_something(value: &Value) {
    match value {
        Value::Null => panic!("a member is null"),
        Value::String(text) => assert!(!text.is_empty(), "a text is empty"),
        Value::Array(all) => all.iter().for_each(assert_says_something),
        Value::Object(all) => {
            assert!(!all.is_empty(), "an object is empty");
            all.values().for_each(assert_says_something);
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}

/// ValidateIdTokenStandardClaims, EnsureIdTokenUpdatedAtValid: what is not known of a user is left out (OpenID Connect
/// Core 5.3.2).
#[tokio::test]
async fn oidcc_of_a_user_without_claims_nothing_is_said_rather_than_null() {
    let realm = Realm::new().await;
    let body = json!({"username": "ben", "password": "nine 9 mussels", "claims": {}});
    let id = realm.server.administration.create_user(&realm.name, &body).await["id"].as_str().unwrap().to_owned();
    let ben = User { id, username: "ben".to_owned(), password: "nine 9 mussels".to_owned() };
    let listed = realm.discovery().await["claims_supported"].clone();
    let each: serde_json::Map<String, Value> =
        listed.as_array().unwrap().iter().map(|name| (name.as_str().unwrap().to_owned(), Value::Null)).collect();
    for user in [&ben, &realm.user] {
        let client = realm.client(json!({})).await;
        let request = client.request().with("scope", "openid profile email address phone");
        let request = request.with("claims", &json!({"id_token": each, "userinfo": each}).to_string());
        let tokens = client.obtain(&mut realm.browser(), &request, user).await;
        let (id_token, userinfo) =
            (read(tokens.id_token()).claims, client.userinfo(tokens.access_token()).await.success());
        assert_says_something(&id_token);
        assert_says_something(&userinfo);
        assert!(id_token["updated_at"].is_i64() && userinfo["updated_at"].is_i64(), "{userinfo}");
        if user.id == ben.id {
            assert_eq!(members(&userinfo), ["sub", "updated_at"].into());
        }
    }
}

/// oidcc-request-uri-signed-rs256: a client that registers itself, its object behind an address with a fragment that is
/// no hash of it (OpenID Connect Core 6.2, OpenID Connect Registration 2).
#[tokio::test]
async fn oidcc_request_uri_signed_rs256_a_client_that_registered_itself_has_its_object_fetched() {
    let realm = realm(json!({})).await;
    let key = SigningKey::generate("RS256");
    let object = Arc::new(Mutex::new(String::new()));
    let given = Arc::clone(&object);
    let web = WebServer::start(move |_| {
        let builder = http::Response::builder().header("content-type", "application/jwt");
        builder.body(given.lock().unwrap().clone()).unwrap()
    })
    .await;
    let uri = format!("{}/requesturi/{}#{}", web.url, random_text(), random_text());
    let metadata = json!({
        "redirect_uris": [REDIRECT_URI], "jwks": key.public_set(), "request_uris": [uri],
        "request_object_signing_alg": "RS256",
    });
    let client = usable(&realm, &registered(&realm, &metadata).await);
    let request = client.request();
    *object.lock().unwrap() = key.sign(&object_of(&client, &request));
    let mut browser = realm.browser();
    let login = browser.authorize(&around(&client, ("request_uri", &uri))).await;
    let consent = browser.log_in(&login, &realm.user).await;
    let answer = browser.allow(&consent).await;
    let code = AuthorizationResponse::read(&answer, &request).code().to_owned();
    client.redeem(&request, &code).await.tokens();
    let asked: Vec<String> = web.received().into_iter().map(|received| received.target).collect();
    assert!(
        !asked.is_empty() && asked.iter().all(|target| target.starts_with("/requesturi/") && !target.contains('#'))
    );
}
