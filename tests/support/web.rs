//! A web server of the tests: publishes key sets of clients, serves pages to browsers, receives what is posted to a
//! client. HTTPS under the tests' authority.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_openssl::SslStream;

use super::certificates::Identity;

/// A request that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: http::Method,
    /// Path and query.
    pub(crate) target: String,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: String,
}

type Handler = dyn Fn(&Received) -> Response<String> + Send + Sync;

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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let received = Arc::new(Mutex::new(Vec::new()));
        let (handler, log): (Arc<Handler>, _) = (Arc::new(handler), Arc::clone(&received));
        let acceptor = acceptor();
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

fn acceptor() -> SslAcceptor {
    let identity = Identity::localhost();
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
    builder.set_certificate(&identity.certificate).unwrap();
    builder.set_private_key(&identity.key).unwrap();
    builder.build()
}

/// Serves a connection. Browsers open some that they never use, and close others whenever they like.
async fn serve(stream: TcpStream, acceptor: SslAcceptor, handler: Arc<Handler>, log: Arc<Mutex<Vec<Received>>>) {
    let mut stream = SslStream::new(Ssl::new(acceptor.context()).unwrap(), stream).unwrap();
    if Pin::new(&mut stream).accept().await.is_err() {
        return;
    }
    let service = service_fn(|request: Request<Incoming>| async {
        let (parts, body) = request.into_parts();
        let body = body.collect().await.map(|body| body.to_bytes()).unwrap_or_default();
        let received = Received {
            method: parts.method,
            target: parts.uri.to_string(),
            headers: parts.headers,
            body: String::from_utf8(body.into()).unwrap(),
        };
        log.lock().unwrap().push(received.clone());
        Ok::<_, Infallible>(handler(&received).map(|body| Full::new(Bytes::from(body))))
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
