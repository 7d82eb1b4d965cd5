//! One log line for each request, written when its answer is sent or its client has gone.
//!
//! Method, path, status, duration, address and request id: never the query, a header or a body, which carry codes,
//! tokens and passwords.

use http::{Method, StatusCode, request};
use tokio::time::Instant;
use tracing::Span;

use super::moment;
use super::proxy::ClientAddress;
use super::request_id::RequestId;

/// Longest part of a path that is logged.
const LONGEST_PATH: usize = 256;

/// What is known of a request; logs it once when dropped.
pub(super) struct RequestRecord {
    span: Span,
    method: &'static str,
    path: String,
    remote: ClientAddress,
    started: Instant,
    status: Option<StatusCode>,
}

impl RequestRecord {
    pub(super) fn begin(request: &request::Parts, remote: ClientAddress, id: &RequestId) -> Self {
        Self {
            span: tracing::info_span!("request", request_id = id.as_str()),
            method: method_name(&request.method),
            path: request.uri.path().chars().take(LONGEST_PATH).collect(),
            remote,
            started: moment::now(),
            status: None,
        }
    }

    /// The span in which the request is handled, so that everything logged meanwhile has the request id.
    pub(super) fn span(&self) -> Span {
        self.span.clone()
    }

    pub(super) fn answered(&mut self, status: StatusCode) {
        self.status = Some(status);
    }
}

impl Drop for RequestRecord {
    fn drop(&mut self) {
        let _entered = self.span.enter();
        let duration_us = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (method, path, remote) = (self.method, self.path.as_str(), self.remote.0);
        if let Some(status) = self.status {
            let status = status.as_u16();
            tracing::info!(method, path, status, duration_us, %remote, "request answered");
        } else {
            tracing::info!(method, path, duration_us, %remote, "request abandoned by its client");
        }
    }
}

/// A stranger's invented method is not worth a place in the log.
fn method_name(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::TRACE => "TRACE",
        Method::CONNECT => "CONNECT",
        _ => "OTHER",
    }
}
