//! Encrypted ID tokens and userinfo responses, and the keys that clients encrypt to (OpenID Connect Core 10.2).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};

use crate::support::authorization::AuthorizationResponse;
use crate::support::client::{Client, Credential, Tokens};
use crate::support::jwe::{self, ASYMMETRIC, CONTENT, EncryptionKey, Opened, SYMMETRIC};
use crate::support::jwt;
use crate::support::realm::{Realm, merged};
use crate::support::wait::until;
use crate::support::web::WebServer;

async fn client(realm: &Realm, metadata: Value) -> Client {
    realm.client(merged(json!({"settings": {"skip_consent": true}}), metadata)).await
}

async fn obtain(realm: &Realm, client: &Client) -> Tokens {
    let request = client.request().with("scope", "openid email");
    client.obtain(&mut realm.browser(), &request, &realm.user).await
}

/// Members for both kinds of response.
fn both(algorithm: &str, content: &str) -> Value {
    json!({
        "id_token_encrypted_response_alg": algorithm, "id_token_encrypted_response_enc": content,
        "userinfo_encrypted_response_alg": algorithm, "userinfo_encrypted_response_enc": content,
    })
}

fn secret_of(client: &Client) -> &str {
    let Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    secret
}

/// An ID token is signed, then encrypted; a userinfo response that nobody asked to be signed is only encrypted.
async fn assert_encrypted(realm: &Realm, client: &Client, open: impl Fn(&str) -> Opened) {
    let tokens = obtain(realm, client).await;
    let opened = open(tokens.id_token());
    assert_eq!(opened.header.content_type(), Some("JWT"), "RFC 7519 section 5.2");
    let token = realm.verify(&opened.plaintext).await;
    assert_eq!((&token.claims["aud"], &token.claims["sub"]), (&json!(client.id), &json!(realm.user.id)));

    let answer = client.userinfo(tokens.access_token()).await;
    assert_eq!((answer.status, answer.content_type()), (200, "application/jwt"));
    let opened = open(&answer.body);
    assert_eq!(opened.header.content_type(), None);
    let claims: Value = serde_json::from_str(&opened.plaintext).unwrap();
    assert_eq!(claims, json!({"sub": realm.user.id, "email": "ana@ana.test", "email_verified": true}));
}

/// ValidateEncryptedIdTokenHasKid.
#[tokio::test]
async fn oidc_core_10_2_a_client_opens_what_is_encrypted_to_its_key_with_every_algorithm() {
    let realm = Realm::new().await;
    for (index, algorithm) in ASYMMETRIC.iter().enumerate() {
        let key = EncryptionKey::generate(algorithm);
        let (content, _) = CONTENT[index % CONTENT.len()];
        let metadata = merged(both(algorithm, content), json!({"jwks": {"keys": [key.public_jwk()]}}));
        let client = client(&realm, metadata).await;
        assert_encrypted(&realm, &client, |token| {
            let opened = key.open(token);
            assert_eq!(opened.header.algorithm(), Some(*algorithm));
            assert_eq!(opened.header.content_encryption(), Some(content));
            assert_eq!(opened.header.key_id(), Some(key.key_id()));
            opened
        })
        .await;
    }
}

#[tokio::test]
async fn oidc_core_10_2_a_client_opens_what_is_encrypted_with_its_secret_with_every_algorithm() {
    let realm = Realm::new().await;
    let wrapping = SYMMETRIC.iter().copied().zip(CONTENT.iter().map(|(content, _)| *content));
    let direct = CONTENT.iter().map(|(content, _)| ("dir", *content));
    for (algorithm, content) in wrapping.chain(direct) {
        let client = client(&realm, both(algorithm, content)).await;
        let secret = secret_of(&client).to_owned();
        assert_encrypted(&realm, &client, |token| {
            let opened = jwe::open_with_secret(token, algorithm, content, &secret);
            assert_eq!(opened.header.content_encryption(), Some(content));
            opened
        })
        .await;
    }
}

