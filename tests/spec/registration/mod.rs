//! Dynamic client registration (RFC 7591, RFC 7592, OpenID Connect Registration 1.0).

mod addresses;
mod hostile;
mod management;
mod policy;

use http::Method;
use serde_json::{Value, json};

use crate::support::client::{Client, Credential};
use crate::support::http::{Answer, Request};
use crate::support::realm::{REDIRECT_URI, Realm};

async fn open_realm() -> Realm {
    Realm::with(json!({"registration": {"mode": "open", "attempts_per_address": 10_000}})).await
}

async fn ask(realm: &Realm, (method, url): (Method, &str), token: Option<&str>, body: &Value) -> Answer {
    let mut request = Request::post(url, "application/json", body.to_string());
    request.method = method;
    if let Some(token) = token {
        request = request.bearer(token);
    }
    realm.http.send(request).await
}

async fn register(realm: &Realm, body: &Value) -> Answer {
    ask(realm, (Method::POST, &realm.url("/register")), None, body).await
}

/// The members of a client that was registered just now.
pub(super) async fn registered(realm: &Realm, body: &Value) -> Value {
    let answer = register(realm, body).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    answer.json()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}"))
}

async fn managed(realm: &Realm, method: Method, client: &Value, body: &Value) -> Answer {
    let place = (method, text(client, "registration_client_uri"));
    ask(realm, place, Some(text(client, "registration_access_token")), body).await
}

