//! Proofs of possession at several nodes that share a database: whichever node a proof is sent to, it counts once.

use serde_json::json;

use crate::support::client::Client;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::dpop::{ProofKey, claims};
use crate::support::http::{Answer, Request};
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};

const GRANT: &[(&str, &str)] = &[("grant_type", "client_credentials")];

/// Three nodes with one database, and the public address of all of them.
struct Nodes {
    database: TestDatabase,
    first: std::sync::Arc<Server>,
    others: [std::sync::Arc<Server>; 2],
}

impl Nodes {
    async fn start(kind: Kind) -> Self {
        let database = TestDatabase::empty(kind).await;
        let own = Configuration { database: Some(database.url.clone()), ..Configuration::default() };
        let first = Server::start(own).await;
        let others = [first.beside().await, first.beside().await];
        Self { database, first, others }
    }

    /// Sends copies of a request, made for the public address, to all nodes at once.
    async fn ask_all(&self, client: &Client, copies: usize, request: &Request) -> Vec<Answer> {
        let bases = [&self.first.base, &self.others[0].base, &self.others[1].base];
        let sent = (0..copies).map(|number| {
            let url = request.url.replacen(&self.first.public_url, bases[number % bases.len()], 1);
            client.http.send(Request { url, ..request.clone() })
        });
        futures_util::future::join_all(sent).await
    }

    async fn stop(self) {
        drop((self.first, self.others));
        self.database.remove().await;
    }
}

fn winners(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| answer.status == 200).count()
}

async fn proofs_count_once_on(kind: Kind) {
    let nodes = Nodes::start(kind).await;
    let realm = Realm::on(&nodes.first, json!({})).await;
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
    let nonces = Realm::on(&nodes.first, json!({"dpop_nonce_at_token_endpoint": true})).await;
    let client = nonces.client(json!({"grant_types": ["client_credentials"], "scope": "read"})).await;
    let refused = client.ask_with(&key, GRANT).await;
    refused.assert_refused("use_dpop_nonce");
    for node in &nodes.others {
        let mut claims = claims("POST", &client.endpoint("/token"));
        claims["nonce"] = json!(refused.header("dpop-nonce").unwrap());
        let request = client.authenticated("/token", GRANT).dpop(&key.sign(&claims));
        let url = request.url.replacen(&nodes.first.public_url, &node.base, 1);
        client.http.send(Request { url, ..request }).await.bound_tokens();
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