#[tokio::test]
async fn oidc_core_5_3_2_a_signed_and_encrypted_answer_is_a_nested_jwt() {
    let realm = Realm::new().await;
    let key = EncryptionKey::generate("ECDH-ES");
    let metadata = json!({
        "userinfo_signed_response_alg": "ES256", "userinfo_encrypted_response_alg": "ECDH-ES",
        "jwks": {"keys": [key.public_jwk()]},
    });
    let client = client(&realm, metadata).await;
    let tokens = obtain(&realm, &client).await;
    assert_eq!(jwt::read(tokens.id_token()).header["alg"], "RS256", "the ID token is not encrypted");
    let answer = client.userinfo(tokens.access_token()).await;
    assert_eq!((answer.status, answer.content_type()), (200, "application/jwt"));
    let opened = key.open(&answer.body);
    assert_eq!(opened.header.content_type(), Some("JWT"));
    assert_eq!(opened.header.content_encryption(), Some("A128CBC-HS256"), "OpenID Connect Registration 2: the default");
    let token = realm.verify(&opened.plaintext).await;
    assert_eq!(token.header["alg"], "ES256");
    assert_eq!((&token.claims["iss"], &token.claims["aud"]), (&json!(realm.issuer), &json!(client.id)));
}

/// Nothing is sent in the clear instead, and the code is not used up: the client repairs its keys and comes again.
#[tokio::test]
async fn oidc_core_10_2_without_a_key_nothing_is_sent_and_the_code_stays_good() {
    let realm = Realm::new().await;
    let document = Arc::new(Mutex::new(json!({"keys": []})));
    let web = WebServer::of_json(Arc::clone(&document)).await;
    let members = both("ECDH-ES+A256KW", "A256GCM");
    let client = client(&realm, merged(members, json!({"jwks_uri": format!("{}/jwks", web.url)}))).await;
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let refused = client.redeem(&request, response.code()).await;
    assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_client_metadata")));
    let description = refused.json()["error_description"].as_str().unwrap().to_owned();
    assert!(description.contains("id_token_encrypted_response_alg"), "{description}");

    let key = EncryptionKey::generate("ECDH-ES+A256KW");
    *document.lock().unwrap() = json!({"keys": [key.public_jwk()]});
    // A copy is only asked for again when it is a second old.
    let redeemed = until("the new key is known", async || {
        let answer = client.redeem(&request, response.code()).await;
        (answer.status == 200).then_some(answer)
    });
    let tokens = redeemed.await.tokens();
    realm.verify(&key.open(tokens.id_token()).plaintext).await;
    assert_eq!(client.userinfo(tokens.access_token()).await.status, 200);
}

#[tokio::test]
async fn oidc_core_10_2_a_client_that_comes_to_need_a_readable_secret_gets_a_new_one() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let path = format!("/realms/{}/clients/{}", realm.name, client.id);
    let change = both("dir", "A256CBC-HS512");
    let updated = realm.server.administration.ask(Method::PATCH, &path, &change).await.success();
    let secret = updated["client_secret"].as_str().expect("a new secret").to_owned();
    assert_eq!(updated["id_token_encrypted_response_alg"], "dir");
    let client = client.with_credential(Credential::Basic(secret.clone()));
    assert_encrypted(&realm, &client, |token| jwe::open_with_secret(token, "dir", "A256CBC-HS512", &secret)).await;
    let again = realm.server.administration.ask(Method::PATCH, &path, &json!({"client_name": "Other"})).await;
    assert_eq!(again.success().get("client_secret"), None);
}

#[tokio::test]
async fn oidc_registration_2_what_is_wrong_with_encryption_is_named() {
    let realm = Realm::new().await;
    let path = format!("/realms/{}/clients", realm.name);
    let redirect = "https://client.test/callback";
    let key = EncryptionKey::generate("RSA-OAEP");
    for (members, field) in [
        (json!({"id_token_encrypted_response_enc": "A128GCM"}), "id_token_encrypted_response_enc"),
        (json!({"userinfo_encrypted_response_enc": "A128GCM"}), "userinfo_encrypted_response_enc"),
        (json!({"id_token_encrypted_response_alg": "RSA1_5"}), "id_token_encrypted_response_alg"),
        (json!({"userinfo_encrypted_response_alg": "PBES2-HS256+A128KW"}), "userinfo_encrypted_response_alg"),
        (json!({"userinfo_encrypted_response_alg": "RSA-OAEP"}), "userinfo_encrypted_response_alg"),
        (
            json!({"id_token_encrypted_response_alg": "dir", "token_endpoint_auth_method": "none"}),
            "id_token_encrypted_response_alg",
        ),
        (json!({"id_token_encrypted_response_alg": "ECDH-ES", "jwks": {"keys": [key.public_jwk()]}}), "jwks"),
        (
            json!({"id_token_encrypted_response_alg": "dir", "id_token_encrypted_response_enc": "A256CBC-HS512",
                   "client_secret": "forty octets are not enough for 512 bits"}),
            "client_secret",
        ),
    ] {
        let body = merged(json!({"redirect_uris": [redirect]}), members);
        let answer = realm.server.administration.try_ask(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 422, "{body} {answer:?}");
        assert!(answer.body.contains(&format!("\"{field}\"")), "{field}: {}", answer.body);
    }
}

