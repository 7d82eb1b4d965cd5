//! The way to a target: name, addresses, connection, TLS. An address that was not checked for this very request is never
//! asked, also where a connection to it is open already.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use openssl::ssl::SslConnector;
use openssl::x509::X509VerifyResult;
use signet_core::ports::outbound::OutboundError;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_openssl::SslStream;
use url::{Host, Url};

use crate::exchange::{Connection, Exchange};
use crate::guard::AddressGuard;
use crate::idle::IdleConnections;
use crate::resolver::Resolve;

/// Permitted addresses of one name that are tried.
const ADDRESSES_TRIED: usize = 4;

/// Everything a fetch needs beside its URL.
pub(crate) struct Fetcher {
    pub(crate) guard: AddressGuard,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) allow_plain_loopback: bool,
    pub(crate) connect_time: Duration,
    pub(crate) idle: IdleConnections,
}

/// What may be done where a connection that was open already turns out to be dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repetition {
    /// Sending the request again, wherever it died: it only asks.
    Any,
    /// Sending it again only if nothing of it was sent.
    Unsent,
}

/// A URL that has passed every check that needs no name server.
pub(crate) struct Target {
    pub(crate) url: Url,
    pub(crate) host: Host,
    pub(crate) port: u16,
}

impl Target {
    /// Takes the fragment off and refuses what is no plain address of a document.
    pub(crate) fn new(url: &Url, allow_plain_loopback: bool) -> Result<Self, OutboundError> {
        let mut url = url.clone();
        url.set_fragment(None);
        match url.scheme() {
            "https" => {}
            "http" if allow_plain_loopback => {}
            "http" => return Err(OutboundError::UrlRefused("http is not permitted; use https")),
            _ => return Err(OutboundError::UrlRefused("only https is fetched")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(OutboundError::UrlRefused("it has a user name or password in it"));
        }
        let host = url.host().map(|host| host.to_owned()).ok_or(OutboundError::UrlRefused("it names no host"))?;
        let port = url.port_or_known_default().ok_or(OutboundError::UrlRefused("it names no port"))?;
        Ok(Self { url, host, port })
    }

    /// Host and port, under which failures are counted.
    pub(crate) fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    pub(crate) fn name(&self) -> String {
        self.host.to_string()
    }
}

impl Fetcher {
    /// Sends a request and awaits the head of its answer, which is not a redirection. A connection that is open already
    /// is taken if it leads to an address that is permitted now.
    pub(crate) async fn exchange(
        &self,
        target: &Target,
        tls: &SslConnector,
        mut request: Request<Full<Bytes>>,
        repetition: Repetition,
    ) -> Result<Exchange, OutboundError> {
        let addresses = self.permitted_addresses(target).await?;
        while let Some(connection) = self.idle.take(target, &addresses) {
            let copy = (repetition == Repetition::Any).then(|| request.clone());
            match connection.ask(request).await {
                Ok(exchange) => return exchange.unless_redirected(target),
                Err(unsent) => {
                    let malformed = || OutboundError::Malformed(target.name());
                    request = unsent.map(|request| *request).or(copy).ok_or_else(malformed)?;
                }
            }
        }
        let connection = self.open(target, &addresses, tls).await?;
        let answered = connection.ask(request).await.map_err(|_| OutboundError::Malformed(target.name()))?;
        answered.unless_redirected(target)
    }

    /// A connection to one of the addresses, with TLS unless the target does without.
    async fn open(
        &self,
        target: &Target,
        addresses: &[IpAddr],
        tls: &SslConnector,
    ) -> Result<Connection, OutboundError> {
        let (stream, address) = self.connect(target, addresses).await?;
        let opened = if target.is_plain() {
            Connection::start(stream, address).await
        } else {
            Connection::start(handshake(stream, target, tls).await?, address).await
        };
        opened.map_err(|_| OutboundError::Malformed(target.name()))
    }

    /// Resolves the name once and keeps the addresses that the guard permits. The connection goes to one of these, so
    /// that a name server cannot answer the check and the connection differently.
    async fn permitted_addresses(&self, target: &Target) -> Result<Vec<IpAddr>, OutboundError> {
        let found = match &target.host {
            Host::Ipv4(address) => vec![IpAddr::V4(*address)],
            Host::Ipv6(address) => vec![IpAddr::V6(*address)],
            Host::Domain(name) => {
                self.resolver.resolve(name).await.map_err(|_| OutboundError::Unresolvable(target.name()))?
            }
        };
        let Some(first) = found.first().copied() else {
            return Err(OutboundError::Unresolvable(target.name()));
        };
        let permitted: Vec<IpAddr> =
            found.into_iter().filter(|address| self.refusal(target, *address).is_none()).collect();
        if permitted.is_empty() {
            let reason = self.refusal(target, first).unwrap_or_default();
            return Err(OutboundError::AddressRefused { host: target.name(), address: first, reason });
        }
        Ok(permitted)
    }

    /// Refuses a target that names an address, or this machine, which the guard does not permit. Other names are judged
    /// when they are resolved.
    pub(crate) fn check(&self, target: &Target) -> Result<(), OutboundError> {
        let address = match &target.host {
            Host::Ipv4(address) => IpAddr::V4(*address),
            Host::Ipv6(address) => IpAddr::V6(*address),
            // RFC 6761 section 6.3: the name and everything below it is this machine.
            Host::Domain(name) if is_localhost(name) => IpAddr::V4(Ipv4Addr::LOCALHOST),
            Host::Domain(_) => return Ok(()),
        };
        match self.refusal(target, address) {
            Some(reason) => Err(OutboundError::AddressRefused { host: target.name(), address, reason }),
            None => Ok(()),
        }
    }

    fn refusal(&self, target: &Target, address: IpAddr) -> Option<&'static str> {
        match (target.is_plain(), address.is_loopback()) {
            (true, true) if self.allow_plain_loopback => None,
            (true, _) => Some("not a loopback address, the only kind for http"),
            (false, _) => self.guard.refusal(address),
        }
    }

    async fn connect(&self, target: &Target, addresses: &[IpAddr]) -> Result<(TcpStream, IpAddr), OutboundError> {
        for address in addresses.iter().take(ADDRESSES_TRIED) {
            let connecting = TcpStream::connect(SocketAddr::new(*address, target.port));
            if let Ok(Ok(stream)) = timeout(self.connect_time, connecting).await {
                return Ok((stream, *address));
            }
        }
        Err(OutboundError::Unreachable(target.name()))
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    name == "localhost" || name.ends_with(".localhost")
}

async fn handshake(
    stream: TcpStream,
    target: &Target,
    tls: &SslConnector,
) -> Result<SslStream<TcpStream>, OutboundError> {
    // Brackets belong to the URL; in the certificate the address stands without them.
    let name = match &target.host {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    };
    let refused = |reason: String| OutboundError::Tls { host: target.name(), reason };
    let ssl = tls.configure().and_then(|configuration| configuration.into_ssl(&name));
    let stream = ssl.and_then(|ssl| SslStream::new(ssl, stream));
    let mut stream = stream.map_err(|cause| refused(cause.to_string()))?;
    match Pin::new(&mut stream).connect().await {
        Ok(()) => Ok(stream),
        Err(_) if stream.ssl().verify_result() != X509VerifyResult::OK => {
            Err(refused(stream.ssl().verify_result().error_string().to_owned()))
        }
        Err(cause) => Err(refused(cause.io_error().map_or_else(|| cause.to_string(), io::Error::to_string))),
    }
}
