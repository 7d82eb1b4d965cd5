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

/// Origins that no client is registered with. A private-use scheme has no origin, so that it opens nothing to `null`.
const FOREIGN: [&str; 4] = ["https://evil.test", "https://client.test.evil.test", "http://client.test", "null"];

async fn preflight(realm: &Realm, (path, method): (&str, &str), origin: &str) -> Answer {
    let request = Request { method: Method::OPTIONS, ..Request::get(&realm.url(path)) };
    let request = request.header("origin", origin).header("access-control-request-method", method);
    realm.http.send(request.header("access-control-request-headers", "authorization")).await
}

#[tokio::test]
async fn ht_013_preflights_are_open_to_the_registered_origins_of_the_realm_alone() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let native = json!({"redirect_uris": ["com.example.app:/cb"], "application_type": "native"});
    realm.client(native).await;
    for (path, method) in [("/token", "POST"), ("/userinfo", "GET"), ("/revoke", "POST")] {
        let answer = preflight(&realm, (path, method), OWN).await;
        assert_eq!((answer.status, opened(&answer)), (204, Some(OWN)), "{path}: {answer:?}");
        assert_eq!(answer.header("vary"), Some("Origin"));
        let methods = answer.header("access-control-allow-methods").unwrap();
        assert!(methods.contains(method), "{methods}");
        assert!(answer.header("access-control-allow-headers").unwrap().contains("Authorization"));
        for origin in FOREIGN {
            let answer = preflight(&realm, (path, method), origin).await;
            assert_eq!((answer.status, opened(&answer)), (204, None), "{path}, {origin}");
        }
    }
    // What everybody may read.
    assert_eq!(opened(&preflight(&realm, ("/jwks", "GET"), "https://evil.test").await), Some("*"));
    // With the last client of an origin goes the origin.
    realm.update_client(&client, json!({"redirect_uris": ["https://moved.test/cb"]})).await;
    assert_eq!(opened(&preflight(&realm, ("/token", "POST"), OWN).await), None);
    assert_eq!(opened(&preflight(&realm, ("/token", "POST"), "https://moved.test").await), Some("https://moved.test"));
    realm.update_client(&client, json!({"enabled": false})).await;
    assert_eq!(opened(&preflight(&realm, ("/token", "POST"), "https://moved.test").await), None);
}

/// A token request of a client from an origin.
async fn redeem_from(realm: &Realm, client: &Client, origin: &str) -> Answer {
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let parameters = Client::redemption(&request, response.code());
    realm.http.send(client.authenticated("/token", &parameters).header("origin", origin)).await
}

#[tokio::test]
async fn ht_013_token_and_userinfo_are_open_to_the_origins_of_the_client_alone() {
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
async fn ht_013_a_forged_token_opens_nothing_that_its_origin_would_not() {
    let realm = Realm::new().await;
    let client = realm.client(json!({"token_endpoint_auth_method": "none"})).await;
    let tokens = redeem_from(&realm, &client, OWN).await.tokens();
    let mut forged = tokens.access_token().to_owned();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    // The application reads the challenge, because its origin is registered and not because of the token.
    for (origin, expected) in [(OWN, Some(OWN))].into_iter().chain(FOREIGN.map(|origin| (origin, None))) {
        let request = Request::get(&realm.url("/userinfo")).bearer(&forged).header("origin", origin);
        let answer = realm.http.send(request).await;
        answer.assert_token_refused(401, "invalid_token");
        assert_eq!(opened(&answer), expected, "{origin}");
    }
}

#[tokio::test]
async fn ht_013_a_client_id_that_was_not_verified_opens_nothing() {
    let realm = Realm::new().await;
    // Each of them has pages of its own; only the first is a public client.
    let metadata = json!({"redirect_uris": ["https://spa.test/cb"], "token_endpoint_auth_method": "none"});
    let public = realm.client(metadata).await;
    let confidential = realm.versatile_client().await;
    for path in ["/token", "/revoke"] {
        let wrong = [("client_id", confidential.id.as_str()), ("client_secret", "wrong"), ("token", "x")];
        let from = async |origin: &str| {
            realm.http.send(Request::form(&realm.url(path), &wrong).header("origin", origin)).await
        };
        let answer = from("https://evil.test").await;
        assert_eq!((answer.status, opened(&answer)), (401, None), "{answer:?}");
        // Which client it names makes no difference.
        for origin in [OWN, "https://spa.test"] {
            let answer = from(origin).await;
            assert_eq!((answer.status, opened(&answer)), (401, Some(origin)), "{path}");
        }
        // Of a client that has authenticated only its own origins read anything.
        let known = [("client_id", public.id.as_str()), ("token", "x"), ("grant_type", "refresh_token")];
        for (origin, expected) in [(OWN, None), ("https://spa.test", Some("https://spa.test")), ("null", None)] {
            let request = Request::form(&realm.url(path), &known).header("origin", origin);
            assert_eq!(opened(&realm.http.send(request).await), expected, "{path}, {origin}");
        }
    }
}

#[tokio::test]
async fn ht_013_pages_and_introspection_are_open_to_nobody() {
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
