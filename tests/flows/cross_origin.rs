//! Applications in browsers: what the endpoints open to which origin (Fetch Standard, CORS).

use http::Method;
use serde_json::json;

use crate::support::client::Client;
use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;

const OWN: &str = "https://client.test";

fn opened(answer: &Answer) -> Option<&str> {
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    answer.header("access-control-allow-origin")
}

#[tokio::test]
async fn fetch_preflights_are_answered_without_a_client() {
    let realm = Realm::new().await;
    for (path, method) in [("/token", "POST"), ("/userinfo", "GET"), ("/revoke", "POST"), ("/jwks", "GET")] {
        let request = Request { method: Method::OPTIONS, ..Request::get(&realm.url(path)) };
        let request = request.header("origin", "https://anybody.test");
        let request = request.header("access-control-request-method", method);
        let answer = realm.http.send(request.header("access-control-request-headers", "authorization")).await;
        assert_eq!(answer.status, 204, "{path}: {answer:?}");
        assert_eq!(opened(&answer), Some("*"));
        let methods = answer.header("access-control-allow-methods").unwrap();
        assert!(methods.contains(method), "{methods}");
        assert!(answer.header("access-control-allow-headers").unwrap().contains("Authorization"));
    }
}

/// A token request of a client from an origin.
async fn redeem_from(realm: &Realm, client: &Client, origin: &str) -> Answer {
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let parameters = Client::redemption(&request, response.code());
    realm.http.send(client.authenticated("/token", &parameters).header("origin", origin)).await
}

#[tokio::test]
async fn fetch_token_and_userinfo_are_open_to_the_origins_of_the_client_alone() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let answer = redeem_from(&realm, &client, OWN).await;
    assert_eq!(opened(&answer), Some(OWN));
    assert_eq!(answer.header("vary"), Some("Origin"));
    let tokens = answer.tokens();
    for (origin, expected) in [
        (OWN, Some(OWN)),
        ("https://evil.test", None),
        ("https://client.test.evil.test", None),
        ("http://client.test", None),
        ("https://client.test:8443", None),
        ("null", None),
    ] {
        let request = Request::get(&realm.url("/userinfo")).bearer(tokens.access_token()).header("origin", origin);
        let answer = realm.http.send(request).await;
        assert_eq!((answer.status, opened(&answer)), (200, expected), "{origin}");
        assert_eq!(opened(&redeem_from(&realm, &client, origin).await), expected, "{origin}");
    }
}

#[tokio::test]
async fn fetch_a_refusal_is_the_same_for_every_origin() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let tokens = redeem_from(&realm, &client, OWN).await.tokens();
    let mut forged = tokens.access_token().to_owned();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    for origin in [OWN, "https://evil.test", "null"] {
        let request = Request::get(&realm.url("/userinfo")).bearer(&forged).header("origin", origin);
        let answer = realm.http.send(request).await;
        answer.assert_token_refused(401, "invalid_token");
        assert_eq!(opened(&answer), Some("*"));
    }
}

#[tokio::test]
async fn fetch_pages_and_introspection_are_open_to_nobody() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.client_credentials("read").await.tokens();
    let introspection = client.authenticated("/introspect", &[("token", tokens.access_token())]);
    for request in [
        introspection,
        Request::get(&client.request().url()),
        Request::get(&realm.url("/account")),
        Request::form(&realm.url("/login"), &[]),
        Request::form(&realm.url("/consent"), &[]),
    ] {
        let answer = realm.http.send(request.header("origin", OWN)).await;
        assert_eq!(opened(&answer), None, "{answer:?}");
    }
}
