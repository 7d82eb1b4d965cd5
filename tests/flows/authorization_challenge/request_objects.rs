//! Request objects of applications that ask for user name and password themselves (RFC 9101; First-Party Apps 5.1).

use serde_json::{Value, json};

use super::{PATH, begin, credentials, first_party, go_on, parameters, realm, redeem, request_of};
use crate::support::authorization::object_of;
use crate::support::client::Client;
use crate::support::http::Answer;
use crate::support::jwt::SigningKey;
use crate::support::realm::{Realm, merged};
use crate::support::time::now;

/// An application with a key of its own.
async fn keyed(realm: &Realm, more: Value) -> (Client, SigningKey) {
    let key = SigningKey::generate("ES256");
    (first_party(realm, merged(json!({"jwks": key.public_set()}), more)).await, key)
}

/// Asks with an object, and with what stands beside it.
async fn ask(client: &Client, object: &str, more: &[(&str, &str)]) -> Answer {
    client.ask(PATH, &[&[("request", object)], more].concat()).await
}

#[tokio::test]
async fn first_party_5_1_what_a_signed_request_object_asks_for_counts_and_nothing_beside_it() {
    let realm = realm().await;
    let (client, key) = keyed(&realm, json!({"require_signed_request_object": true})).await;
    let request = request_of(&client).with("scope", "openid email");
    let object = key.sign(&object_of(&client, &request));
    let session = ask(&client, &object, &[("scope", "openid"), ("nonce", "beside")]).await.auth_session(None);
    let code = go_on(&client, &session, &credentials(&realm.user)).await.authorization_code();
    let tokens = redeem(&client, &request, &code).await.tokens();
    assert_eq!(tokens.0["scope"], "openid email");
    let claims = realm.verify(tokens.id_token()).await.claims;
    assert_eq!((&claims["sub"], &claims["nonce"]), (&json!(realm.user.id), &json!(request.get("nonce").unwrap())));
    // All in one request. What the user types is the application's, and no parameter of the object.
    let request = request_of(&client);
    let object = key.sign(&object_of(&client, &request));
    let code = ask(&client, &object, &credentials(&realm.user)).await.authorization_code();
    redeem(&client, &request, &code).await.tokens();
    let request = request_of(&client);
    let inside = credentials(&realm.user).iter().fold(request, |request, (name, value)| request.with(name, value));
    ask(&client, &key.sign(&object_of(&client, &inside)), &[]).await.auth_session(None);
}

#[tokio::test]
async fn first_party_5_1_a_request_object_that_is_not_the_applications_or_not_for_now_is_refused() {
    let realm = realm().await;
    let (client, key) = keyed(&realm, json!({})).await;
    let (other, _) = keyed(&realm, json!({})).await;
    let claims = object_of(&client, &request_of(&client));
    let with = |change: Value| key.sign(&merged(claims.clone(), change));
    let stranger = SigningKey::generate("ES256");
    for (what, object) in [
        ("another key", stranger.sign(&claims)),
        ("another issuer", with(json!({"iss": other.id}))),
        ("another client", with(json!({"client_id": other.id}))),
        ("another audience", with(json!({"aud": "https://other.test"}))),
        ("a time that is over", with(json!({"exp": now() - 600}))),
        ("a time to come", with(json!({"nbf": now() + 600}))),
        ("an object inside", with(json!({"request": "x"}))),
        ("a client assertion", with(json!({"sub": client.id}))),
    ] {
        let answer = ask(&client, &object, &credentials(&realm.user)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (400, &json!("invalid_request_object")), "{what}");
    }
    // The rules see what is inside.
    let unknown = ask(&client, &with(json!({"scope": "unknown"})), &credentials(&realm.user)).await;
    unknown.assert_refused("invalid_scope");
    assert_eq!(realm.rows().await.count("sessions"), 0);
}

#[tokio::test]
async fn rfc9101_10_5_an_application_whose_requests_are_signed_asks_with_nothing_else() {
    let realm = realm().await;
    let (client, key) = keyed(&realm, json!({"require_signed_request_object": true})).await;
    let request = request_of(&client);
    begin(&client, &request, &credentials(&realm.user)).await.assert_refused("invalid_request");
    let object = key.sign(&object_of(&client, &request));
    let both = [&[("request_uri", "https://rp.test/object")], &credentials(&realm.user)[..]].concat();
    ask(&client, &object, &both).await.assert_refused("invalid_request");
    // Nor with another object once it has begun.
    let session = ask(&client, &object, &[]).await.auth_session(None);
    let wider = key.sign(&object_of(&client, &request.clone().with("scope", "openid email")));
    for again in [vec![("request", wider.as_str())], parameters(&request)] {
        go_on(&client, &session, &[&again[..], &credentials(&realm.user)].concat())
            .await
            .assert_refused("invalid_request");
    }
    let code = go_on(&client, &session, &credentials(&realm.user)).await.authorization_code();
    redeem(&client, &request, &code).await.tokens();
}
