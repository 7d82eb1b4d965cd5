//! A server for tests: answers over real TLS what it is told to, and remembers what it was asked.

use crate::certificate::{Issued, issue};
use crate::front::Front;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The path with its query.
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) body: String,
}

/// A running server.
pub(crate) struct Recorded {
    front: Front,
    issued: Issued,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Recorded {
    /// Starts a server that answers a method and path with a status and a body.
    pub(crate) async fn start(answers: impl Fn(&str, &str) -> (u16, String) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let issued = issue("localhost").unwrap();
        let front = Front::start(0, &issued, listener.local_addr().unwrap()).await.unwrap();
        let asked = Arc::default();
        tokio::spawn(serve(listener, Arc::new(answers), Arc::clone(&asked)));
        Self { front, issued, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://localhost:{}", self.front.port())
    }

    /// The certificate to trust, in PEM.
    pub(crate) fn authority(&self) -> &[u8] {
        &self.issued.authority
    }

    /// Every request so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// The last request.
    pub(crate) fn last(&self) -> Asked {
        self.asked().pop().unwrap()
    }
}

type Answers = dyn Fn(&str, &str) -> (u16, String) + Send + Sync;

async fn serve(listener: TcpListener, answers: Arc<Answers>, asked: Arc<Mutex<Vec<Asked>>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let (answers, asked) = (Arc::clone(&answers), Arc::clone(&asked));
        let service = service_fn(move |request| answer(request, Arc::clone(&answers), Arc::clone(&asked)));
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    request: Request<Incoming>,
    answers: Arc<Answers>,
    asked: Arc<Mutex<Vec<Asked>>>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (method, path) = (request.method().to_string(), request.uri().to_string());
    let authorization = request.headers().get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let (status, answer) = answers(&method, &path);
    let body = String::from_utf8_lossy(&body).into_owned();
    asked.lock().unwrap().push(Asked { method, path, authorization: authorization.unwrap_or_default(), body });
    Ok(Response::builder().status(status).body(Full::from(answer)).unwrap())
}
