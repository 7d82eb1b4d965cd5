//! What the server recorded, asked through the admin API as any auditor would.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json};

use super::http::Answer;
use super::realm::Realm;

/// Time between two looks, and how many there are: what tells of no change is written a moment later.
const LOOK: Duration = Duration::from_millis(50);
const LOOKS: usize = 200;

impl Realm {
    /// The events of a realm that a query finds, oldest first.
    pub(crate) async fn events_in(&self, realm: &str, query: &str) -> Vec<Value> {
        let path = format!("/realms/{realm}/audit-events?order=oldest&limit=200&{query}");
        let answer = self.server.administration.ask(Method::GET, &path, &json!({})).await.json();
        answer["items"].as_array().unwrap().clone()
    }

    /// The events that a query finds, once there are so many.
    pub(crate) async fn events(&self, query: &str, number: usize) -> Vec<Value> {
        for _ in 0..LOOKS {
            let events = self.events_in(&self.name, query).await;
            if events.len() >= number {
                assert_eq!(events.len(), number, "{query}: {events:#?}");
                return events;
            }
            tokio::time::sleep(LOOK).await;
        }
        panic!("{query} finds no {number} events, but {:#?}", self.events_in(&self.name, query).await);
    }

    /// The events of the request behind an answer, which must be of these kinds.
    pub(crate) async fn events_behind(&self, answer: &Answer, kinds: &[&str]) -> Vec<Value> {
        let id = answer.header("x-request-id").expect("every answer has an identifier");
        let events = self.events(&format!("request_id={id}"), kinds.len()).await;
        let found: Vec<_> = events.iter().map(|event| event["kind"].as_str().unwrap()).collect();
        assert_eq!(found, kinds, "{events:#?}");
        for event in &events {
            assert_eq!((&event["request_id"], &event["address"]), (&json!(id), &json!("127.0.0.1")), "{event:#}");
        }
        events
    }

    /// The one event of the request behind an answer.
    pub(crate) async fn event_behind(&self, answer: &Answer, kind: &str) -> Value {
        self.events_behind(answer, &[kind]).await.remove(0)
    }

    /// The newest event of a kind, once there is one.
    pub(crate) async fn last_event(&self, kind: &str, number: usize) -> Value {
        self.events(&format!("kind={kind}"), number).await.pop().unwrap()
    }
}
