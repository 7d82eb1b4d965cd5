//! The management listener: health and metrics for the machines that operate Signet, on an address of its own.
//!
//! Nothing here is authenticated: the address is a loopback one unless the operator decides otherwise, and no answer
//! holds more than names of reasons and numbers.

use std::net::SocketAddr;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use poem::endpoint::make_sync;
use poem::{Request, Response};
use serde::Serialize;

use super::error::ListenError;
use super::limits::Limits;
use super::request_id::RequestIdSource;
use super::running::RunningListener;
use super::{Listener, ListenerSettings, Transport};

/// What the management listener tells. Both are called for each request and must not wait.
pub trait ManagementSource: Send + Sync {
    /// Whether this node should be sent requests.
    fn ready(&self) -> Readiness;
    /// All metrics in the Prometheus text format, version 0.0.4.
    fn metrics(&self) -> String;
}

/// Whether a node should be sent requests: yes, when there is no reason against it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Readiness {
    /// Everything that speaks against it.
    pub reasons: Vec<NotReady>,
}

/// One reason why a node should not be sent requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotReady {
    /// Stable name for alert rules, for example `database`.
    pub name: &'static str,
    /// One sentence for the operator, without secrets.
    pub reason: String,
}

/// Serves `/health/live`, `/health/ready` and `/metrics` over plain HTTP on `address`.
pub async fn serve_management(
    address: SocketAddr,
    source: Arc<dyn ManagementSource>,
    request_ids: RequestIdSource,
) -> Result<RunningListener, ListenError> {
    let mut settings = ListenerSettings::new("management", address, Transport::Plain, request_ids);
    settings.limits = Limits { connections: 128, requests_at_once: 32, body_bytes: 0, ..Limits::default() };
    let listener = Listener::bind(settings).await?;
    Ok(listener.serve(make_sync(move |request| answer(&request, source.as_ref()))))
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
    reasons: Vec<NotReady>,
}

fn answer(request: &Request, source: &dyn ManagementSource) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into();
    }
    match request.uri().path() {
        "/health/live" => health(StatusCode::OK, &Health { status: "live", reasons: Vec::new() }),
        "/health/ready" => match source.ready().reasons {
            reasons if reasons.is_empty() => health(StatusCode::OK, &Health { status: "ready", reasons }),
            reasons => health(StatusCode::SERVICE_UNAVAILABLE, &Health { status: "not_ready", reasons }),
        },
        "/metrics" => {
            Response::builder().header(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8").body(source.metrics())
        }
        _ => StatusCode::NOT_FOUND.into(),
    }
}

fn health(status: StatusCode, health: &Health) -> Response {
    match serde_json::to_vec(health) {
        Ok(body) => Response::builder().status(status).header(CONTENT_TYPE, "application/json").body(body),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into(),
    }
}
