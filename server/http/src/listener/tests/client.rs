//! Clients: raw bytes over TCP, and HTTP over TLS as a foreign library speaks it.

use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use openssl::ssl::{self, Ssl, SslContext, SslContextBuilder, SslMethod, SslVerifyMode};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::{Duration, timeout};
use tokio_openssl::SslStream;

use super::certificates::Identity;
use super::server::HOST;

pub(super) type TlsStream = SslStream<TcpStream>;

/// Fails a test that would otherwise wait for ever.
pub(super) async fn soon<F: Future>(what: F) -> F::Output {
    timeout(Duration::from_secs(30), what).await.expect("waited too long")
}

/// Lets the server go on until something has happened in it.
pub(super) async fn until(happened: impl Fn() -> bool) {
    soon(async {
        while !happened() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Sends bytes, then reads until the server closes.
pub(super) async fn exchange(address: SocketAddr, sent: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(sent).await.unwrap();
    rest(&mut stream).await
}

/// Everything until the server closes.
pub(super) async fn rest(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    soon(stream.read_to_end(&mut received)).await.unwrap();
    String::from_utf8_lossy(&received).into_owned()
}

/// One answer with a `content-length`, leaving the connection open.
pub(super) async fn one_answer(stream: &mut TcpStream) -> String {
    let mut received = Vec::new();
    loop {
        received.push(soon(stream.read_u8()).await.unwrap());
        let text = String::from_utf8_lossy(&received);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text.into_owned();
            }
        }
    }
}

/// TLS as a client sets it up; certificates of the server are looked at, not verified.
pub(super) fn context(set_up: impl FnOnce(&mut SslContextBuilder)) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls_client()).unwrap();
    builder.set_verify(SslVerifyMode::NONE);
    set_up(&mut builder);
    builder.build()
}

/// Presents a certificate and those between it and its authority.
pub(super) fn present(builder: &mut SslContextBuilder, identity: &Identity, between: &[&Identity]) {
    builder.set_certificate(&identity.certificate).unwrap();
    builder.set_private_key(&identity.key).unwrap();
    for authority in between {
        builder.add_extra_chain_cert(authority.certificate.clone()).unwrap();
    }
}

pub(super) async fn handshake(address: SocketAddr, mut ssl: Ssl, host: &str) -> Result<TlsStream, ssl::Error> {
    if !host.is_empty() {
        ssl.set_hostname(host).unwrap();
    }
    let tcp = TcpStream::connect(address).await.unwrap();
    let mut stream = SslStream::new(ssl, tcp).unwrap();
    soon(Pin::new(&mut stream).connect()).await?;
    Ok(stream)
}

/// A TLS connection for [`HOST`].
pub(super) async fn connect(address: SocketAddr, context: &SslContext) -> Result<TlsStream, ssl::Error> {
    handshake(address, Ssl::new(context).unwrap(), HOST).await
}

/// An HTTP client on one connection.
pub(super) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

impl Client {
    /// Speaks what ALPN agreed on.
    pub(super) async fn new(stream: TlsStream) -> Self {
        let is_http2 = stream.ssl().selected_alpn_protocol() == Some(b"h2");
        let stream = TokioIo::new(stream);
        if is_http2 {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), stream).await.unwrap();
            tokio::spawn(connection);
            Self::Http2(sender)
        } else {
            let (sender, connection) = http1::handshake(stream).await.unwrap();
            tokio::spawn(connection);
            Self::Http1(sender)
        }
    }

    pub(super) async fn connect(address: SocketAddr, context: &SslContext) -> Self {
        Self::new(connect(address, context).await.unwrap()).await
    }

    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> hyper::Result<Response<Bytes>> {
        let response = match self {
            Self::Http1(sender) => {
                soon(sender.ready()).await?;
                soon(sender.send_request(request)).await?
            }
            Self::Http2(sender) => {
                soon(sender.ready()).await?;
                soon(sender.send_request(request)).await?
            }
        };
        let (parts, body) = response.into_parts();
        Ok(Response::from_parts(parts, soon(body.collect()).await?.to_bytes()))
    }

    /// GET for `host` on whatever the connection speaks.
    pub(super) async fn get(&mut self, host: &str, path: &str) -> Response<Bytes> {
        let request = match self {
            Self::Http1(_) => Request::get(path).header("host", host),
            Self::Http2(_) => Request::get(format!("https://{host}{path}")),
        };
        self.send(request.body(Full::default()).unwrap()).await.unwrap()
    }

    /// What the server saw of a GET for [`HOST`].
    pub(super) async fn seen(&mut self) -> Value {
        let response = self.get(HOST, "/").await;
        assert_eq!(response.status(), 200);
        serde_json::from_slice(response.body()).unwrap()
    }
}

/// The JSON at the end of a raw answer.
pub(super) fn seen(answer: &str) -> Value {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    serde_json::from_str(body).unwrap()
}

pub(super) fn status(answer: &str) -> u16 {
    answer.get(9..12).and_then(|status| status.parse().ok()).unwrap_or_else(|| panic!("no answer: {answer:?}"))
}
