//! The code flow with each way a client can authenticate (RFC 6749 section 2.3, RFC 7523, RFC 8705, OpenID Connect
//! Core 9).

use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::jwt::{ASYMMETRIC, SYMMETRIC, SigningKey};
use crate::support::realm::Realm;
use crate::support::wait::until_true;
use crate::support::web::WebServer;

/// The code flow, refresh and revocation: everywhere the client has to prove who it is.
async fn use_every_endpoint(realm: &Realm, client: &Client) {
    let request = client.request().with("scope", "openid offline_access");
    let tokens = client.obtain(&mut realm.browser(), &request, &realm.user).await;
    let refreshed = client.refresh(tokens.refresh_token()).await.tokens();
    assert_eq!(client.userinfo(refreshed.access_token()).await.success()["sub"], realm.user.id);
    if !matches!(client.credential, Credential::None) {
        assert!(client.is_active(refreshed.access_token()).await);
    }
    assert_eq!(client.revoke(refreshed.refresh_token()).await.status, 200);
    client.refresh(refreshed.refresh_token()).await.assert_refused("invalid_grant");
}

fn metadata(method: &str) -> Value {
    json!({"token_endpoint_auth_method": method, "grant_types": ["authorization_code", "refresh_token"]})
}

fn with(mut metadata: Value, name: &str, value: impl Into<Value>) -> Value {
    metadata[name] = value.into();
    metadata
}

#[tokio::test]
async fn rfc7636_public_client_with_pkce() {
    let realm = Realm::new().await;
    let client = realm.client(metadata("none")).await;
    assert!(matches!(client.credential, Credential::None));
    use_every_endpoint(&realm, &client).await;
}

#[tokio::test]
async fn rfc6749_2_3_1_secret_by_http_basic() {
    let realm = Realm::new().await;
    use_every_endpoint(&realm, &realm.client(metadata("client_secret_basic")).await).await;
}

#[tokio::test]
async fn rfc6749_2_3_1_secret_in_the_body() {
    let realm = Realm::new().await;
    use_every_endpoint(&realm, &realm.client(metadata("client_secret_post")).await).await;
}

#[tokio::test]
async fn rfc6749_2_3_1_identifier_and_secret_with_special_characters_survive_the_encodings() {
    let realm = Realm::new().await;
    let secret = "a secret: 100% +&=\"ok\"?";
    let body = with(with(metadata("client_secret_basic"), "client_id", "my app: one+two"), "client_secret", secret);
    let client = realm.client(body).await.with_credential(Credential::Basic(secret.to_owned()));
    assert_eq!(client.id, "my app: one+two");
    use_every_endpoint(&realm, &client).await;
}

#[tokio::test]
async fn oidc_core_9_client_secret_jwt_with_every_algorithm() {
    let realm = Realm::new().await;
    for algorithm in SYMMETRIC {
        let body = with(metadata("client_secret_jwt"), "token_endpoint_auth_signing_alg", *algorithm);
        use_every_endpoint(&realm, &realm.client(body).await).await;
    }
}

#[tokio::test]
async fn oidc_core_9_private_key_jwt_with_every_algorithm() {
    let realm = Realm::new().await;
    for algorithm in ASYMMETRIC {
        let (client, _) = realm.client_with_key(algorithm, metadata("private_key_jwt")).await;
        use_every_endpoint(&realm, &client).await;
    }
}

#[tokio::test]
async fn rfc7523_3_the_audience_is_the_issuer_or_the_endpoint_alone_or_among_others() {
    let realm = Realm::new().await;
    let (client, key) = realm.client_with_key("ES256", json!({"grant_types": ["client_credentials"]})).await;
    let token_endpoint = realm.url("/token");
    for audience in [
        json!(realm.issuer),
        json!(token_endpoint),
        json!([realm.issuer]),
        json!(["https://other.test", token_endpoint]),
        json!(client.mtls_issuer.clone() + "/token"),
    ] {
        let mut claims = client.assertion_claims();
        claims["aud"] = audience.clone();
        let answer = client.present(&key.sign(&claims)).await;
        assert_eq!(answer.status, 200, "{audience}: {answer:?}");
    }
}

