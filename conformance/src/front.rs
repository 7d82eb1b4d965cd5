//! The TLS front of the suite: takes HTTPS and hands each request to the suite's plain port with the headers that a
//! reverse proxy in front of it must set (the suite refuses what did not arrive over TLS).

use crate::certificate::Issued;
use crate::error::HarnessError;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslRef};
use openssl::x509::X509;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;

type Body = BoxBody<Bytes, hyper::Error>;

/// A running front; it stops when dropped.
pub(crate) struct Front {
    port: u16,
    _connections: JoinSet<()>,
}

impl Front {
    /// Listens on `port` of the loopback address (0: a free one) and forwards to `upstream`.
    pub(crate) async fn start(port: u16, issued: &Issued, upstream: SocketAddr) -> Result<Self, HarnessError> {
        let acceptor = acceptor(issued)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| {
            HarnessError::Missing(format!(
                "port {port} cannot be listened on ({error}): stop what uses it, or pass --port"
            ))
        })?;
        let port = listener.local_addr()?.port();
        let mut tasks = JoinSet::new();
        tasks.spawn(accept(listener, Arc::new(Proxy { acceptor, upstream, port })));
        Ok(Self { port, _connections: tasks })
    }

    /// The port that is listened on.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }
}

struct Proxy {
    acceptor: SslAcceptor,
    upstream: SocketAddr,
    port: u16,
}

fn acceptor(issued: &Issued) -> Result<SslAcceptor, HarnessError> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    let key = PKey::private_key_from_pem(&issued.key)?;
    builder.set_private_key(&key)?;
    let mut chain = X509::stack_from_pem(&issued.chain)?.into_iter();
    if let Some(certificate) = chain.next() {
        builder.set_certificate(&certificate)?;
    }
    for certificate in chain {
        builder.add_extra_chain_cert(certificate)?;
    }
    builder.check_private_key()?;
    Ok(builder.build())
}

