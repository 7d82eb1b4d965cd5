//! One fetch: name, address, connection, TLS, request, answer. It trusts nothing it did not check in this very fetch.

use std::convert::Infallible;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, USER_AGENT};
use http::response::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use openssl::ssl::SslConnector;
use openssl::x509::X509VerifyResult;
use signet_core::ports::outbound::{Accept, OutboundError, OutboundResponse};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_openssl::SslStream;
use url::{Host, Url};

use crate::guard::AddressGuard;
use crate::resolver::Resolve;

/// Permitted addresses of one name that are tried.
const ADDRESSES_TRIED: usize = 4;
/// Longest head of an answer in bytes.
const HEAD_BYTES: usize = 32 * 1024;
/// The kind of software, and no version of it.
const AGENT: &str = "signet";

/// Everything a fetch needs beside its URL.
pub(crate) struct Fetcher {
    pub(crate) guard: AddressGuard,
    pub(crate) resolver: Arc<dyn Resolve>,
    pub(crate) allow_plain_loopback: bool,
    pub(crate) connect_time: Duration,
}

/// A document with the headers that say how long it keeps.
pub(crate) struct Fetched {
    pub(crate) response: OutboundResponse,
    pub(crate) headers: HeaderMap,
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

    fn is_plain(&self) -> bool {
        self.url.scheme() == "http"
    }

    pub(crate) fn name(&self) -> String {
        self.host.to_string()
    }
}

impl Fetcher {
    /// Fetches the document. The caller bounds the time.
    pub(crate) async fn fetch(
        &self,
        target: &Target,
        accept: Accept,
        tls: &SslConnector,
    ) -> Result<Fetched, OutboundError> {
        document(self.open(target, tls).await?, target, accept).await
    }

    /// A connection to a permitted address of the target, with TLS unless the target does without.
    pub(crate) async fn open(&self, target: &Target, tls: &SslConnector) -> Result<Box<dyn Stream>, OutboundError> {
        let addresses = self.permitted_addresses(target).await?;
        let stream = self.connect(target, &addresses).await?;
        Ok(if target.is_plain() { Box::new(stream) } else { Box::new(handshake(stream, target, tls).await?) })
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

    async fn connect(&self, target: &Target, addresses: &[IpAddr]) -> Result<TcpStream, OutboundError> {
        for address in addresses.iter().take(ADDRESSES_TRIED) {
            let connecting = TcpStream::connect(SocketAddr::new(*address, target.port));
            if let Ok(Ok(stream)) = timeout(self.connect_time, connecting).await {
                return Ok(stream);
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

/// Asks for the document and reads it. The connection ends with this function.
async fn document(stream: Box<dyn Stream>, target: &Target, accept: Accept) -> Result<Fetched, OutboundError> {
    let malformed = || OutboundError::Malformed(target.name());
    let mut exchange = Exchange::begin(stream, target, request(target, accept)).await?;
    let head = &exchange.head;
    if head.status != StatusCode::OK {
        return Err(OutboundError::Status { host: target.name(), status: head.status.as_u16() });
    }
    // An encoded body could be small on the wire and huge in memory; none was asked for.
    if head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
        return Err(malformed());
    }
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let body = read(&mut exchange.body, target, accept.max_bytes).await?;
    Ok(Fetched { response: OutboundResponse { content_type, body: body.into() }, headers: exchange.head.headers })
}

/// A connection.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// A request that was answered, while its body arrives. The connection ends with it.
pub(crate) struct Exchange {
    pub(crate) head: Parts,
    pub(crate) body: Incoming,
    /// Stops the connection when it is dropped.
    _driver: JoinSet<hyper::Result<()>>,
}

impl Exchange {
    /// Sends a request and awaits the head of its answer, which is not a redirection.
    pub(crate) async fn begin<B>(
        stream: Box<dyn Stream>,
        target: &Target,
        request: http::Result<Request<B>>,
    ) -> Result<Self, OutboundError>
    where
        B: Body<Data = Bytes, Error = Infallible> + Send + Unpin + 'static,
    {
        let malformed = || OutboundError::Malformed(target.name());
        let handshake = http1::Builder::new().max_buf_size(HEAD_BYTES).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(|_| malformed())?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let answer = sender.send_request(request.map_err(|_| malformed())?).await.map_err(|_| malformed())?;
        let (head, body) = answer.into_parts();
        if head.status.is_redirection() {
            return Err(OutboundError::Redirect(target.name()));
        }
        Ok(Self { head, body, _driver: driver })
    }
}

/// A request to the target with the headers that every request has.
pub(crate) fn request_to(target: &Target, method: Method) -> http::request::Builder {
    let path = &target.url[url::Position::BeforePath..url::Position::AfterQuery];
    let host = &target.url[url::Position::BeforeHost..url::Position::AfterPort];
    Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, host)
        .header(USER_AGENT, AGENT)
        .header(ACCEPT_ENCODING, "identity")
        .header(CONNECTION, "close")
}

fn request(target: &Target, accept: Accept) -> http::Result<Request<Empty<Bytes>>> {
    let mut request = request_to(target, Method::GET);
    if !accept.media_types.is_empty() {
        request = request.header(ACCEPT, accept.media_types.join(", "));
    }
    request.body(Empty::new())
}

/// The body, if it is no longer than permitted.
pub(crate) async fn read(body: &mut Incoming, target: &Target, max_bytes: usize) -> Result<Vec<u8>, OutboundError> {
    let too_large = || OutboundError::TooLarge(target.name());
    if body.size_hint().lower() > u64::try_from(max_bytes).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let mut collected = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| OutboundError::Malformed(target.name()))?;
        let Ok(data) = frame.into_data() else { continue };
        if collected.len() + data.len() > max_bytes {
            return Err(too_large());
        }
        collected.extend_from_slice(&data);
    }
    Ok(collected)
}
