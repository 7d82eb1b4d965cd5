//! DPoP proofs that come with pushed requests (RFC 9449 section 10.1), and what security profiles take.

use serde_json::json;

use crate::support::authorization::{AuthorizationRequest, AuthorizationResponse};
use crate::support::client::Client;
use crate::support::dpop::{ProofKey, claims};
use crate::support::http::Answer;
use crate::support::realm::Realm;

async fn client(realm: &Realm) -> Client {
    realm.client(json!({"settings": {"skip_consent": true}})).await
}

async fn push(client: &Client, request: &AuthorizationRequest, proof: &str) -> Answer {
    let parameters = request.parameters.iter().filter(|(name, _)| name != "client_id");
    let parameters: Vec<(&str, &str)> = parameters.map(|(name, value)| (&**name, &**value)).collect();
    client.http.send(client.authenticated("/par", &parameters).dpop(proof)).await
}

/// Goes on with a pushed request until there is a code.
async fn code_of(realm: &Realm, client: &Client, request: &AuthorizationRequest, pushed: &Answer) -> String {
    assert_eq!(pushed.status, 201, "{pushed:?}");
    let mut browser = realm.browser();
    let reference = client.referring(pushed.json()["request_uri"].as_str().unwrap());
    let page = browser.authorize(&reference).await;
    let answer = browser.log_in(&page, &realm.user).await;
    AuthorizationResponse::read(&answer, request).code().to_owned()
}

#[tokio::test]
async fn pa_012_rfc9449_10_1_the_key_of_a_push_is_the_key_of_the_code() {
    let realm = Realm::new().await;
    let (client, key, other) = (client(&realm).await, ProofKey::generate("ES256"), ProofKey::generate("ES256"));
    let url = client.endpoint("/par");
    for request in [client.request(), client.request().with("dpop_jkt", &key.thumbprint())] {
        let pushed = push(&client, &request, &key.post(&url)).await;
        let code = code_of(&realm, &client, &request, &pushed).await;
        let redemption = Client::redemption(&request, &code);
        client.ask_with(&other, &redemption).await.assert_refused("invalid_grant");
        client.redeem(&request, &code).await.assert_refused("invalid_grant");
        client.ask_with(&key, &redemption).await.bound_tokens();
    }
    let request = client.request().with("dpop_jkt", &other.thumbprint());
    push(&client, &request, &key.post(&url)).await.assert_refused("invalid_dpop_proof");
}

#[tokio::test]
async fn tk_049_rfc9449_10_1_a_push_with_a_bad_proof_is_refused() {
    let realm = Realm::new().await;
    let (client, key) = (client(&realm).await, ProofKey::generate("ES256"));
    let (request, url) = (client.request(), client.endpoint("/par"));
    for wrong in ["x", &key.post(&client.endpoint("/token")), &key.sign(&claims("GET", &url))] {
        push(&client, &request, wrong).await.assert_refused("invalid_dpop_proof");
    }
    let proof = key.post(&url);
    assert_eq!(push(&client, &request, &proof).await.status, 201);
    push(&client, &request, &proof).await.assert_refused("invalid_dpop_proof");
}

#[tokio::test]
async fn tk_046_rfc9449_8_a_push_is_told_the_nonce() {
    let realm = Realm::with(json!({"dpop_nonce_at_token_endpoint": true})).await;
    let (client, key) = (client(&realm).await, ProofKey::generate("ES256"));
    let (request, url) = (client.request(), client.endpoint("/par"));
    let refused = push(&client, &request, &key.post(&url)).await;
    refused.assert_refused("use_dpop_nonce");
    let mut claims = claims("POST", &url);
    claims["nonce"] = json!(refused.header("dpop-nonce").unwrap());
    let pushed = push(&client, &request, &key.sign(&claims)).await;
    assert_eq!((pushed.status, pushed.header("dpop-nonce").is_some()), (201, true), "{pushed:?}");
}

#[tokio::test]
async fn fapi2_security_5_4_1_proofs_have_the_algorithms_of_the_profile() {
    let realm = Realm::with(json!({"profile": "fapi2_security"})).await;
    let listed = realm.discovery().await["dpop_signing_alg_values_supported"].clone();
    assert_eq!(listed, json!(["ES256", "PS256", "EdDSA", "Ed25519"]));
    let metadata = json!({"grant_types": ["client_credentials"], "scope": "read", "dpop_bound_access_tokens": true,
        "id_token_signed_response_alg": "ES256"});
    let (client, _) = realm.client_with_key("ES256", metadata).await;
    let grant = [("grant_type", "client_credentials")];
    for algorithm in ["RS256", "ES384"] {
        client.ask_with(&ProofKey::generate(algorithm), &grant).await.assert_refused("invalid_dpop_proof");
    }
    for algorithm in ["PS256", "ES256", "EdDSA"] {
        client.ask_with(&ProofKey::generate(algorithm), &grant).await.bound_tokens();
    }
}
