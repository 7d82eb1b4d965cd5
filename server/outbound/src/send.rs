//! One request that is sent as it is, and its reply whatever its status.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use openssl::ssl::SslConnector;
use signet_core::ports::outbound::{OutboundBody, OutboundError, OutboundReply, OutboundRequest};

use crate::fetch::{Exchange, Fetcher, Target, read, request_to};

/// What is sent and what is wanted back.
const JSON: &str = "application/json";
/// Parameters (RFC 6749 appendix B).
const FORM: &str = "application/x-www-form-urlencoded";

impl Fetcher {
    /// Sends the request. The caller bounds the time.
    pub(crate) async fn send(
        &self,
        target: &Target,
        request: &OutboundRequest,
        tls: &SslConnector,
    ) -> Result<OutboundReply, OutboundError> {
        let stream = self.open(target, tls).await?;
        let mut exchange = Exchange::begin(stream, target, built(target, request)).await?;
        // As for documents: an encoded body could be small on the wire and huge in memory.
        if exchange.head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(OutboundError::Malformed(target.name()));
        }
        let body = read(&mut exchange.body, target, request.max_bytes).await?;
        Ok(OutboundReply { status: exchange.head.status.as_u16(), body })
    }
}

fn built(target: &Target, request: &OutboundRequest) -> http::Result<Request<Full<Bytes>>> {
    let method = if request.body.is_some() { Method::POST } else { Method::GET };
    let mut head = request_to(target, method).header(ACCEPT, JSON);
    if let Some(token) = &request.bearer {
        let mut value = HeaderValue::try_from(format!("Bearer {}", token.as_str()))?;
        value.set_sensitive(true);
        head = head.header(AUTHORIZATION, value);
    }
    match &request.body {
        Some(OutboundBody::Json(json)) => head.header(CONTENT_TYPE, JSON).body(Full::new(Bytes::copy_from_slice(json))),
        Some(OutboundBody::Form(form)) => {
            head.header(CONTENT_TYPE, FORM).body(Full::new(Bytes::copy_from_slice(form.as_bytes())))
        }
        None => head.body(Full::default()),
    }
}
