//! Encrypted request objects (RFC 9101 section 6.1, OpenID Connect Core 6.1 and 10.2): to a key of the realm, or with the
//! secret of a client that is registered for that. Whoever only encrypts proves nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Method;
use serde_json::{Value, json};

use super::request_objects::{around, keyed, object_of};
use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::browser::Browser;
use crate::support::client::{Client, Credential};
use crate::support::jwe::{self, ASYMMETRIC, CONTENT, SYMMETRIC};
use crate::support::realm::{Realm, merged};

async fn make_key(realm: &Realm, algorithm: &str) {
    let made = json!({"algorithm": algorithm, "state": "active"});
    let answer = realm.server.administration.ask(Method::POST, &format!("/realms/{}/keys", realm.name), &made).await;
    assert_eq!(answer.status, 201, "{answer:?}");
}

/// The published key of an encryption algorithm.
async fn published(realm: &Realm, algorithm: &str) -> Value {
    let set = realm.get("/jwks").await.success();
    let mut keys = set["keys"].as_array().unwrap().iter();
    keys.find(|key| key["use"] == "enc" && key["alg"] == algorithm).cloned().expect("a published key")
}

/// The object, which asks for what the request asks for, leads to a code.
async fn assert_taken(browser: &mut Browser, client: &Client, (object, request): (&str, &AuthorizationRequest)) {
    let answer = browser.authorize(&around(client, ("request", object))).await;
    assert!(!AuthorizationResponse::read(&answer, request).code().is_empty());
}

async fn assert_refused(browser: &mut Browser, client: &Client, object: &str) {
    let request = client.request().with("request", object);
    browser.authorize(&request).await.assert_error_response(&request, "invalid_request_object");
}

fn secret_of(client: &Client) -> &str {
    let Credential::Basic(secret) = &client.credential else { panic!("a secret expected") };
    secret
}

#[tokio::test]
async fn oidc_discovery_3_keys_of_the_realm_are_listed_where_there_are_some_and_secrets_always() {
    let realm = Realm::new().await;
    let listed = async |part: &str| {
        let document = realm.discovery().await;
        document[format!("request_object_encryption_{part}_values_supported")].clone()
    };
    assert_eq!(listed("alg").await, json!(SYMMETRIC));
    let contents: Vec<_> = CONTENT.iter().map(|(name, _)| *name).collect();
    assert_eq!(listed("enc").await, json!(contents));
    make_key(&realm, "RSA-OAEP-256").await;
    assert_eq!(listed("alg").await, json!([&["RSA-OAEP-256"][..], SYMMETRIC].concat()));
}

#[tokio::test]
async fn rfc9101_6_1_objects_are_encrypted_to_keys_of_the_realm_with_every_algorithm() {
    let realm = Realm::new().await;
    let (client, own) = keyed(&realm, json!({})).await;
    let mut browser = realm.signed_in_browser().await;
    for (index, algorithm) in ASYMMETRIC.iter().enumerate() {
        make_key(&realm, algorithm).await;
        let recipient = published(&realm, algorithm).await;
        let (content, _) = CONTENT[index % CONTENT.len()];
        let request = client.request();
        let object = object_of(&client, &request);
        let encrypted = jwe::encrypt_to(&recipient, content, &own.sign(&object));
        assert_taken(&mut browser, &client, (&encrypted, &request)).await;
        // AZ-054: nobody signed it.
        let bare = jwe::encrypt_to(&recipient, content, &object.to_string());
        for wrong in [bare, format!("{encrypted}x")] {
            assert_refused(&mut browser, &client, &wrong).await;
        }
    }
}

/// OpenID Connect Registration 2: the client declares what it may do, and may do something else.
#[tokio::test]
async fn oidc_registration_2_a_declared_algorithm_makes_the_realm_ready_and_binds_nobody() {
    let realm = Realm::new().await;
    let declared = json!({"request_object_encryption_alg": "RSA-OAEP", "request_object_encryption_enc": "A256GCM"});
    let (client, own) = keyed(&realm, declared).await;
    let shown = realm.server.administration.client(&realm.name, &client.id).await;
    assert_eq!(shown["request_object_encryption_alg"], "RSA-OAEP");
    assert_eq!(shown["request_object_encryption_enc"], "A256GCM");
    make_key(&realm, "ECDH-ES").await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let signed = own.sign(&object_of(&client, &request));
    for (algorithm, content) in [("RSA-OAEP", "A256GCM"), ("RSA-OAEP", "A128GCM"), ("ECDH-ES", "A128CBC-HS256")] {
        let encrypted = jwe::encrypt_to(&published(&realm, algorithm).await, content, &signed);
        assert_taken(&mut browser, &client, (&encrypted, &request)).await;
    }
    assert_taken(&mut browser, &client, (&signed, &request)).await;
}

