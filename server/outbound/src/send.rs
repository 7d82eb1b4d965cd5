//! One request that is sent as it is, and its reply whatever its status.

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use openssl::ssl::SslConnector;
use signet_core::ports::outbound::{OutboundBody, OutboundError, OutboundReply, OutboundRequest};

use crate::exchange::request_to;
use crate::fetch::{Fetcher, Repetition, Target};

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
        let built = built(target, request).map_err(|_| OutboundError::Malformed(target.name()))?;
        let exchange = self.exchange(target, tls, built, Repetition::Unsent).await?;
        let status = exchange.head.status.as_u16();
        let body = exchange.finish(self, target, request.max_bytes).await?;
        Ok(OutboundReply { status, body })
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
