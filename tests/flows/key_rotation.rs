//! Signing keys that change while tokens are issued and checked (security case CR-013): no node and no client refuses a
//! token, however often.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use http::Method;
use serde_json::{Value, json};

use crate::support::client::Client;
use crate::support::databases::{Kind, TestDatabase};
use crate::support::jwt;
use crate::support::realm::Realm;
use crate::support::server::{Configuration, Server};
use crate::support::wait::until_true;

const ROTATIONS: usize = 3;
const CLIENTS_AT_ONCE: usize = 4;

fn key_ids(set: &Value) -> Vec<String> {
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

async fn key_set(client: &Client) -> Value {
    client.http.get(&client.endpoint("/jwks")).await.success()
}

async fn issued(client: &Client) -> String {
    client.client_credentials("read").await.tokens().access_token().to_owned()
}

fn key_of(token: &str) -> String {
    jwt::read(token).header["kid"].as_str().unwrap().to_owned()
}

/// What those who issue and check tokens meanwhile share.
struct Load {
    /// The key set as a client fetched it before the newest key signed.
    kept: Mutex<Value>,
    is_over: AtomicBool,
    tokens: AtomicUsize,
}

impl Load {
    /// Gets tokens from one node and has them checked by the other, and by a client with the key set it keeps.
    async fn run(&self, nodes: [Client; 2]) {
        while !self.is_over.load(Ordering::SeqCst) {
            for (issuing, checking) in [(&nodes[0], &nodes[1]), (&nodes[1], &nodes[0])] {
                let token = issued(issuing).await;
                assert!(checking.is_active(&token).await, "a node refused a token of {}", key_of(&token));
                let kept = self.kept.lock().unwrap().clone();
                jwt::verify(&token, &kept);
                self.tokens.fetch_add(1, Ordering::SeqCst);
            }
        }
    }
}

#[tokio::test]
async fn cr_013_keys_rotate_under_load_on_two_nodes_and_no_token_is_refused() {
    let database = TestDatabase::empty(Kind::Postgres).await;
    let first = Server::start(Configuration { database: Some(database.url.clone()), ..Configuration::default() }).await;
    let second = first.beside().await;
    let realm = Realm::on(&first, json!({})).await;
    let client = realm.versatile_client().await;
    let issuer = format!("{}/realms/{}", second.base, realm.name);
    let nodes = [client.clone(), Client { issuer, ..client }];
    until_true("the second node knows the client", async || nodes[1].client_credentials("read").await.status == 200)
        .await;
    let kept = Mutex::new(key_set(&nodes[0]).await);
    let load = Arc::new(Load { kept, is_over: AtomicBool::new(false), tokens: AtomicUsize::new(0) });
    let workers: Vec<_> = (0..CLIENTS_AT_ONCE)
        .map(|_| {
            let (load, nodes) = (Arc::clone(&load), nodes.clone());
            tokio::spawn(async move { load.run(nodes).await })
        })
        .collect();
    let keys = format!("/realms/{}/keys", realm.name);
    for rotation in 0..ROTATIONS {
        let body = json!({"algorithm": "ES256", "state": "future"});
        let made = first.administration.ask(Method::POST, &keys, &body).await.json();
        let new = made["kid"].as_str().unwrap().to_owned();
        for node in &nodes {
            until_true("the key is published", async || key_ids(&key_set(node).await).contains(&new)).await;
        }
        *load.kept.lock().unwrap() = key_set(&nodes[1]).await;
        let by = if rotation % 2 == 0 { &second } else { &first };
        by.administration.ask(Method::PATCH, &format!("{keys}/{new}"), &json!({"state": "active"})).await;
        for node in &nodes {
            until_true("the key signs", async || key_of(&issued(node).await) == new).await;
        }
    }
    load.is_over.store(true, Ordering::SeqCst);
    for worker in workers {
        worker.await.unwrap();
    }
    let tokens = load.tokens.load(Ordering::SeqCst);
    assert!(tokens > ROTATIONS * CLIENTS_AT_ONCE, "{tokens}");
    println!("{tokens} tokens, 0 refused, {ROTATIONS} rotations");
    assert_eq!(key_ids(&key_set(&nodes[0]).await).len(), 2 + ROTATIONS);
    drop((first, second));
    database.remove().await;
}