#[tokio::test]
async fn oidc_core_10_2_objects_are_encrypted_with_the_secret_as_the_client_is_registered() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    let wrapping = SYMMETRIC.iter().copied().zip(CONTENT.iter().map(|(content, _)| *content));
    let direct = CONTENT.iter().map(|(content, _)| ("dir", *content));
    for (algorithm, content) in wrapping.chain(direct) {
        let declared = json!({"request_object_encryption_alg": algorithm, "request_object_encryption_enc": content});
        let (client, own) = keyed(&realm, declared).await;
        let request = client.request();
        let signed = own.sign(&object_of(&client, &request));
        let encrypted = jwe::encrypt_with_secret(algorithm, content, secret_of(&client), &signed);
        assert_taken(&mut browser, &client, (&encrypted, &request)).await;
    }
}

/// AZ-056: what a client is not registered for is not tried.
#[tokio::test]
async fn az_056_encryption_with_the_secret_is_only_for_those_who_are_registered_for_it() {
    let realm = Realm::new().await;
    let mut browser = realm.signed_in_browser().await;
    // The server can read this secret: ID tokens are encrypted with it.
    let readable = json!({"id_token_encrypted_response_alg": "dir"});
    let wrapped = json!({"request_object_encryption_alg": "A128KW"});
    for (metadata, refused) in [
        (json!({}), [("dir", "A128CBC-HS256"), ("A256KW", "A256GCM")]),
        (readable, [("dir", "A128CBC-HS256"), ("A128KW", "A128CBC-HS256")]),
        (wrapped, [("A128KW", "A128GCM"), ("dir", "A128CBC-HS256")]),
    ] {
        let (client, own) = keyed(&realm, metadata).await;
        let signed = own.sign(&object_of(&client, &client.request()));
        for (algorithm, content) in refused {
            let encrypted = jwe::encrypt_with_secret(algorithm, content, secret_of(&client), &signed);
            assert_refused(&mut browser, &client, &encrypted).await;
        }
        for algorithm in ["RSA1_5", "PBES2-HS256+A128KW"] {
            let header = json!({"alg": algorithm, "enc": "A128GCM", "p2c": 1_000_000_000, "p2s": "AAAAAAAAAAA"});
            let object =
                format!("{}.AA.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA", URL_SAFE_NO_PAD.encode(header.to_string()));
            assert_refused(&mut browser, &client, &object).await;
        }
    }
}

/// AZ-057: nothing is unpacked.
#[tokio::test]
async fn az_057_compressed_objects_are_refused_unread() {
    let realm = Realm::new().await;
    let (client, _) = keyed(&realm, json!({"request_object_encryption_alg": "RSA-OAEP"})).await;
    let header = json!({"alg": "RSA-OAEP", "enc": "A128GCM", "zip": "DEF"});
    let object =
        format!("{}.AA.AAAAAAAAAAAAAAAA.AA.AAAAAAAAAAAAAAAAAAAAAA", URL_SAFE_NO_PAD.encode(header.to_string()));
    assert_refused(&mut realm.signed_in_browser().await, &client, &object).await;
}

#[tokio::test]
async fn oidc_core_6_1_unsigned_objects_may_be_encrypted_all_the_same() {
    let realm = Realm::with(json!({"allow_unsigned_request_objects": true})).await;
    make_key(&realm, "RSA-OAEP-256").await;
    let recipient = published(&realm, "RSA-OAEP-256").await;
    let (client, own) = keyed(&realm, json!({"request_object_signing_alg": "none"})).await;
    let mut browser = realm.signed_in_browser().await;
    let request = client.request();
    let object = object_of(&client, &request);
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let token = format!("{}.{}.", part(&json!({"alg": "none"})), part(&object));
    for inside in [object.to_string(), token] {
        let encrypted = jwe::encrypt_to(&recipient, "A256GCM", &inside);
        assert_taken(&mut browser, &client, (&encrypted, &request)).await;
    }
    let foreign = merged(object.clone(), json!({"aud": "https://other.test"}));
    for inside in [foreign.to_string(), own.sign(&object), "{}x".to_owned()] {
        assert_refused(&mut browser, &client, &jwe::encrypt_to(&recipient, "A256GCM", &inside)).await;
    }
    // Without encryption there is a token around them.
    assert_refused(&mut browser, &client, &object.to_string()).await;
}

#[tokio::test]
async fn oidc_registration_2_what_is_wrong_with_encryption_of_requests_is_named() {
    let realm = Realm::new().await;
    let path = format!("/realms/{}/clients", realm.name);
    for (members, field) in [
        (json!({"request_object_encryption_enc": "A128GCM"}), "request_object_encryption_enc"),
        (json!({"request_object_encryption_alg": "RSA1_5"}), "request_object_encryption_alg"),
        (
            json!({"request_object_encryption_alg": "dir", "token_endpoint_auth_method": "none"}),
            "request_object_encryption_alg",
        ),
        (
            json!({"request_object_encryption_alg": "dir", "request_object_encryption_enc": "A256CBC-HS512",
                   "client_secret": "forty octets are not enough for 512 bits"}),
            "client_secret",
        ),
    ] {
        let body = merged(json!({"redirect_uris": ["https://client.test/callback"]}), members);
        let answer = realm.server.administration.try_ask(Method::POST, &path, &body).await;
        assert_eq!(answer.status, 422, "{body} {answer:?}");
        assert!(answer.body.contains(&format!("\"{field}\"")), "{field}: {}", answer.body);
    }
}
