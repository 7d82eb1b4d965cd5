//! Flows that begin with a push (RFC 9126): for every kind of client, on several nodes.

use serde_json::{Value, json};

use super::client_authentication::certificate_set;
use crate::support::authorization::AuthorizationResponse;
use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::databases::{Kind, TestDatabase};
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

/// Three nodes share a database: whoever pushes at one and goes on at the others gets one response.
async fn is_one_response_on_three_nodes(kind: Kind) {
    let database = TestDatabase::empty(kind).await;
    let first = Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let (second, third) = (first.beside().await, first.beside().await);
    let realm = Realm::on(&first, json!({})).await;
    let (client, key) = realm.client_with_key("ES256", json!({"settings": {"skip_consent": true}})).await;
    let browser = realm.signed_in_browser().await;
    let http = &realm.http;
    let at = |url: String, server: &Server| url.replacen(&first.public_url, &server.base, 1);
    for _ in 0..3 {
        let request = client.request();
        let assertion = key.sign(&client.assertion_claims());
        let pushes = [&first, &second, &third].map(|server| {
            let mut parameters: Vec<(&str, &str)> =
                request.parameters.iter().map(|(name, value)| (&**name, &**value)).collect();
            parameters.push(("client_assertion_type", crate::support::client::JWT_BEARER));
            parameters.push(("client_assertion", &assertion));
            let url = at(client.endpoint("/par"), server);
            async move { http.post(&url, &parameters).await }
        });
        let answers = futures_util::future::join_all(pushes).await;
        let (kept, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 201);
        assert_eq!((kept.len(), refused.len()), (1, 2), "an assertion counts once on all nodes");
        let reference = client.referring(kept[0].json()["request_uri"].as_str().unwrap());
        let visits = (0..12).map(|number| {
            let url = at(reference.url(), [&first, &second, &third][number % 3]);
            let mut browser = browser.clone();
            async move { browser.get(&url).await }
        });
        let answers = futures_util::future::join_all(visits).await;
        let codes: Vec<_> = answers.iter().filter(|answer| answer.location().is_some_and(has_code)).collect();
        assert_eq!(codes.len(), 1, "{answers:?}");
        let response = AuthorizationResponse::read(codes[0], &request);
        client.redeem(&request, response.code()).await.tokens();
    }
    drop((first, second, third));
    database.remove().await;
}

fn has_code(location: &str) -> bool {
    location.contains("code=")
}

#[tokio::test]
async fn three_nodes_on_postgres_make_one_response_of_a_push() {
    is_one_response_on_three_nodes(Kind::Postgres).await;
}

#[tokio::test]
async fn three_nodes_on_mariadb_make_one_response_of_a_push() {
    is_one_response_on_three_nodes(Kind::MariaDb).await;
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
