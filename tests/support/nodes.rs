//! Three nodes that share a database. Whatever the database has to prevent, it prevents for all of them.

use std::sync::Arc;

use serde_json::Value;

use super::authorization::AuthorizationRequest;
use super::browser::Browser;
use super::client::Client;
use super::databases::{Kind, TestDatabase};
use super::http::{Answer, Request};
use super::realm::Realm;
use super::server::{Configuration, Server};

/// Three nodes with one database, and the public address of all of them: that of the first.
pub(crate) struct Nodes {
    database: TestDatabase,
    pub(crate) all: [Arc<Server>; 3],
}

impl Nodes {
    pub(crate) async fn start(kind: Kind) -> Self {
        let database = TestDatabase::empty(kind).await;
        let own = Configuration { database: Some(database.url.clone()), ..Configuration::default() };
        let first = Server::start(own).await;
        let all = [Arc::clone(&first), first.beside().await, first.beside().await];
        Self { database, all }
    }

    /// A new realm, made at the first node.
    pub(crate) async fn realm(&self, settings: Value) -> Realm {
        Realm::on(&self.all[0], settings).await
    }

    /// An address of the deployment at one of the nodes.
    pub(crate) fn at(&self, number: usize, url: &str) -> String {
        url.replacen(&self.all[0].public_url, &self.all[number % self.all.len()].base, 1)
    }

    /// Sends a request that was made for the public address to one of the nodes.
    pub(crate) async fn send(&self, number: usize, client: &Client, request: Request) -> Answer {
        client.http.send(Request { url: self.at(number, &request.url), ..request }).await
    }

    /// Asks an endpoint that clients authenticate at, at one of the nodes.
    pub(crate) async fn ask(&self, number: usize, client: &Client, (path, form): (&str, &[(&str, &str)])) -> Answer {
        self.send(number, client, client.authenticated(path, form)).await
    }

    /// Sends copies of a request to all nodes at once.
    pub(crate) async fn ask_all(&self, client: &Client, copies: usize, request: &Request) -> Vec<Answer> {
        let sent = (0..copies).map(|number| self.send(number, client, request.clone()));
        futures_util::future::join_all(sent).await
    }

    /// Opens the authorization endpoint at one of the nodes.
    pub(crate) async fn visit(&self, number: usize, browser: &mut Browser, request: &AuthorizationRequest) -> Answer {
        browser.get(&self.at(number, &request.url())).await
    }

    pub(crate) async fn stop(self) {
        drop(self.all);
        self.database.remove().await;
    }
}

/// How many of the answers are good.
pub(crate) fn winners(answers: &[Answer]) -> usize {
    answers.iter().filter(|answer| (200..300).contains(&answer.status)).count()
}
