//! Whatever the discovery document lists, the server does. The tests are driven by the document: a member or a value that
//! is added without behaviour, or without a test of it, fails.

mod clients;
mod requests;
mod tokens;

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::client::{Client, Credential};
use crate::support::http::members;
use crate::support::jwt::{SYMMETRIC, SigningKey};
use crate::support::realm::{Realm, merged};

/// The values that a member lists.
pub(super) fn listed(document: &Value, member: &str) -> Vec<String> {
    let values = document[member].as_array().unwrap_or_else(|| panic!("no list {member} in {document}"));
    values.iter().map(|value| value.as_str().unwrap().to_owned()).collect()
}

/// For a value that was listed and that no test knows.
fn unknown(member: &str, value: &str) -> ! {
    panic!("{member} lists {value}, and nothing here checks that the server does it")
}

/// A client that needs no consent.
async fn trusted(realm: &Realm, metadata: Value) -> Client {
    realm.client(merged(serde_json::json!({"settings": {"skip_consent": true}}), metadata)).await
}

/// A key of the client's for an algorithm: its secret, or a new one, which `register` takes to a client.
async fn client_of_algorithm(
    realm: &Realm,
    algorithm: &str,
    register: impl Fn(Option<Value>) -> Value,
) -> (Client, SigningKey) {
    if SYMMETRIC.contains(&algorithm) {
        let client = trusted(realm, register(None)).await;
        let key = match &client.credential {
            Credential::Basic(secret) => SigningKey::from_secret(algorithm, secret),
            Credential::Assertion(key) => key.clone(),
            _ => panic!("a client with a secret expected"),
        };
        return (client, key);
    }
    let key = SigningKey::generate(algorithm);
    (trusted(realm, register(Some(key.public_set()))).await, key)
}

/// Members whose values are tried beside what else is to be said about them: `flows::encryption` and
/// `spec::encrypted_requests` drive the lists of algorithms, `flows::signed_responses` those of authorization responses,
/// `flows::pushed_requests` the endpoint for them, `flows::logout` the endpoints and the channels by which clients are
/// told, `spec::jwt_introspection` the algorithms of introspection responses, `flows::protected_resources` the resources of the
/// server, `spec::dpop_proofs` the algorithms of proofs, `flows::bound_tokens` bound tokens.
const ELSEWHERE: &[&str] = &[
    "pushed_authorization_request_endpoint",
    "authorization_signing_alg_values_supported",
    "authorization_encryption_alg_values_supported",
    "authorization_encryption_enc_values_supported",
    "id_token_encryption_alg_values_supported",
    "id_token_encryption_enc_values_supported",
    "userinfo_encryption_alg_values_supported",
    "userinfo_encryption_enc_values_supported",
    "request_object_encryption_alg_values_supported",
    "request_object_encryption_enc_values_supported",
    "introspection_signing_alg_values_supported",
    "introspection_encryption_alg_values_supported",
    "introspection_encryption_enc_values_supported",
    "protected_resources",
    "dpop_signing_alg_values_supported",
    "tls_client_certificate_bound_access_tokens",
    "end_session_endpoint",
    "check_session_iframe",
    "frontchannel_logout_supported",
    "frontchannel_logout_session_supported",
    "backchannel_logout_supported",
    "backchannel_logout_session_supported",
];

#[tokio::test]
async fn every_member_that_is_listed_has_a_test() {
    let realm = Realm::new().await;
    let document = realm.discovery().await;
    let checked = [requests::MEMBERS, clients::MEMBERS, tokens::MEMBERS, ELSEWHERE].concat();
    let checked: BTreeSet<&str> = checked.into_iter().collect();
    assert_eq!(members(&document), checked);
}