/// Serves until the front is dropped; the connections end with this task because they live in its set.
async fn accept(listener: TcpListener, proxy: Arc<Proxy>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, peer)) = accepted {
                connections.spawn(serve(stream, peer, Arc::clone(&proxy)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A connection's end, orderly or not, is the client's business: the suite logs what it could not fetch.
async fn serve(stream: TcpStream, peer: SocketAddr, proxy: Arc<Proxy>) {
    let Ok(ssl) = Ssl::new(proxy.acceptor.context()) else { return };
    let Ok(mut stream) = SslStream::new(ssl, stream) else { return };
    if Pin::new(&mut stream).accept().await.is_err() {
        return;
    }
    let Some(facts) = Facts::of(stream.ssl(), peer, proxy.port) else { return };
    let service = service_fn(|request| forward_or_say_why(request, &facts, proxy.upstream));
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// What the suite is told about a connection.
struct Facts {
    peer: HeaderValue,
    port: HeaderValue,
    protocol: HeaderValue,
    cipher: HeaderValue,
}

impl Facts {
    fn of(ssl: &SslRef, peer: SocketAddr, port: u16) -> Option<Self> {
        Some(Self {
            peer: HeaderValue::try_from(peer.ip().to_string()).ok()?,
            port: HeaderValue::from(port),
            protocol: HeaderValue::from_static(ssl.version_str()),
            cipher: HeaderValue::from_static(ssl.current_cipher()?.name()),
        })
    }

    /// Replaces whatever the client claims about itself.
    fn put_into(&self, headers: &mut HeaderMap) {
        let claimed = |name: &HeaderName| {
            name.as_str().starts_with("x-forwarded-") || name.as_str().starts_with("x-ssl-") || name == "forwarded"
        };
        let claimed: Vec<HeaderName> = headers.keys().filter(|name| claimed(name)).cloned().collect();
        for name in claimed {
            headers.remove(name);
        }
        if let Some(host) = headers.get(HOST).cloned() {
            headers.insert("x-forwarded-host", host);
        }
        headers.insert("x-forwarded-for", self.peer.clone());
        headers.insert("x-forwarded-proto", HeaderValue::from_static("https"));
        headers.insert("x-forwarded-port", self.port.clone());
        headers.insert("x-ssl-protocol", self.protocol.clone());
        headers.insert("x-ssl-cipher", self.cipher.clone());
    }
}

async fn forward_or_say_why(
    request: Request<Incoming>,
    facts: &Facts,
    upstream: SocketAddr,
) -> Result<Response<Body>, Infallible> {
    Ok(forward(request, facts, upstream).await.unwrap_or_else(|error| {
        let text = format!("the suite did not answer: {error}\n");
        let mut response = Response::new(Full::from(text).map_err(|never| match never {}).boxed());
        *response.status_mut() = StatusCode::BAD_GATEWAY;
        response
    }))
}

/// One connection a request: over loopback that costs less than keeping track of idle ones.
async fn forward(mut request: Request<Incoming>, facts: &Facts, upstream: SocketAddr) -> io::Result<Response<Body>> {
    remove_hop_by_hop(request.headers_mut());
    facts.put_into(request.headers_mut());
    let stream = TcpStream::connect(upstream).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    tokio::spawn(connection);
    let mut response = sender.send_request(request).await.map_err(io::Error::other)?;
    remove_hop_by_hop(response.headers_mut());
    Ok(response.map(BodyExt::boxed))
}

/// Headers that concern one connection only (RFC 9110 section 7.6.1).
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    for name in named {
        headers.remove(name);
    }
    for name in [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE] {
        headers.remove(name);
    }
    headers.remove("keep-alive");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::issue;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    /// Answers one request with its own head as body.
    async fn echo(listener: TcpListener) {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nkeep-alive: timeout=1\r\n\r\n", head.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.write_all(&head).await.unwrap();
    }

    async fn get(issued: &Issued, url: String, headers: &[(&'static str, &'static str)]) -> reqwest::Response {
        let client = crate::tls::client(Some(&issued.authority), std::time::Duration::from_secs(30)).unwrap();
        let request = headers.iter().fold(client.get(url), |request, (name, value)| request.header(*name, *value));
        request.send().await.unwrap()
    }

    #[tokio::test]
    async fn a_request_arrives_with_the_facts_of_its_connection_and_without_claims() {
        let suite = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let issued = issue("localhost").unwrap();
        let front = Front::start(0, &issued, suite.local_addr().unwrap()).await.unwrap();
        tokio::spawn(echo(suite));

        let url = format!("https://localhost:{}/test/a?b=c", front.port());
        let response = get(&issued, url, &[("x-forwarded-proto", "http"), ("x-ssl-cert", "forged")]).await;

        assert!(response.headers().get("keep-alive").is_none());
        let head = response.text().await.unwrap().to_lowercase();
        assert!(head.starts_with("get /test/a?b=c http/1.1\r\n"), "{head}");
        for line in ["x-forwarded-proto: https", "x-forwarded-for: 127.0.0.1", "x-ssl-protocol: tlsv1.3"] {
            assert!(head.contains(&format!("{line}\r\n")), "{line} is missing in {head}");
        }
        assert!(head.contains(&format!("x-forwarded-host: localhost:{}\r\n", front.port())));
        assert!(head.contains(&format!("x-forwarded-port: {}\r\n", front.port())));
        assert!(head.contains("x-ssl-cipher: tls_"));
        assert!(!head.contains("forged"));
    }

    #[tokio::test]
    async fn a_suite_that_does_not_listen_is_a_bad_gateway() {
        let closed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let issued = issue("localhost").unwrap();
        let front = Front::start(0, &issued, closed).await.unwrap();
        let response = get(&issued, format!("https://localhost:{}/", front.port()), &[]).await;
        assert_eq!(response.status(), 502);
    }

    #[tokio::test]
    async fn a_port_in_use_is_said_with_what_to_do() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap();
        let holder = TcpListener::bind(taken).await.unwrap();
        let Err(error) = Front::start(taken.port(), &issue("localhost").unwrap(), taken).await else {
            panic!("the port was free");
        };
        assert!(error.to_string().contains("--port"), "{error}");
        drop(holder);
    }
}