/// A registered client as tests use it.
pub(super) fn usable(realm: &Realm, client: &Value) -> Client {
    Client {
        issuer: realm.issuer.clone(),
        mtls_issuer: realm.issuer.replacen(&realm.server.public_url, &realm.server.mtls_url, 1),
        id: text(client, "client_id").to_owned(),
        credential: Credential::Basic(text(client, "client_secret").to_owned()),
        redirect_uri: REDIRECT_URI.to_owned(),
        http: realm.http.clone(),
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, error: &str, member: &str) {
    assert_eq!(answer.status, 400, "{member}: {answer:?}");
    let body = answer.json();
    assert_eq!(body["error"], error, "{member}: {body}");
    assert!(text(&body, "error_description").starts_with(&format!("{member}: ")), "{member}: {body}");
}

#[tokio::test]
async fn rfc7591_3_registration_is_off_unless_a_realm_says_otherwise() {
    let realm = Realm::new().await;
    assert_eq!(register(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await.status, 404);
    assert!(realm.discovery().await["registration_endpoint"].is_null());
    let open = open_realm().await;
    assert_eq!(open.discovery().await["registration_endpoint"], open.url("/register"));
}

/// CallDynamicRegistrationEndpointAndVerifySuccessfulResponse; oidcc-registration-logo-uri,
/// oidcc-registration-policy-uri, oidcc-registration-tos-uri.
#[tokio::test]
async fn rfc7591_3_2_1_a_registered_client_is_told_everything_and_can_log_people_in() {
    let realm = open_realm().await;
    let body = json!({
        "redirect_uris": [REDIRECT_URI], "client_name": "Shop", "client_name#de": "Laden", "contacts": ["a@shop.test"],
        "policy_uri": "https://shop.test/policy", "tos_uri": "https://shop.test/tos",
        "logo_uri": "https://shop.test/logo.png", "client_uri": "https://shop.test/", "unknown": {"x": 1},
    });
    let client = registered(&realm, &body).await;
    for member in ["redirect_uris", "client_name", "client_name#de", "contacts", "policy_uri", "logo_uri"] {
        assert_eq!(client[member], body[member], "{member}");
    }
    assert!(client["unknown"].is_null() && client["localized"].is_null());
    assert_eq!(client["token_endpoint_auth_method"], "client_secret_basic");
    assert_eq!(client["id_token_signed_response_alg"], "RS256");
    assert_eq!(client["client_secret_expires_at"], 0);
    // RG-018: at least 128 bits.
    assert!(text(&client, "client_secret").len() >= 43);
    let uri = format!("{}/{}", realm.url("/register"), text(&client, "client_id"));
    assert_eq!(text(&client, "registration_client_uri"), uri);
    let usable = usable(&realm, &client);
    let mut browser = realm.browser();
    let login = browser.authorize(&usable.request()).await;
    let consent = browser.log_in(&login, &realm.user).await;
    consent.page("consent-page");
    for page in [&login, &consent] {
        let seen = page.body.replace("&#x2f;", "/");
        for shown in ["Shop", "https://shop.test/policy", "https://shop.test/tos", "https://shop.test/logo.png"] {
            assert!(seen.contains(shown), "{shown} in {seen}");
        }
    }
    // RFC 9700 section 4.11.2: nobody vouched for the client, so people see where they go.
    assert!(consent.body.contains("client.test"), "{}", consent.body);
    usable.obtain(&mut realm.browser(), &usable.request(), &realm.user).await;
}

#[tokio::test]
async fn rfc7591_3_2_1_secrets_that_end_are_replaced_by_a_change_and_the_old_one_stays_for_a_while() {
    let settings = json!({"client_secret_overlap_seconds": 600,
        "registration": {"mode": "open", "client_secret_seconds": 7200}});
    let realm = Realm::with(settings).await;
    let client = registered(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await;
    let (issued, expires) = (client["client_id_issued_at"].as_i64(), client["client_secret_expires_at"].as_i64());
    assert_eq!(expires.zip(issued).map(|(expires, issued)| expires - issued), Some(7200));
    let id = text(&client, "client_id");
    let rotated = realm.server.administration.rotate_client_secret(&realm.name, id).await;
    for secret in [text(&client, "client_secret"), text(&rotated, "client_secret")] {
        let request = Request::form(&realm.url("/introspect"), &[("token", "x")]).basic(id, secret);
        assert_eq!(realm.http.send(request).await.status, 200);
    }
    let wrong = Request::form(&realm.url("/introspect"), &[("token", "x")]).basic(id, "wrong");
    assert_eq!(realm.http.send(wrong).await.status, 401);
}

#[tokio::test]
async fn oidc_core_4_people_start_a_login_at_an_application_they_allowed() {
    let realm = open_realm().await;
    let body = json!({"redirect_uris": [REDIRECT_URI], "client_name": "Shop",
        "initiate_login_uri": "https://client.test/start?x=1"});
    let registered = registered(&realm, &body).await;
    let client = usable(&realm, &registered);
    let mut browser = realm.browser();
    client.obtain(&mut browser, &client.request().with("scope", "openid email"), &realm.user).await;
    let page = browser.get(&realm.url("/account/apps")).await;
    page.page("apps-page");
    let shown = page.body.replace("&#x2f;", "/").replace("&amp;", "&");
    let issuer = realm.issuer.replace(':', "%3A").replace('/', "%2F");
    assert!(shown.contains(&format!("https://client.test/start?x=1&iss={issuer}\"")), "{shown}");
}

/// RFC 9700 section 4.11.2: nobody vouched for the client, so that it gets nothing without people having seen it.
#[tokio::test]
async fn az_090_a_session_gives_nothing_to_a_client_that_registered_itself() {
    let realm = open_realm().await;
    let client = usable(&realm, &registered(&realm, &json!({"redirect_uris": [REDIRECT_URI]})).await);
    let mut browser = realm.signed_in_browser().await;
    let silent = client.request().with("prompt", "none");
    browser.authorize(&silent).await.assert_error_response(&silent, "consent_required");
    let page = browser.authorize(&client.request()).await;
    page.page("consent-page");
    assert!(page.body.contains("client.test"), "the host is shown: {}", page.body);
    // Neither the client nor an administrator by mistake makes it one that is not asked.
    let skip = json!({"settings": {"skip_consent": true, "dynamically_registered": true}});
    let path = format!("/realms/{}/clients/{}", realm.name, client.id);
    assert_eq!(realm.server.administration.try_ask(Method::PATCH, &path, &skip).await.status, 422);
}

#[tokio::test]
async fn oidc_registration_2_algorithms_of_encryption_are_those_that_the_realm_has_keys_for() {
    let realm = open_realm().await;
    let with = |alg: &str| json!({"redirect_uris": [REDIRECT_URI], "request_object_encryption_alg": alg});
    let refused = register(&realm, &with("RSA-OAEP")).await;
    assert_refused(&refused, "invalid_client_metadata", "request_object_encryption_alg");
    let made = json!({"algorithm": "RSA-OAEP", "state": "active"});
    realm.server.administration.ask(Method::POST, &format!("/realms/{}/keys", realm.name), &made).await;
    for alg in ["RSA-OAEP", "dir"] {
        assert_eq!(registered(&realm, &with(alg)).await["request_object_encryption_alg"], alg);
    }
}
