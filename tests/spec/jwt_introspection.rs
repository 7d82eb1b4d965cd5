//! Introspection responses that are JWTs (RFC 9701).

use serde_json::{Value, json};

use crate::support::client::{Client, Credential};
use crate::support::http::Answer;
use crate::support::jwe::{self, EncryptionKey};
use crate::support::jwt;
use crate::support::realm::{Realm, merged};
use crate::support::time::now;

const TYPE: &str = "application/token-introspection+jwt";

async fn ask(caller: &Client, token: &str, accept: &str) -> Answer {
    let request = caller.authenticated("/introspect", &[("token", token)]).header("accept", accept);
    caller.http.send(request).await
}

/// A resource server that may introspect, and the API that it is.
async fn resource_server(realm: &Realm, identifier: &str, metadata: Value) -> Client {
    let scopes = json!([{"name": "read", "description": "read everything"}]);
    let body = json!({"identifier": identifier, "display_name": "API", "scopes": scopes});
    realm.server.administration.create_resource_server(&realm.name, &body).await;
    realm.client(merged(json!({"client_id": identifier, "grant_types": ["client_credentials"]}), metadata)).await
}

/// A token of a user for a resource.
async fn token_for(realm: &Realm, resource: &str) -> String {
    let client = realm.versatile_client().await;
    let request = client.request().with("scope", "read").with("resource", resource);
    client.obtain(&mut realm.browser(), &request, &realm.user).await.access_token().to_owned()
}

#[tokio::test]
async fn rfc9701_5_the_response_is_signed_to_the_caller_and_says_what_the_json_says() {
    let realm = Realm::new().await;
    for (index, algorithm) in [None, Some("ES256"), Some("PS384"), Some("EdDSA")].into_iter().enumerate() {
        let identifier = format!("https://api-{index}.test");
        let api = resource_server(&realm, &identifier, json!({"introspection_signed_response_alg": algorithm})).await;
        let token = token_for(&realm, &identifier).await;
        let before = now();
        let answer = ask(&api, &token, TYPE).await;
        assert_eq!((answer.status, answer.content_type()), (200, TYPE));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let signed = realm.verify(&answer.body).await;
        assert_eq!(signed.header["typ"], "token-introspection+jwt");
        assert_eq!(signed.header["alg"], algorithm.unwrap_or("RS256"), "section 6");
        let claims = signed.claims;
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(realm.issuer), &json!(identifier)));
        assert!((before..=now()).contains(&claims["iat"].as_i64().unwrap()));
        // Neither the subject nor the end of the token, or it could pass for one.
        assert_eq!(claims.as_object().unwrap().len(), 4, "{claims}");
        let plain = ask(&api, &token, "application/json").await;
        assert_eq!(plain.content_type(), "application/json");
        assert_eq!(claims["token_introspection"], plain.success());
        assert_eq!(claims["token_introspection"]["active"], true);
    }
}

#[tokio::test]
async fn rfc9701_4_json_is_the_answer_to_everybody_else() {
    let realm = Realm::new().await;
    let metadata = json!({"introspection_signed_response_alg": "ES256"});
    let api = resource_server(&realm, "https://api.test", metadata).await;
    let token = token_for(&realm, "https://api.test").await;
    for accept in ["*/*", "application/*", "application/jwt", "application/token-introspection+jwt;q=0", "a, b;q=x"] {
        assert_eq!(ask(&api, &token, accept).await.content_type(), "application/json", "{accept}");
    }
    assert_eq!(api.introspect(&token).await["active"], true);
}

/// IR-002.
#[tokio::test]
async fn rfc9701_5_an_inactive_token_is_inactive_inside_and_nothing_else_is_said() {
    let realm = Realm::new().await;
    let api = resource_server(&realm, "https://api.test", json!({})).await;
    resource_server(&realm, "https://other.test", json!({})).await;
    let foreign = token_for(&realm, "https://other.test").await;
    for token in [foreign.as_str(), "nonsense", "a.b.c"] {
        let answer = ask(&api, token, TYPE).await;
        let claims = realm.verify(&answer.body).await.claims;
        assert_eq!(claims["token_introspection"], json!({"active": false}), "{token}");
        assert_eq!(claims["aud"], "https://api.test");
    }
}

/// CVE-2026-18208: what JSON keeps to itself, the JWT must not tell.
#[tokio::test]
async fn ir_001_a_token_that_was_revoked_or_is_anothers_is_told_in_neither_form() {
    let realm = Realm::new().await;
    let (client, stranger) = (realm.versatile_client().await, realm.versatile_client().await);
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let told = async |caller: &Client| {
        let claims = realm.verify(&ask(caller, tokens.access_token(), TYPE).await.body).await.claims;
        claims["token_introspection"].clone()
    };
    assert_eq!(told(&client).await["active"], true);
    assert_eq!(told(&stranger).await, json!({"active": false}));
    assert_eq!(client.revoke(tokens.access_token()).await.status, 200);
    assert_eq!(told(&client).await, json!({"active": false}));
}

