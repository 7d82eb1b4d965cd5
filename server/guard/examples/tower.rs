//! An API of tower and hyper that asks the issuer about each access token.
//!
//! `cargo run -p signet-guard --features tower --example tower -- ISSUER BASE CLIENT_ID SECRET`, with a client that may
//! introspect. A private authority is trusted by `SSL_CERT_FILE`.
#![expect(clippy::disallowed_types, reason = "an API uses the HTTP client that it has")]

use std::convert::Infallible;
use std::error::Error;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use serde_json::json;
use signet_guard::{
    AccessToken, BoxError, Dpop, Guard, IntrospectionAnswer, IntrospectionCheck, Protection, Requirement,
};
use tokio::net::TcpListener;
use tower::{Layer as _, service_fn};

async fn accounts(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let token = request.extensions().get::<Arc<AccessToken>>();
    let owner = token.and_then(|token| token.subject());
    Ok(Response::new(Full::from(json!({ "owner": owner, "accounts": [] }).to_string())))
}

async fn introspect(request: reqwest::RequestBuilder) -> Result<IntrospectionAnswer, BoxError> {
    let response = request.send().await?;
    Ok(IntrospectionAnswer { status: response.status().as_u16(), body: response.bytes().await?.to_vec() })
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [issuer, base, client_id, secret] = &arguments[..] else { return Err("ISSUER BASE CLIENT_ID SECRET".into()) };
    let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build()?;
    let (endpoint, client_id, secret) = (format!("{issuer}/introspect"), client_id.clone(), secret.clone());
    let ask = move |form: String| {
        let request = http.post(&endpoint).basic_auth(&client_id, Some(&secret)).body(form);
        introspect(request.header("content-type", "application/x-www-form-urlencoded"))
    };
    let tokens = IntrospectionCheck::new(ask).issuer(issuer).audience(base).kept_for(5);
    let protection = Protection::new(base, Guard::new(tokens, Dpop::default()), Requirement::scope("accounts"));
    let service = TowerToHyperService::new(protection.layer(service_fn(accounts)));
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    loop {
        let (stream, _) = listener.accept().await?;
        let service = service.clone();
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            drop(server.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}
