//! Flows that begin with a push (RFC 9126), for every kind of client. On several nodes: `nodes.rs`.

use serde_json::{Value, json};

use super::client_authentication::certificate_set;
use crate::support::authorization::AuthorizationResponse;
use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::realm::{Realm, merged};
use crate::support::server::{Configuration, Server};

/// A client for each way to authenticate.
async fn client_of_method(realm: &Realm, method: &str) -> Client {
    let own = json!({"token_endpoint_auth_method": method});
    match method {
        "private_key_jwt" => realm.client_with_key("ES256", json!({})).await.0,
        "self_signed_tls_client_auth" => {
            let identity = Identity::issued(&Subject::named("pushing"), None);
            let client = realm.client(merged(own, json!({"jwks": certificate_set(&identity)}))).await;
            client.with_credential(Credential::Certificate(Box::new(identity)))
        }
        _ => realm.client(own).await,
    }
}

#[tokio::test]
async fn every_kind_of_client_pushes_its_request_and_gets_its_tokens() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    assert_eq!(document["pushed_authorization_request_endpoint"], realm.url("/par"));
    for method in [
        "none",
        "client_secret_basic",
        "client_secret_post",
        "client_secret_jwt",
        "private_key_jwt",
        "self_signed_tls_client_auth",
    ] {
        let client = client_of_method(&realm, method).await;
        if matches!(client.credential, Credential::Certificate(_)) {
            let alias = &document["mtls_endpoint_aliases"]["pushed_authorization_request_endpoint"];
            assert_eq!(alias, &json!(client.endpoint("/par")));
        }
        let mut browser = realm.browser();
        let request = client.request().with("scope", "openid email").with("login_hint", "ana");
        let login = browser.authorize(&client.pushed(&request).await).await;
        let consent = browser.log_in(&login, &realm.user).await;
        let answer = browser.allow(&consent).await;
        let response = AuthorizationResponse::read(&answer, &request);
        let tokens = client.redeem(&request, response.code()).await.tokens();
        assert_eq!(tokens.0["scope"], "openid email", "{method}");
        client.redeem(&request, response.code()).await.assert_refused("invalid_grant");
    }
}

#[tokio::test]
async fn pa_009_nothing_that_was_pushed_shows_on_the_way() {
    let server = Server::start(Configuration::default()).await;
    let realm = Realm::on(&server, json!({})).await;
    let client = realm.client(json!({})).await;
    let request = client.request().with("claims", &json!({"id_token": {"acr": {"value": "urn:pushed"}}}).to_string());
    let mut browser = realm.browser();
    let reference = client.pushed(&request).await;
    let login = browser.authorize(&reference).await;
    let form = login.page("login-page").form();
    let filled = form.with("username", "ana").with("password", &realm.user.password).with("action", "login");
    let redirect = browser.submit(&login, &filled).await;
    let location = redirect.location().unwrap().to_owned();
    let consent = browser.follow(redirect.clone()).await;
    consent.page("consent-page");
    let log = server.log();
    let shown = [format!("{login:?}"), format!("{redirect:?}"), location, format!("{consent:?}"), log];
    let rows = realm.rows().await;
    for name in ["state", "nonce", "code_challenge", "claims"] {
        let value = if name == "claims" { "urn:pushed" } else { request.get(name).unwrap() };
        for text in &shown {
            assert!(!text.contains(value), "{name}: {text}");
        }
        assert!(!rows.contain(value), "{name} is readable in the database");
    }
    let answer = browser.allow(&consent).await;
    AuthorizationResponse::read(&answer, &request).code();
}

#[tokio::test]
async fn clients_register_themselves_for_pushes_and_signed_responses() {
    let realm = Realm::with(json!({"registration": {"mode": "open", "attempts_per_address": 10_000}})).await;
    let members = json!({
        "redirect_uris": ["https://client.test/callback"], "require_pushed_authorization_requests": true,
        "authorization_signed_response_alg": "ES256",
    });
    let register = async |members: &Value| {
        let post =
            crate::support::http::Request::post(&realm.url("/register"), "application/json", members.to_string());
        realm.http.send(post).await
    };
    let answer = register(&members).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    for member in ["require_pushed_authorization_requests", "authorization_signed_response_alg"] {
        assert_eq!(answer.json()[member], members[member]);
    }
    for (member, value) in [
        ("authorization_signed_response_alg", json!("none")),
        ("authorization_signed_response_alg", json!("ES512")),
        ("authorization_encrypted_response_alg", json!("RSA1_5")),
        ("authorization_encrypted_response_enc", json!("A128GCM")),
        ("require_pushed_authorization_requests", json!("yes")),
    ] {
        let answer = register(&merged(members.clone(), json!({ member: value }))).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_client_metadata")), "{member}");
    }
}
