//! Proofs of possession at several nodes that share a database: whichever node a proof is sent to, it counts once.

use serde_json::json;

use crate::support::client::Client;
use crate::support::databases::Kind;
use crate::support::dpop::{ProofKey, claims};
use crate::support::http::Request;
use crate::support::nodes::{Nodes, winners};

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];

async fn proofs_count_once_on(kind: Kind) {
    let nodes = Nodes::start(kind).await;
    let realm = nodes.realm(json!({})).await;
    let metadata = json!({"grant_types": ["client_credentials", "authorization_code"], "scope": "openid read",
        "settings": {"skip_consent": true}});
    let (client, key) = (realm.client(metadata).await, ProofKey::generate("ES256"));
    for _ in 0..5 {
        let request = client.authenticated("/token", GRANT).dpop(&key.post(&client.endpoint("/token")));
        let answers = nodes.ask_all(&client, 16, &request).await;
        assert_eq!(winners(&answers), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.assert_refused("invalid_dpop_proof");
        }
    }
    let request = client.request();
    let response = realm.browser().complete(&request, &realm.user).await;
    let tokens = client.ask_with(&key, &Client::redemption(&request, response.code())).await.bound_tokens();
    let url = client.endpoint("/userinfo");
    for _ in 0..5 {
        let request = Request::get(&url).bound(tokens.access_token(), &key.get(&url, tokens.access_token()));
        let answers = nodes.ask_all(&client, 16, &request).await;
        assert_eq!(winners(&answers), 1, "{answers:?}");
        for answer in answers.iter().filter(|answer| answer.status != 200) {
            answer.assert_proof_refused("invalid_dpop_proof");
        }
    }
    // A nonce that one node gave out is good at every other.
    let nonces = nodes.realm(json!({"dpop_nonce_at_token_endpoint": true})).await;
    let client = nonces.client(json!({"grant_types": ["client_credentials"], "scope": "read"})).await;
    let refused = client.ask_with(&key, GRANT).await;
    refused.assert_refused("use_dpop_nonce");
    for node in [1, 2] {
        let mut claims = claims("POST", &client.endpoint("/token"));
        claims["nonce"] = json!(refused.header("dpop-nonce").unwrap());
        let request = client.authenticated("/token", GRANT).dpop(&key.sign(&claims));
        nodes.send(node, &client, request).await.bound_tokens();
    }
    nodes.stop().await;
}

#[tokio::test]
async fn tk_042_rfc9449_11_1_a_proof_counts_once_at_three_nodes_on_postgres() {
    proofs_count_once_on(Kind::Postgres).await;
}

#[tokio::test]
async fn tk_042_rfc9449_11_1_a_proof_counts_once_at_three_nodes_on_mariadb() {
    proofs_count_once_on(Kind::MariaDb).await;
}
