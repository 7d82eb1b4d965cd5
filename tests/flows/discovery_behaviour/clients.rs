//! What is listed about clients: how they authenticate, and where.

use serde_json::{Value, json};

use super::{client_of_algorithm, listed, unknown};
use crate::flows::client_authentication::certificate_set;
use crate::support::certificates::{Identity, Subject};
use crate::support::client::{Client, Credential};
use crate::support::http::Request;
use crate::support::jwt::SigningKey;
use crate::support::realm::{Realm, merged};

/// The members that tests here check.
pub(super) const MEMBERS: &[&str] = &[
    "token_endpoint",
    "introspection_endpoint",
    "revocation_endpoint",
    "mtls_endpoint_aliases",
    "token_endpoint_auth_methods_supported",
    "token_endpoint_auth_signing_alg_values_supported",
    "introspection_endpoint_auth_methods_supported",
    "introspection_endpoint_auth_signing_alg_values_supported",
    "revocation_endpoint_auth_methods_supported",
    "revocation_endpoint_auth_signing_alg_values_supported",
];

/// A client that authenticates with a method, which must be one that is known here.
async fn client_of_method(realm: &Realm, authority: &Identity, method: &str) -> Client {
    let grants = if method == "none" { json!(["authorization_code"]) } else { json!(["client_credentials"]) };
    let own = json!({"token_endpoint_auth_method": method, "grant_types": grants});
    let register = async |more: Value| realm.client(merged(own.clone(), more)).await;
    match method {
        "none" | "client_secret_basic" | "client_secret_post" | "client_secret_jwt" => register(json!({})).await,
        "private_key_jwt" => {
            let key = SigningKey::generate("ES256");
            register(json!({"jwks": key.public_set()})).await.with_credential(Credential::Assertion(key))
        }
        "tls_client_auth" => {
            let identity = Identity::issued(&Subject::named("listed"), Some(authority));
            let client = register(json!({"tls_client_auth_subject_dn": "CN=listed,O=Example"})).await;
            client.with_credential(Credential::Certificate(Box::new(identity)))
        }
        "self_signed_tls_client_auth" => {
            let identity = Identity::issued(&Subject::named("listed"), None);
            let client = register(json!({"jwks": certificate_set(&identity)})).await;
            client.with_credential(Credential::Certificate(Box::new(identity)))
        }
        other => unknown("token_endpoint_auth_methods_supported", other),
    }
}

/// Asks an endpoint as a client; whether the client was taken for who it is.
async fn is_taken(realm: &Realm, client: &Client, path: &str) -> bool {
    match path {
        "/token" if matches!(client.credential, Credential::None) => {
            let request = client.request();
            let mut browser = realm.browser();
            let response = browser.complete(&request, &realm.user).await;
            client.redeem(&request, response.code()).await.status == 200
        }
        "/token" => client.client_credentials("").await.status == 200,
        path => client.ask(path, &[("token", "x")]).await.status == 200,
    }
}

#[tokio::test]
async fn every_listed_authentication_method_works_where_it_is_listed() {
    let authority = Identity::authority("Client authority");
    let settings =
        json!({"client_certificate_authorities": authority.certificate_pem(), "default_scope": "openid read"});
    let realm = Realm::with(settings).await;
    let document = realm.discovery().await;
    for (endpoint, path) in [("token", "/token"), ("introspection", "/introspect"), ("revocation", "/revoke")] {
        let url = document[format!("{endpoint}_endpoint")].as_str().unwrap();
        assert_eq!(url, realm.url(path));
        let alias = document["mtls_endpoint_aliases"][format!("{endpoint}_endpoint")].as_str().unwrap();
        for method in listed(&document, &format!("{endpoint}_endpoint_auth_methods_supported")) {
            let client = client_of_method(&realm, &authority, &method).await;
            if matches!(client.credential, Credential::Certificate(_)) {
                assert_eq!(client.endpoint(path), alias);
            }
            assert!(is_taken(&realm, &client, path).await, "{method} at {path}");
        }
    }
    let aliases = document["mtls_endpoint_aliases"].as_object().unwrap();
    for (member, alias) in aliases {
        assert!(document[member].is_string(), "{member}");
        let answer = realm.http.send(Request::form(alias.as_str().unwrap(), &[])).await;
        assert!([400, 401].contains(&answer.status), "{member}: {answer:?}");
    }
}

#[tokio::test]
async fn every_listed_algorithm_of_assertions_is_taken_where_it_is_listed() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let algorithms = listed(&document, "token_endpoint_auth_signing_alg_values_supported");
    for endpoint in ["introspection", "revocation"] {
        assert_eq!(listed(&document, &format!("{endpoint}_endpoint_auth_signing_alg_values_supported")), algorithms);
    }
    for algorithm in algorithms {
        let register = |jwks: Option<Value>| {
            let method = if jwks.is_some() { "private_key_jwt" } else { "client_secret_jwt" };
            let own = json!({
                "token_endpoint_auth_method": method, "token_endpoint_auth_signing_alg": algorithm,
                "grant_types": ["client_credentials"],
            });
            jwks.map_or(own.clone(), |jwks| merged(own, json!({"jwks": jwks})))
        };
        let (client, key) = client_of_algorithm(&realm, &algorithm, register).await;
        let client = client.with_credential(Credential::Assertion(key));
        for path in ["/token", "/introspect", "/revoke"] {
            assert!(is_taken(&realm, &client, path).await, "{algorithm} at {path}");
        }
    }
}
