//! The listener: from a TCP connection to a request that an endpoint can trust, and back.
//!
//! It belongs here: TLS and client certificates (RFC 8705, RFC 9440), what proxies may say, limits and time-outs,
//! draining, and the log line of each request. It does not belong here: routes, cookies, security headers of pages,
//! and every decision about what a certificate or an address means. See [`Limits`] for what a stranger may cost.
//!
//! An endpoint finds in the extensions of each request [`RequestId`], [`ClientAddress`] and [`RequestAuthority`],
//! over TLS [`TlsFacts`], and where the client presented one, its [`PeerCertificate`]. Headers that only a proxy may
//! send never reach it.

mod activity;
mod admission;
mod answer;
mod authority;
mod body;
mod certificate_files;
mod connection;
mod counts;
mod error;
mod limits;
mod management;
mod moment;
mod peer_certificate;
mod proxy;
mod request_id;
mod request_record;
mod running;
mod service;
mod tls;

#[cfg(test)]
mod tests;

pub use authority::RequestAuthority;
pub use certificate_files::CertificateFiles;
pub use counts::ListenerCounts;
pub use error::{CertificateError, ListenError};
pub use limits::{LargeBody, Limits};
pub use management::{ManagementSource, NotReady, Readiness, serve_management};
pub use peer_certificate::{CertificateSource, PeerCertificate};
pub use proxy::{AddressHeader, ClientAddress, ProxySettings};
pub use request_id::{RequestId, RequestIdSource};
pub use running::{DrainReport, RunningListener};
pub use tls::{AskForCertificates, TlsFacts, TlsSettings};

use std::net::SocketAddr;
use std::sync::Arc;

use http::HeaderMap;
use poem::{EndpointExt as _, IntoEndpoint};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use self::counts::Counters;
use self::service::Service;
use self::tls::TlsContexts;

/// How a listener is set up.
pub struct ListenerSettings {
    /// Names the listener in the log; TLS sessions of one listener are not valid on another.
    pub name: &'static str,
    /// Where to listen. Port 0 takes a free one.
    pub address: SocketAddr,
    /// TLS, or plain HTTP for use behind a proxy.
    pub transport: Transport,
    /// Proxies of the deployment.
    pub proxies: ProxySettings,
    /// What strangers may cost.
    pub limits: Limits,
    /// Headers of the listener's own refusals, in place of the default ones; an endpoint sets its own.
    pub refusal_headers: HeaderMap,
    /// Randomness for request ids.
    pub request_ids: RequestIdSource,
}

impl ListenerSettings {
    /// Settings with no proxies, default limits and safe headers on refusals.
    pub fn new(name: &'static str, address: SocketAddr, transport: Transport, request_ids: RequestIdSource) -> Self {
        Self {
            name,
            address,
            transport,
            proxies: ProxySettings::default(),
            limits: Limits::default(),
            refusal_headers: answer::safe_headers(),
            request_ids,
        }
    }
}

/// What is spoken below HTTP.
#[derive(Debug, Clone)]
pub enum Transport {
    /// TLS 1.3 or 1.2, with HTTP/2 or HTTP/1.1.
    Tls(TlsSettings),
    /// HTTP/1.1 without TLS, for a proxy on the same machine or network.
    Plain,
}

/// A listener that holds its port and does not answer yet.
pub struct Listener {
    settings: ListenerSettings,
    tls: Option<Arc<TlsContexts>>,
    socket: TcpListener,
    address: SocketAddr,
}

impl Listener {
    /// Loads the certificates and takes the port, so that a mistake in either shows before anything else is started.
    pub async fn bind(settings: ListenerSettings) -> Result<Self, ListenError> {
        let tls = match &settings.transport {
            Transport::Tls(tls) => Some(Arc::new(TlsContexts::load(tls.clone(), settings.name)?)),
            Transport::Plain => None,
        };
        let at = |cause| ListenError::bind(settings.address, cause);
        let socket = TcpListener::bind(settings.address).await.map_err(at)?;
        let address = socket.local_addr().map_err(at)?;
        Ok(Self { settings, tls, socket, address })
    }

    /// The address that was taken.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer. The listener stops when what is returned is drained or dropped.
    pub fn serve<E>(self, endpoint: E) -> RunningListener
    where
        E: IntoEndpoint,
        E::Endpoint: 'static,
    {
        let Self { settings, tls, socket, address } = self;
        let service = Arc::new(Service {
            endpoint: endpoint.map_to_response().boxed(),
            running: Semaphore::new(settings.limits.requests_at_once),
            body_memory: Arc::new(Semaphore::new(settings.limits.body_bytes_at_once)),
            limits: settings.limits,
            proxies: settings.proxies,
            request_ids: settings.request_ids,
            refusal_headers: settings.refusal_headers,
            counters: Arc::new(Counters::default()),
        });
        tracing::info!(listener = settings.name, %address, tls = tls.is_some(), "listening");
        RunningListener::start(settings.name, socket, address, (service, tls))
    }
}