#[tokio::test]
async fn rfc9701_4_who_is_not_authenticated_gets_no_jwt() {
    let realm = Realm::new().await;
    let api = resource_server(&realm, "https://api.test", json!({})).await;
    let token = token_for(&realm, "https://api.test").await;
    let (nobody, wrong) =
        (api.with_credential(Credential::None), api.with_credential(Credential::Basic("wrong".to_owned())));
    for caller in [nobody, wrong] {
        let answer = ask(&caller, &token, TYPE).await;
        assert_eq!(answer.content_type(), "application/json");
        answer.assert_refused("invalid_client");
    }
}

#[tokio::test]
async fn rfc9701_8_the_response_passes_for_no_other_token() {
    let realm = Realm::new().await;
    let client = realm.versatile_client().await;
    let tokens = client.obtain(&mut realm.browser(), &client.request(), &realm.user).await;
    let response = ask(&client, tokens.access_token(), TYPE).await.body;
    client.userinfo(&response).await.assert_token_refused(401, "invalid_token");
    assert_eq!(client.introspect(&response).await, json!({"active": false}));
    let hint = client.request().with("id_token_hint", &response).with("prompt", "none");
    realm.browser().authorize(&hint).await.assert_error_response(&hint, "invalid_request");
}

#[tokio::test]
async fn rfc9701_6_a_resource_server_may_have_it_encrypted() {
    let realm = Realm::new().await;
    let key = EncryptionKey::generate("ECDH-ES");
    let registered = json!({
        "introspection_signed_response_alg": "ES256", "introspection_encrypted_response_alg": "ECDH-ES",
        "introspection_encrypted_response_enc": "A256GCM", "jwks": {"keys": [key.public_jwk()]},
    });
    let api = resource_server(&realm, "https://api.test", registered).await;
    let token = token_for(&realm, "https://api.test").await;
    let answer = ask(&api, &token, TYPE).await;
    assert_eq!((answer.status, answer.content_type()), (200, TYPE));
    let opened = key.open(&answer.body);
    assert_eq!(opened.header.content_type(), Some("JWT"));
    assert_eq!(opened.header.claim("enc"), Some(&json!("A256GCM")));
    let claims = realm.verify(&opened.plaintext).await.claims;
    assert_eq!(claims["token_introspection"]["sub"], realm.user.id);

    // With its secret, and the default of section 6.
    let shared = json!({
        "introspection_signed_response_alg": "HS256", "introspection_encrypted_response_alg": "dir",
    });
    let api = resource_server(&realm, "https://shared.test", shared).await;
    let Credential::Basic(secret) = &api.credential else { panic!("a secret expected") };
    let token = token_for(&realm, "https://shared.test").await;
    let answer = ask(&api, &token, TYPE).await;
    let opened = jwe::open_with_secret(&answer.body, "dir", "A128CBC-HS256", secret);
    let claims = jwt::verify_with_secret(&opened.plaintext, secret).claims;
    assert_eq!(claims["token_introspection"]["active"], true);
}

#[tokio::test]
async fn rfc9701_6_without_a_key_nothing_is_sent_in_the_clear() {
    let realm = Realm::new().await;
    let registered = json!({
        "introspection_encrypted_response_alg": "RSA-OAEP", "jwks_uri": "https://127.0.0.1:9/jwks",
    });
    let api = resource_server(&realm, "https://api.test", registered).await;
    let token = token_for(&realm, "https://api.test").await;
    ask(&api, &token, TYPE).await.assert_refused("invalid_client_metadata");
}

#[tokio::test]
async fn rfc9701_7_discovery_lists_what_works() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let listed = |member: &str| -> Vec<String> { serde_json::from_value(document[member].clone()).unwrap() };
    for (index, algorithm) in listed("introspection_signing_alg_values_supported").iter().enumerate() {
        let identifier = format!("https://api-{index}.test");
        let metadata = json!({"introspection_signed_response_alg": algorithm});
        let api = resource_server(&realm, &identifier, metadata).await;
        let answer = ask(&api, "nonsense", TYPE).await;
        assert_eq!(jwt::read(&answer.body).header["alg"], *algorithm);
    }
    for member in ["alg", "enc"] {
        let of_userinfo = &document[format!("userinfo_encryption_{member}_values_supported")];
        assert_eq!(&document[format!("introspection_encryption_{member}_values_supported")], of_userinfo);
    }
}
