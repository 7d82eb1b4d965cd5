//! What goes back to the client: the endpoint's response, or the listener's own refusal.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use http_body_util::Full;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Frame, SizeHint};

use super::activity::RunningRequest;
use super::request_record::RequestRecord;

/// Body of an answer. While it exists, its request counts as running; when it goes, the request is logged.
pub(super) struct Answer {
    body: BoxBody<Bytes, io::Error>,
    _record: RequestRecord,
    _running: RunningRequest,
}

impl Answer {
    pub(super) fn new(body: BoxBody<Bytes, io::Error>, record: RequestRecord, running: RunningRequest) -> Self {
        Self { body, _record: record, _running: running }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The headers of refusals where the deployment names no others: nothing is cached, sniffed, framed or executed.
pub(super) fn safe_headers() -> HeaderMap {
    [
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ]
    .into_iter()
    .map(|(name, value)| (http::HeaderName::from_static(name), HeaderValue::from_static(value)))
    .collect()
}

/// The listener's own answer to a request that no endpoint sees.
pub(super) fn refusal(status: StatusCode, headers: &HeaderMap) -> http::Response<BoxBody<Bytes, io::Error>> {
    let body = Full::new(Bytes::from_static(sentence(status).as_bytes()));
    let body = http_body_util::BodyExt::map_err(body, |never| match never {});
    let mut response = http::Response::new(BoxBody::new(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers.clone();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

fn sentence(status: StatusCode) -> &'static str {
    match status {
        StatusCode::METHOD_NOT_ALLOWED => "This method is not served.\n",
        StatusCode::REQUEST_TIMEOUT => "The request body did not arrive in time.\n",
        StatusCode::PAYLOAD_TOO_LARGE => "The request body is too large.\n",
        StatusCode::URI_TOO_LONG => "The request target is too long; send the parameters in the body.\n",
        StatusCode::MISDIRECTED_REQUEST => "This host needs a connection of its own.\n",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "The request has too many header fields.\n",
        StatusCode::INTERNAL_SERVER_ERROR => "The server made a mistake; its log has the details.\n",
        StatusCode::SERVICE_UNAVAILABLE => "The server is busy; try again in a moment.\n",
        _ => "The request is malformed.\n",
    }
}