/// The published key of an encryption algorithm.
async fn published(realm: &Realm, algorithm: &str) -> Vec<Value> {
    let set = realm.get("/jwks").await.success();
    let keys = set["keys"].as_array().unwrap().iter();
    keys.filter(|key| key["use"] == "enc" && key["alg"] == algorithm).cloned().collect()
}

/// OpenID Connect Core 10.2.1: the old key is no longer published and still decrypts; 3.1.2.1: an encrypted hint.
#[tokio::test]
async fn oidc_core_10_2_1_encryption_keys_rotate_and_the_old_one_still_decrypts() {
    let realm = Realm::new().await;
    let client = client(&realm, json!({})).await;
    let mut browser = realm.browser();
    let tokens = client.obtain(&mut browser, &client.request(), &realm.user).await;
    let keys = format!("/realms/{}/keys", realm.name);
    for algorithm in ["RSA-OAEP-256", "ECDH-ES+A256KW"] {
        assert_eq!(published(&realm, algorithm).await, [] as [Value; 0]);
        let made = json!({"algorithm": algorithm, "state": "active"});
        let old = realm.server.administration.ask(Method::POST, &keys, &made).await;
        assert_eq!(old.status, 201, "{old:?}");
        let first = published(&realm, algorithm).await;
        assert_eq!((first.len(), &first[0]["kid"]), (1, &old.json()["kid"]));

        let rotation = json!({"algorithm": algorithm, "immediately": true});
        let rotate = format!("{keys}/rotate");
        assert_eq!(realm.server.administration.ask(Method::POST, &rotate, &rotation).await.status, 201);
        let second = published(&realm, algorithm).await;
        assert_eq!(second.len(), 1);
        assert_ne!(first[0]["kid"], second[0]["kid"]);
        // A rotation that is not at once makes the key ready on every node before it is published.
        let rotation = json!({"algorithm": algorithm});
        let next = realm.server.administration.ask(Method::POST, &rotate, &rotation).await;
        assert_eq!((next.status, &next.json()["state"]), (201, &json!("future")));
        assert_eq!(published(&realm, algorithm).await, second);

        for key in [&first[0], &second[0]] {
            let hint = jwe::encrypt_to(key, "A256GCM", tokens.id_token());
            let request = client.request().with("prompt", "none").with("id_token_hint", &hint);
            let answer = browser.authorize(&request).await;
            assert!(!AuthorizationResponse::read(&answer, &request).code().is_empty());
        }
        let retired = format!("{keys}/{}", first[0]["kid"].as_str().unwrap());
        let change = json!({"state": "retired"});
        assert_eq!(realm.server.administration.ask(Method::PATCH, &retired, &change).await.status, 200);
        let hint = jwe::encrypt_to(&first[0], "A256GCM", tokens.id_token());
        let request = client.request().with("prompt", "none").with("id_token_hint", &hint);
        browser.authorize(&request).await.assert_error_response(&request, "invalid_request");
    }
    let signing: BTreeSet<_> = realm.discovery().await["id_token_signing_alg_values_supported"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    assert!(!signing.contains("RSA-OAEP-256"), "{signing:?}");
}

#[tokio::test]
async fn oidc_discovery_3_the_listed_encryption_algorithms_are_those_that_work() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    for kind in ["id_token", "userinfo"] {
        let listed = |part: &str| -> BTreeSet<String> {
            let values = document[format!("{kind}_encryption_{part}_values_supported")].as_array().unwrap();
            values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
        };
        let algorithms: BTreeSet<_> = ASYMMETRIC.iter().chain(SYMMETRIC).map(|&name| name.to_owned()).collect();
        assert_eq!(listed("alg"), algorithms);
        assert_eq!(listed("enc"), CONTENT.iter().map(|(name, _)| (*name).to_owned()).collect());
    }
}
