//! Health and metrics on their own address.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::client::{exchange, status};
use super::server::{anywhere, request_ids};
use crate::listener::{ManagementSource, NotReady, Readiness, RunningListener, serve_management};

#[derive(Default)]
struct Node {
    database_is_away: AtomicBool,
}

impl ManagementSource for Node {
    fn ready(&self) -> Readiness {
        if !self.database_is_away.load(Ordering::Relaxed) {
            return Readiness::default();
        }
        Readiness { reasons: vec![NotReady { name: "database", reason: "no connection for 3 s".into() }] }
    }

    fn metrics(&self) -> String {
        "# TYPE signet_requests counter\nsignet_requests 7\n".into()
    }
}

async fn get(listener: &RunningListener, path: &str) -> (u16, String, String) {
    let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
    let answer = exchange(listener.address(), request.as_bytes()).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (status(&answer), head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn health_says_why_a_node_is_not_ready() {
    let node = Arc::new(Node::default());
    let listener = serve_management(anywhere(), Arc::clone(&node) as _, request_ids()).await.unwrap();
    let (live, ready) = (get(&listener, "/health/live").await, get(&listener, "/health/ready").await);
    assert_eq!((live.0, serde_json::from_str(&live.2).ok()), (200, Some(json!({"status": "live", "reasons": []}))));
    assert_eq!((ready.0, serde_json::from_str(&ready.2).ok()), (200, Some(json!({"status": "ready", "reasons": []}))));

    node.database_is_away.store(true, Ordering::Relaxed);
    let (status, head, body) = get(&listener, "/health/ready").await;
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 503);
    assert!(head.contains("content-type: application/json"), "{head}");
    let reason = json!({"name": "database", "reason": "no connection for 3 s"});
    assert_eq!(body, json!({"status": "not_ready", "reasons": [reason]}));
    assert_eq!(get(&listener, "/health/live").await.0, 200, "a node without database need not be restarted");
}

#[tokio::test]
async fn metrics_are_prometheus_text_and_nothing_else_is_there() {
    let listener = serve_management(anywhere(), Arc::new(Node::default()), request_ids()).await.unwrap();
    let (status_code, head, body) = get(&listener, "/metrics").await;
    assert_eq!((status_code, body.as_str()), (200, "# TYPE signet_requests counter\nsignet_requests 7\n"));
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    for path in ["/", "/health", "/metrics/", "/realms/demo/token"] {
        assert_eq!(get(&listener, path).await.0, 404, "{path}");
    }
    let post = b"POST /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(status(&exchange(listener.address(), post).await), 405);
}
