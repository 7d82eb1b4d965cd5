//! What happens to a request between the HTTP library and the endpoint.
//!
//! The order is that of cost and of trust: headers only a proxy may send are settled first, then the head is judged,
//! then the body is read, and only then does the request take one of the places for running requests.

use std::io;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::CONNECTION;
use http::uri::Scheme;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, request};
use http_body_util::combinators::BoxBody;
use hyper::body::{Body, Incoming};
use poem::endpoint::BoxEndpoint;
use poem::web::{LocalAddr, RemoteAddr};
use poem::{Addr, Endpoint as _, RequestParts};
use signet_core::events::Actor;
use signet_guard::ConnectionCertificate;
use tokio::sync::Semaphore;
use tracing::Instrument as _;

use super::activity::Activity;
use super::answer::{Answer, refusal};
use super::authority::{is_misdirected, request_authority};
use super::body::{BodyBounds, ReadBody, read_body};
use super::counts::Counters;
use super::limits::Limits;
use super::peer_certificate::PeerCertificate;
use super::proxy::{ClientAddress, Origin, ProxySettings};
use super::request_id::{REQUEST_ID_HEADER, RequestId, RequestIdSource};
use super::request_record::RequestRecord;
use super::tls::TlsFacts;

type RawResponse = http::Response<BoxBody<Bytes, io::Error>>;

/// What all requests of a listener share.
pub(super) struct Service {
    pub(super) endpoint: BoxEndpoint<'static>,
    pub(super) limits: Limits,
    pub(super) proxies: ProxySettings,
    pub(super) request_ids: RequestIdSource,
    pub(super) refusal_headers: HeaderMap,
    pub(super) body_memory: Arc<Semaphore>,
    pub(super) running: Semaphore,
    pub(super) counters: Arc<Counters>,
}

/// What all requests of a connection share.
pub(super) struct ServedConnection {
    pub(super) service: Arc<Service>,
    pub(super) activity: Arc<Activity>,
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
    pub(super) tls: Option<TlsFacts>,
    pub(super) certificate: Option<PeerCertificate>,
    /// Set when a request was answered although not all of it was read.
    pub(super) left_unread: AtomicBool,
}

/// Where the events of a request come from.
fn event_origin(id: &RequestId, address: ClientAddress) -> signet_core::events::Origin {
    signet_core::events::Origin { request_id: id.to_core(), address: Some(address.0), actor: Actor::Server }
}

impl ServedConnection {
    /// Answers one request, whatever it is.
    pub(super) async fn answer(self: Arc<Self>, request: http::Request<Incoming>) -> http::Response<Answer> {
        let running = self.activity.begin_request();
        self.service.counters.request();
        let (mut parts, body) = request.into_parts();
        let origin = self.service.proxies.take_origin(self.peer, &mut parts.headers);
        let id = origin.request_id.clone().unwrap_or_else(|| RequestId::random(&self.service.request_ids));
        let mut record = RequestRecord::begin(&parts, origin.address, &id);
        parts.extensions.insert(id.clone());
        parts.extensions.insert(event_origin(&id, origin.address));
        let version = parts.version;
        let had_body = !body.is_end_stream();
        let outcome = self.serve(parts, body, origin).instrument(record.span()).await;
        let mut response = outcome.unwrap_or_else(|status| {
            let mut response = refusal(status, &self.service.refusal_headers);
            if had_body {
                self.left_unread.store(true, Ordering::Relaxed);
                if version < Version::HTTP_2 {
                    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
                }
            }
            response
        });
        record.answered(response.status());
        if let Some(id) = id.to_header() {
            response.headers_mut().insert(REQUEST_ID_HEADER, id);
        }
        response.map(|body| Answer::new(body, record, running))
    }

    /// Judges the request and hands it to the endpoint, or gives the status of its refusal.
    async fn serve(&self, parts: request::Parts, body: Incoming, origin: Origin) -> Result<RawResponse, StatusCode> {
        let parts = self.judge_head(parts, origin)?;
        let limits = &self.service.limits;
        let bounds = BodyBounds {
            longest: limits.body_bytes_for(parts.uri.path()),
            time: limits.body_time,
            memory: &self.service.body_memory,
        };
        let ReadBody { bytes, held } = read_body(body, bounds).await?;
        let _place = self.service.running.try_acquire().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
        let scheme = if self.tls.is_some() { Scheme::HTTPS } else { Scheme::HTTP };
        let (local, remote) = (LocalAddr(Addr::SocketAddr(self.local)), RemoteAddr(Addr::SocketAddr(self.peer)));
        let request = poem::Request::from_parts(RequestParts::from((parts, local, remote, scheme)), bytes.into());
        // A handler that panics loses its own request and nothing else.
        let response = AssertUnwindSafe(self.service.endpoint.get_response(request)).catch_unwind().await;
        drop(held);
        response.map(RawResponse::from).map_err(|_| {
            tracing::error!("a request handler panicked; this is a defect of the server");
            StatusCode::INTERNAL_SERVER_ERROR
        })
    }

    /// Checks everything that does not need the body, and puts what is known of the client into the extensions.
    fn judge_head(&self, mut parts: request::Parts, origin: Origin) -> Result<request::Parts, StatusCode> {
        let limits = &self.service.limits;
        if parts.headers.len() > limits.header_count {
            return Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
        }
        if parts.uri.path_and_query().is_some_and(|target| target.as_str().len() > limits.uri_bytes) {
            return Err(StatusCode::URI_TOO_LONG);
        }
        if parts.method == Method::CONNECT {
            return Err(StatusCode::METHOD_NOT_ALLOWED);
        }
        let authority = request_authority(&parts)?;
        let sni = self.tls.as_ref().and_then(|facts| facts.sni.as_deref());
        if !origin.came_by_proxy && is_misdirected(&authority, sni) {
            return Err(StatusCode::MISDIRECTED_REQUEST);
        }
        // On a connection from a proxy, the certificate of the handshake is the proxy's own.
        let certificate = if origin.came_by_proxy { origin.certificate? } else { self.certificate.clone() };
        parts.extensions.insert(authority);
        parts.extensions.insert(origin.address);
        if let Some(certificate) = certificate {
            parts.extensions.insert(ConnectionCertificate(*certificate.leaf_sha256()));
            parts.extensions.insert(certificate);
        }
        if let Some(facts) = &self.tls {
            parts.extensions.insert(facts.clone());
        }
        Ok(parts)
    }
}
