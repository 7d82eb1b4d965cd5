//! One request over a connection, and its answer.

use std::net::IpAddr;

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HOST, USER_AGENT};
use http::response::Parts;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use signet_core::ports::outbound::OutboundError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinSet;

use crate::fetch::{Fetcher, Target};

/// Longest head of an answer in bytes.
const HEAD_BYTES: usize = 32 * 1024;
/// The kind of software, and no version of it.
const AGENT: &str = "signet";

/// A connection on which nothing is under way.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    /// The address that it leads to.
    address: IpAddr,
    /// Stops the connection when it is dropped.
    _driver: JoinSet<hyper::Result<()>>,
}

impl Connection {
    pub(crate) async fn start(
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        address: IpAddr,
    ) -> hyper::Result<Self> {
        let (sender, connection) =
            http1::Builder::new().max_buf_size(HEAD_BYTES).handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Self { sender, address, _driver: driver })
    }

    pub(crate) const fn address(&self) -> IpAddr {
        self.address
    }

    /// Whether the other side has not ended it, as far as is known.
    pub(crate) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    /// Sends a request and awaits the head of its answer.
    ///
    /// # Errors
    /// The request, where nothing of it was sent.
    pub(crate) async fn ask(
        mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Exchange, Option<Box<Request<Full<Bytes>>>>> {
        if self.sender.ready().await.is_err() {
            return Err(Some(Box::new(request)));
        }
        match self.sender.try_send_request(request).await {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                Ok(Exchange { head, body, connection: self })
            }
            Err(mut failed) => Err(failed.take_message().map(Box::new)),
        }
    }
}

/// A request that was answered, while its body arrives. The connection ends with it unless it is finished.
pub(crate) struct Exchange {
    pub(crate) head: Parts,
    body: Incoming,
    connection: Connection,
}

impl Exchange {
    pub(crate) fn unless_redirected(self, target: &Target) -> Result<Self, OutboundError> {
        // RFC 9110 section 15.4.5: that nothing changed sends nobody anywhere.
        if self.head.status.is_redirection() && self.head.status != StatusCode::NOT_MODIFIED {
            return Err(OutboundError::Redirect(target.name()));
        }
        Ok(self)
    }

    /// The body, if it is no longer than permitted. The connection is kept for the next request to the target.
    pub(crate) async fn finish(
        mut self,
        fetcher: &Fetcher,
        target: &Target,
        max_bytes: usize,
    ) -> Result<Vec<u8>, OutboundError> {
        // An encoded body could be small on the wire and huge in memory; none was asked for.
        if self.head.headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return Err(OutboundError::Malformed(target.name()));
        }
        let body = read(&mut self.body, target, max_bytes).await?;
        fetcher.idle.keep(target, self.connection);
        Ok(body)
    }
}

async fn read(body: &mut Incoming, target: &Target, max_bytes: usize) -> Result<Vec<u8>, OutboundError> {
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
}