/// oidcc-refresh-token-rp-key-rotation.
#[tokio::test]
async fn rfc7591_2_keys_by_reference_are_fetched_and_fetched_again_after_a_rotation() {
    let realm = Realm::new().await;
    let first = SigningKey::generate("ES256");
    let document = Arc::new(Mutex::new(first.public_set()));
    let web = WebServer::of_json(Arc::clone(&document)).await;
    let body = with(metadata("private_key_jwt"), "jwks_uri", format!("{}/jwks", web.url));
    let client = realm.client(body).await;
    use_every_endpoint(&realm, &client.with_credential(Credential::Assertion(first))).await;
    // One document serves many assertions.
    assert_eq!(web.received().len(), 1);
    assert_eq!(web.received()[0].target, "/jwks");

    let second = SigningKey::generate("ES256");
    *document.lock().unwrap() = second.public_set();
    let client = client.with_credential(Credential::Assertion(second));
    // A copy is only asked for again when it is a second old: an invented key name must not cost a fetch each.
    until_true("the new key is known", async || {
        client.client_credentials("").await.json()["error"] != "invalid_client"
    })
    .await;
    use_every_endpoint(&realm, &client).await;
}

/// A realm that trusts an authority to issue client certificates.
async fn realm_with_authority(authority: &Identity) -> Realm {
    Realm::with(json!({"client_certificate_authorities": authority.certificate_pem()})).await
}

#[tokio::test]
async fn rfc8705_2_1_certificate_of_a_trusted_authority_by_its_subject() {
    let authority = Identity::authority("Client authority");
    let realm = realm_with_authority(&authority).await;
    let document = realm.discovery().await;
    let methods = document["token_endpoint_auth_methods_supported"].as_array().unwrap();
    assert!(methods.contains(&json!("tls_client_auth")));
    let identity = Identity::issued(&Subject::named("client one"), Some(&authority));
    let body = with(metadata("tls_client_auth"), "tls_client_auth_subject_dn", "CN=client one,O=Example");
    let client = realm.client(body).await.with_credential(Credential::Certificate(Box::new(identity)));
    use_every_endpoint(&realm, &client).await;
}

#[tokio::test]
async fn rfc8705_2_1_2_certificate_of_a_trusted_authority_by_its_dns_name() {
    let authority = Identity::authority("Client authority");
    let realm = realm_with_authority(&authority).await;
    let subject = Subject { dns: &["client.test"], ..Subject::named("anything") };
    let identity = Identity::issued(&subject, Some(&authority));
    let body = with(metadata("tls_client_auth"), "tls_client_auth_san_dns", "client.test");
    let client = realm.client(body).await.with_credential(Credential::Certificate(Box::new(identity)));
    use_every_endpoint(&realm, &client).await;
}

/// A key set with a certificate (RFC 7517 section 4.7).
pub(crate) fn certificate_set(identity: &Identity) -> Value {
    let certificate = STANDARD.encode(identity.certificate.to_der().unwrap());
    let key = identity.key.ec_key().unwrap();
    let (mut x, mut y) = (openssl::bn::BigNum::new().unwrap(), openssl::bn::BigNum::new().unwrap());
    let mut context = openssl::bn::BigNumContext::new().unwrap();
    key.public_key().affine_coordinates(key.group(), &mut x, &mut y, &mut context).unwrap();
    let encode = |number: &openssl::bn::BigNum| {
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(number.to_vec_padded(32).unwrap())
    };
    json!({"keys": [{"kty": "EC", "crv": "P-256", "x": encode(&x), "y": encode(&y), "x5c": [certificate]}]})
}

#[tokio::test]
async fn rfc8705_2_2_self_signed_certificate_that_is_registered() {
    let realm = Realm::new().await;
    let identity = Identity::issued(&Subject::named("self-signed"), None);
    let body = with(metadata("self_signed_tls_client_auth"), "jwks", certificate_set(&identity));
    let client = realm.client(body).await.with_credential(Credential::Certificate(Box::new(identity)));
    use_every_endpoint(&realm, &client).await;
}

#[tokio::test]
async fn rfc8705_2_2_self_signed_certificate_that_is_registered_by_reference() {
    let realm = Realm::new().await;
    let identity = Identity::issued(&Subject::named("self-signed"), None);
    let web = WebServer::of_json(Arc::new(Mutex::new(certificate_set(&identity)))).await;
    let body = with(metadata("self_signed_tls_client_auth"), "jwks_uri", web.url.clone());
    let client = realm.client(body).await.with_credential(Credential::Certificate(Box::new(identity)));
    use_every_endpoint(&realm, &client).await;
    assert_eq!(web.received().len(), 1);
}
