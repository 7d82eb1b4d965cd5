//! One fetch of a document, or the news that the copy at hand is still the document (RFC 9110 section 13, RFC 9111 section
//! 4.3).

use bytes::Bytes;
use http::header::{
    ACCEPT, AGE, CACHE_CONTROL, CONTENT_TYPE, ETAG, EXPIRES, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::Full;
use openssl::ssl::SslConnector;
use signet_core::ports::outbound::{Accept, OutboundError, OutboundResponse};

use crate::exchange::request_to;
use crate::fetch::{Fetcher, Repetition, Target};
use crate::freshness::may_be_stored;

/// The headers that say how long a document keeps, and what its server recognises it by.
const KEPT_HEADERS: [HeaderName; 5] = [CACHE_CONTROL, EXPIRES, AGE, ETAG, LAST_MODIFIED];

/// A document with what its server says of it.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) response: OutboundResponse,
    /// Those of [`KEPT_HEADERS`].
    pub(crate) headers: HeaderMap,
}

impl Document {
    pub(crate) fn new(response: OutboundResponse, headers: &HeaderMap) -> Self {
        let mut kept = HeaderMap::new();
        for name in &KEPT_HEADERS {
            for value in headers.get_all(name) {
                kept.append(name, value.clone());
            }
        }
        Self { response, headers: kept }
    }

    /// How much room it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.response.body.len() + self.headers.values().map(HeaderValue::len).sum::<usize>()
    }

    /// The condition under which its server need not send it again; nothing where it cannot be recognised, or was not to
    /// be kept. A date is sent only where there is no entity tag, which is more exact.
    pub(crate) fn condition(&self) -> Option<(HeaderName, HeaderValue)> {
        let of = |header, condition| self.headers.get(header).map(|value: &HeaderValue| (condition, value.clone()));
        let condition = of(ETAG, IF_NONE_MATCH).or_else(|| of(LAST_MODIFIED, IF_MODIFIED_SINCE));
        condition.filter(|_| may_be_stored(&self.headers))
    }

    /// The same document with what the confirmation says anew of it (RFC 9111 section 3.2).
    fn confirmed(&self, headers: &HeaderMap) -> Self {
        let mut confirmed = self.clone();
        confirmed.headers.remove(AGE);
        for (name, value) in Self::new(self.response.clone(), headers).headers {
            // A header of several lines has its name on the first.
            if let Some(name) = name {
                confirmed.headers.insert(name, value);
            }
        }
        confirmed
    }
}

impl Fetcher {
    /// Fetches the document, or learns that the copy is still good. The caller bounds the time.
    pub(crate) async fn fetch(
        &self,
        target: &Target,
        accept: Accept,
        copy: Option<&Document>,
        tls: &SslConnector,
    ) -> Result<Document, OutboundError> {
        let recognised = copy.and_then(|copy| Some((copy, copy.condition()?)));
        let condition = recognised.as_ref().map(|(_, condition)| condition.clone());
        let request = request(target, accept, condition).map_err(|_| OutboundError::Malformed(target.name()))?;
        let exchange = self.exchange(target, tls, request, Repetition::Any).await?;
        let (status, headers) = (exchange.head.status, exchange.head.headers.clone());
        match recognised {
            Some((copy, _)) if status == StatusCode::NOT_MODIFIED => {
                exchange.finish(self, target, 0).await?;
                Ok(copy.confirmed(&headers))
            }
            _ if status == StatusCode::OK => {
                let body = exchange.finish(self, target, accept.max_bytes).await?;
                let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
                Ok(Document::new(OutboundResponse { content_type, body: body.into() }, &headers))
            }
            _ => Err(OutboundError::Status { host: target.name(), status: status.as_u16() }),
        }
    }
}

fn request(
    target: &Target,
    accept: Accept,
    condition: Option<(HeaderName, HeaderValue)>,
) -> http::Result<Request<Full<Bytes>>> {
    let mut request = request_to(target, Method::GET);
    if !accept.media_types.is_empty() {
        request = request.header(ACCEPT, accept.media_types.join(", "));
    }
    if let Some((name, value)) = condition {
        request = request.header(name, value);
    }
    request.body(Full::default())
}
