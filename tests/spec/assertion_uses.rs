//! How often a client assertion counts, and with which keys it is checked (RFC 7523 section 3, RFC 7517, RFC 7591
//! section 2).

use serde_json::json;

use super::assertions::{assert_refused, changed, keyed};
use crate::support::client::{Client, JWT_BEARER};
use crate::support::http::at_once;
use crate::support::jwt::SigningKey;
use crate::support::realm::Realm;
use crate::support::web::WebServer;

#[tokio::test]
async fn rfc7523_3_an_assertion_counts_once_wherever_it_is_used() {
    let realm = Realm::new().await;
    let grants = ["authorization_code", "refresh_token", "client_credentials"];
    let (client, key) = realm.client_with_key("ES256", json!({"grant_types": grants})).await;
    let assertion = key.sign(&client.assertion_claims());
    assert_eq!(client.present(&assertion).await.status, 200);
    let asserted = [("client_assertion_type", JWT_BEARER), ("client_assertion", assertion.as_str())];
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let response = realm.browser().complete(&request, &realm.user).await;
    let redemption = Client::redemption(&request, response.code());
    let refresh = vec![("grant_type", "refresh_token"), ("refresh_token", tokens.refresh_token())];
    let before = realm.rows().await;
    client.present(&assertion).await.assert_refused("invalid_client");
    for (path, parameters) in [
        ("/token", redemption.clone()),
        ("/token", refresh.clone()),
        ("/introspect", vec![("token", tokens.access_token())]),
        ("/revoke", vec![("token", tokens.access_token())]),
    ] {
        let parameters = [&parameters[..], &asserted].concat();
        realm.http.post(&realm.url(path), &parameters).await.assert_refused("invalid_client");
    }
    assert_eq!(realm.rows().await.changed_since(&before), [""; 0]);
    // Nothing was used up by it.
    client.ask("/token", &redemption).await.tokens();
    client.ask("/token", &refresh).await.tokens();
}

#[tokio::test]
async fn rfc7523_3_of_many_uses_at_once_one_counts() {
    let realm = Realm::new().await;
    let (client, key) = keyed(&realm, "ES256").await;
    let assertion = key.sign(&client.assertion_claims());
    let answers = at_once(20, async || client.present(&assertion).await).await;
    let (counted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!(counted.len(), 1);
    for answer in &refused {
        answer.assert_refused("invalid_client");
    }
}

#[tokio::test]
async fn rfc7523_3_identifiers_of_two_clients_do_not_meet() {
    let realm = Realm::new().await;
    let (one, first) = keyed(&realm, "ES256").await;
    let (other, second) = keyed(&realm, "ES256").await;
    for (client, key) in [(one, first), (other, second)] {
        let claims = changed(&client, &json!({"jti": "the same"}));
        assert_eq!(client.present(&key.sign(&claims)).await.status, 200);
    }
}

#[tokio::test]
async fn rfc7517_4_2_keys_for_encryption_do_not_sign() {
    let realm = Realm::new().await;
    let (signing, encrypting) = (SigningKey::generate("ES256"), SigningKey::generate("ES256"));
    let mut public = encrypting.public_jwk();
    public["use"] = json!("enc");
    let mut operations = SigningKey::generate("ES256").public_jwk();
    operations["key_ops"] = json!(["encrypt"]);
    let body = json!({
        "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
        "jwks": {"keys": [signing.public_jwk(), public, operations]},
    });
    let client = realm.client(body).await;
    let assertions = [("use enc".to_owned(), encrypting.sign(&client.assertion_claims()))];
    assert_refused(&realm, (&client, &signing), &assertions).await;
}

#[tokio::test]
async fn rfc7591_2_a_key_set_that_cannot_be_had_is_invalid_client() {
    let realm = Realm::new().await;
    let key = SigningKey::generate("ES256");
    let set = key.public_set().to_string();
    let web = WebServer::start(move |request| {
        let builder = http::Response::builder().header("content-type", "application/json");
        match request.target.as_str() {
            "/missing" => builder.status(404).body(String::new()),
            "/moved" => builder.status(302).header("location", "/good").body(String::new()),
            "/broken" => builder.body("{".to_owned()),
            "/huge" => builder.body(format!("{{\"keys\":[],\"x\":\"{}\"}}", "x".repeat(100_000))),
            _ => builder.body(set.clone()),
        }
        .unwrap()
    })
    .await;
    for path in ["/missing", "/moved", "/broken", "/huge"] {
        let body = json!({
            "token_endpoint_auth_method": "private_key_jwt", "grant_types": ["client_credentials"],
            "jwks_uri": format!("{}{path}", web.url),
        });
        let client = realm.client(body).await;
        client.present(&key.sign(&client.assertion_claims())).await.assert_refused("invalid_client");
    }
    assert!(!web.received().iter().any(|request| request.target == "/good"), "a redirect was followed");
}
