//! Request objects by reference (OpenID Connect Core 6.2, RFC 9101 section 5.2): only addresses that the client has
//! registered are asked, within bounds, and once for each version.

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Response;
use serde_json::json;

use super::request_objects::{around, keyed, object_of};
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::Client;
use crate::support::jwt::{SigningKey, random_text, sha256};
use crate::support::realm::Realm;
use crate::support::web::WebServer;

const TYPE: &str = "application/oauth-authz-req+jwt";

fn document(content_type: &str, body: &str) -> Response<String> {
    Response::builder().header("content-type", content_type).body(body.to_owned()).unwrap()
}

/// A server of one document that a test replaces.
async fn server_of(object: &Arc<Mutex<String>>) -> WebServer {
    let object = Arc::clone(object);
    WebServer::start(move |_| document(TYPE, &object.lock().unwrap())).await
}

/// A client whose objects are behind these addresses, and an object of its with a request.
async fn referring(realm: &Realm, uris: &[String]) -> (Client, SigningKey, AuthorizationRequest, String) {
    let (client, key) = keyed(realm, json!({"request_uris": uris})).await;
    let request = client.request();
    let object = key.sign(&object_of(&client, &request));
    (client, key, request, object)
}

/// oidcc-request-uri-signed-rs256, CreateRandomRequestUriWithFragment.
#[tokio::test]
async fn oidc_core_6_2_a_registered_address_is_asked_and_kept_by_its_fragment() {
    let realm = Realm::new().await;
    let object = Arc::new(Mutex::new(String::new()));
    let web = server_of(&object).await;
    // Not a hash of the content: a version is a name.
    let versions = [random_text(), random_text()].map(|version| format!("{}/object#{version}", web.url));
    let (client, key, request, signed) = referring(&realm, &versions).await;
    signed.clone_into(&mut object.lock().unwrap());
    let mut browser = realm.signed_in_browser().await;
    for _ in 0..3 {
        let answer = browser.authorize(&around(&client, ("request_uri", &versions[0]))).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    assert_eq!(web.received().len(), 1);
    assert_eq!(web.received()[0].target, "/object");
    let other = client.request();
    *object.lock().unwrap() = key.sign(&object_of(&client, &other));
    for (version, expected) in [(&versions[0], &request), (&versions[1], &other)] {
        let answer = browser.authorize(&around(&client, ("request_uri", version))).await;
        AuthorizationResponse::read(&answer, expected).code();
    }
    assert_eq!(web.received().len(), 2);
}

#[tokio::test]
async fn oidc_core_6_2_made_up_fragments_are_no_way_to_have_the_server_ask() {
    let realm = Realm::new().await;
    let object = Arc::new(Mutex::new(String::new()));
    let web = server_of(&object).await;
    let (client, _, request, signed) = referring(&realm, &[format!("{}/object", web.url)]).await;
    object.lock().unwrap().clone_from(&signed);
    let mut browser = realm.signed_in_browser().await;
    let hash = URL_SAFE_NO_PAD.encode(sha256(signed.as_bytes()));
    let fragments = [hash.clone(), hash].into_iter().chain((0..5).map(|_| random_text()));
    for fragment in fragments {
        let uri = format!("{}/object#{fragment}", web.url);
        let answer = browser.authorize(&around(&client, ("request_uri", &uri))).await;
        AuthorizationResponse::read(&answer, &request).code();
    }
    assert_eq!(web.received().len(), 1);
}

#[tokio::test]
async fn az_062_addresses_that_are_not_registered_are_not_asked() {
    let realm = Realm::new().await;
    let web = WebServer::start(|_| document(TYPE, "x")).await;
    let (_, _, request, _) = referring(&realm, &[format!("{}/object", web.url)]).await;
    let (other, _, others_request, _) = referring(&realm, &[]).await;
    assert_eq!(realm.discovery().await["require_request_uri_registration"], true);
    let mut browser = realm.signed_in_browser().await;
    let before = realm.rows().await;
    for uri in [
        format!("{}/other", web.url),
        format!("{}/object?x", web.url),
        format!("{}/object/", web.url),
        format!("{}/OBJECT", web.url),
        format!("{}/./object", web.url),
        web.url.replacen("https", "http", 1) + "/object",
        "https://evil.test/r".to_owned(),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
        "urn:ietf:params:oauth:request_uri:x".to_owned(),
        "x".to_owned(),
    ] {
        let outside = request.clone().with("request_uri", &uri);
        browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_uri");
    }
    let outside = others_request.with("request_uri", &format!("{}/object", web.url));
    browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_uri");
    // Nor is one with a redirect URI that nobody registered told anywhere.
    let outside = around(&other, ("request_uri", "https://evil.test/r"));
    browser.authorize(&outside).await.assert_error_page();
    assert_eq!(web.received().len(), 0);
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
}

#[tokio::test]
async fn az_064_and_az_066_what_does_not_come_as_an_object_is_refused() {
    let realm = Realm::new().await;
    let object = Arc::new(Mutex::new(String::new()));
    let (given, canary) = (Arc::clone(&object), server_of(&object).await);
    let target = format!("{}/internal", canary.url);
    let web = WebServer::answering(move |request| {
        let (good, target) = (given.lock().unwrap().clone(), target.clone());
        async move {
            match request.target.as_str() {
                "/moved" => Response::builder().status(302).header("location", target).body(String::new()).unwrap(),
                "/metadata" => {
                    let target = "http://169.254.169.254/latest/meta-data";
                    Response::builder().status(307).header("location", target).body(String::new()).unwrap()
                }
                "/missing" => Response::builder().status(404).body(good).unwrap(),
                "/page" => document("text/html", &good),
                "/json" => document("application/json", &good),
                "/huge" => document(TYPE, &"x".repeat(5_000_000)),
                "/encoded" => {
                    let builder = Response::builder().header("content-type", TYPE).header("content-encoding", "gzip");
                    builder.body(good).unwrap()
                }
                "/silent" => std::future::pending().await,
                _ => document("application/jwt; charset=utf-8", &format!("{good}\n")),
            }
        }
    })
    .await;
    let paths = ["/moved", "/metadata", "/missing", "/page", "/json", "/huge", "/encoded"];
    let uris: Vec<String> = paths.iter().chain(&["/good", "/silent"]).map(|path| web.url.clone() + *path).collect();
    let (client, _, request, signed) = referring(&realm, &uris).await;
    *object.lock().unwrap() = signed;
    let mut browser = realm.signed_in_browser().await;
    for path in paths {
        let outside = request.clone().with("request_uri", &format!("{}{path}", web.url));
        browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_uri");
    }
    assert_eq!(canary.received().len(), 0, "a redirect was followed");
    let answer = browser.authorize(&around(&client, ("request_uri", &format!("{}/good", web.url)))).await;
    AuthorizationResponse::read(&answer, &request).code();
    // Whoever waits for a server that never answers keeps nobody else waiting.
    let outside = request.clone().with("request_uri", &format!("{}/silent", web.url));
    let mut waiting = browser.clone();
    let silent = tokio::spawn({
        let outside = outside.clone();
        async move { waiting.authorize(&outside).await }
    });
    let answer = browser.authorize(&around(&client, ("request_uri", &format!("{}/good", web.url)))).await;
    AuthorizationResponse::read(&answer, &request).code();
    assert!(!silent.is_finished());
    silent.await.unwrap().assert_error_response(&outside, "invalid_request_uri");
}

#[tokio::test]
async fn rfc9101_6_2_an_object_behind_an_address_is_checked_like_any_other() {
    let realm = Realm::new().await;
    let document = Arc::new(Mutex::new(String::new()));
    let web = server_of(&document).await;
    let stranger = SigningKey::generate("ES256");
    let mut bodies: Vec<String> = vec![String::new(), "<html>".to_owned(), "a.b.c".to_owned()];
    let uris: Vec<String> = (0..bodies.len() + 3).map(|number| format!("{}/{number}", web.url)).collect();
    let (client, key, request, _) = referring(&realm, &uris).await;
    let object = |state: String| object_of(&client, &request.clone().with("state", &state));
    bodies.push(stranger.sign(&object("s".to_owned())));
    // More than an interaction can carry, and more than a JWT may be long.
    bodies.push(key.sign(&object("s".repeat(4_500))));
    bodies.push(key.sign(&object("s".repeat(20_000))));
    let mut browser = realm.signed_in_browser().await;
    for (uri, body) in std::iter::zip(&uris, bodies) {
        *document.lock().unwrap() = body;
        let outside = request.clone().with("request_uri", uri);
        browser.authorize(&outside).await.assert_error_response(&outside, "invalid_request_object");
    }
}

#[tokio::test]
async fn oidc_core_6_3_2_keys_that_a_client_changed_are_fetched_again() {
    let realm = Realm::new().await;
    let (old, new) = (SigningKey::generate("ES256"), SigningKey::generate("ES256"));
    let set = Arc::new(Mutex::new(old.public_set()));
    let web = WebServer::of_json(Arc::clone(&set)).await;
    let client = realm.client(json!({"jwks_uri": web.url, "settings": {"skip_consent": true}})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let asked = |key: &SigningKey| around(&client, ("request", &key.sign(&object_of(&client, &request))));
    let answer = browser.authorize(&asked(&old)).await;
    AuthorizationResponse::read(&answer, &request).code();
    // What is not even signed in an allowed way costs no fetch.
    let before = web.received().len();
    browser.authorize(&around(&client, ("request", "x"))).await.assert_error_page();
    assert_eq!(web.received().len(), before);
    *set.lock().unwrap() = new.public_set();
    let taken = async || {
        let answer = browser.clone().authorize(&asked(&new)).await;
        answer.location().is_some_and(|location| location.contains("code="))
    };
    crate::support::wait::until_true("the new key is taken", taken).await;
}
