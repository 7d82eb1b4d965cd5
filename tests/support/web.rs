//! A web server of the tests: publishes key sets of clients, serves pages to browsers, receives what is posted to a
//! client. HTTPS under the tests' authority.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt as _, Collected, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslVerifyMode};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;

use super::certificates::Identity;
use super::http::HttpClient;

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: http::Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// The client's certificate in DER, where one was asked for and presented.
    pub(crate) certificate: Option<Vec<u8>>,
}

/// The request header in which a test says from which address it comes.
pub(crate) const TEST_ADDRESS: &str = "x-test-address";

type Handler = dyn Fn(Received) -> BoxFuture<'static, Response<String>> + Send + Sync;

/// A web server that runs until it is dropped.
pub(crate) struct WebServer {
    pub(crate) url: String,
    received: Arc<Mutex<Vec<Received>>>,
    accepting: JoinHandle<()>,
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl WebServer {
    pub(crate) async fn start(handler: impl Fn(&Received) -> Response<String> + Send + Sync + 'static) -> Self {
        let handler = move |received: Received| std::future::ready(handler(&received)).boxed();
        Self::serve(TcpListener::bind("127.0.0.1:0").await.unwrap(), false, Arc::new(handler))
    }

    /// A server that takes its time.
    pub(crate) async fn answering<F>(handler: impl Fn(Received) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response<String>> + Send + 'static,
    {
        let handler = move |received| handler(received).boxed();
        Self::serve(TcpListener::bind("127.0.0.1:0").await.unwrap(), false, Arc::new(handler))
    }

    /// A server that answers at `/patient`, each time when there is a permit for it, and nowhere else ever.
    pub(crate) async fn for_the_patient(answers: Arc<Semaphore>) -> Self {
        Self::answering(move |received: Received| {
            let answers = Arc::clone(&answers);
            async move {
                if received.target == "/patient" {
                    answers.acquire().await.unwrap().forget();
                } else {
                    std::future::pending::<()>().await;
                }
                Response::new(String::new())
            }
        })
        .await
    }

    /// A reverse proxy: takes TLS off, and hands on the address and the certificate of the client (RFC 9440), nobody
    /// else's word for either.
    pub(crate) async fn proxy(port: u16, backend: String, asks_for_certificates: bool) -> Self {
        let http = HttpClient::new();
        let handler = move |received: Received| forward(http.clone(), backend.clone(), received).boxed();
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        Self::serve(listener, asks_for_certificates, Arc::new(handler))
    }

    fn serve(listener: TcpListener, asks_for_certificates: bool, handler: Arc<Handler>) -> Self {
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let received = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&received);
        let acceptor = acceptor(asks_for_certificates);
        let accepting = tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (acceptor, handler, log) = (acceptor.clone(), Arc::clone(&handler), Arc::clone(&log));
                tokio::spawn(serve(stream, acceptor, handler, log));
            }
        });
        Self { url, received, accepting }
    }

    /// A server that answers everything with the same JSON, until that is replaced.
    pub(crate) async fn of_json(document: Arc<Mutex<serde_json::Value>>) -> Self {
        Self::start(move |_| {
            let body = document.lock().unwrap().to_string();
            Response::builder().header("content-type", "application/json").body(body).unwrap()
        })
        .await
    }

    /// What has arrived so far, in order.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

/// Hands a request on and its answer back.
async fn forward(http: HttpClient, backend: String, received: Received) -> Response<String> {
    let mut headers = received.headers;
    let address = headers.remove(TEST_ADDRESS);
    for header in ["x-forwarded-for", "client-cert", "content-length", "connection"] {
        headers.remove(header);
    }
    headers.insert("x-forwarded-for", address.unwrap_or_else(|| "203.0.113.1".parse().unwrap()));
    if let Some(certificate) = received.certificate {
        headers.insert("client-cert", format!(":{}:", STANDARD.encode(certificate)).parse().unwrap());
    }
    let (method, url) = (received.method, format!("{backend}{}", received.target));
    let request = super::http::Request { method, url, headers, body: received.body.into_bytes() };
    let answer = http.send(request).await;
    let mut response = Response::new(answer.body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap();
    *response.headers_mut() = answer.headers;
    response.headers_mut().remove("connection");
    response
}

fn acceptor(asks_for_certificates: bool) -> SslAcceptor {
    let identity = Identity::localhost();
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder.set_certificate(&identity.certificate).unwrap();
    builder.set_private_key(&identity.key).unwrap();
    if asks_for_certificates {
        // Whether a certificate is good is for the server behind to say.
        builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    }
    builder.build()
}

/// Serves a connection. Browsers open some that they never use, and close others whenever they like.
async fn serve(stream: TcpStream, acceptor: SslAcceptor, handler: Arc<Handler>, log: Arc<Mutex<Vec<Received>>>) {
    let mut stream = SslStream::new(Ssl::new(acceptor.context()).unwrap(), stream).unwrap();
    if Pin::new(&mut stream).accept().await.is_err() {
        return;
    }
    let certificate = stream.ssl().peer_certificate().map(|certificate| certificate.to_der().unwrap());
    let service = service_fn(|request: Request<Incoming>| async {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(Collected::to_bytes).unwrap_or_default();
        let received = Received {
            method: parts.method,
            target: parts.uri.to_string(),
            headers: parts.headers,
            body: String::from_utf8(body.into()).unwrap(),
            certificate: certificate.clone(),
        };
        log.lock().unwrap().push(received.clone());
        Ok::<_, Infallible>(handler(received).await.map(|body| Full::new(Bytes::from(body))))
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
