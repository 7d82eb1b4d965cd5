//! An API beside the provider, as a deployer builds one with `signet-guard`.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request as HttpRequest, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use poem::listener::TcpAcceptor;
use poem::web::Data;
use poem::{EndpointExt as _, Route, Server, get, handler};
use signet_guard::{
    AccessToken, BoxError, ConnectionCertificate, Dpop, Guard, GuardFault, IntrospectionAnswer, IntrospectionCheck,
    JwtCheck, ProofCheck, Protection, Requirement, TokenCheck,
};
use signet_jose::SystemRandom;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tower::{Layer as _, service_fn};

use crate::support::client::{Client, Credential};
use crate::support::http::{HttpClient, Request};
use crate::support::realm::Realm;

/// The identifier of the API (RFC 8707).
pub(super) const IDENTIFIER: &str = "https://api.test";

/// What an API is built with.
#[derive(Debug, Clone, Copy)]
pub(super) enum Framework {
    Tower,
    Poem,
}

impl Framework {
    pub(super) const ALL: [Self; 2] = [Self::Tower, Self::Poem];
}

/// A running API; it stops when dropped.
pub(super) struct Api {
    /// The address of what it protects.
    pub(super) url: String,
    /// Why requests were not let through.
    pub(super) reported: Arc<Mutex<Vec<String>>>,
    server: JoinHandle<()>,
}

impl Drop for Api {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// What an API is like besides how it checks tokens.
pub(super) struct Plan {
    pub(super) framework: Framework,
    pub(super) requirement: Requirement,
    pub(super) dpop: Dpop,
    /// The certificate of whoever connects, as the one who ends TLS hands it on.
    pub(super) certificate: Option<ConnectionCertificate>,
}

impl Plan {
    pub(super) fn new(framework: Framework, requirement: Requirement) -> Self {
        Self { framework, requirement, dpop: Dpop::default(), certificate: None }
    }

    /// An API that checks signatures, with keys from the provider.
    pub(super) async fn by_signature(self, realm: &Realm) -> Api {
        let (http, url) = (realm.http.clone(), realm.url("/jwks"));
        let fetch = move || fetched(http.clone(), url.clone());
        self.serve(JwtCheck::new(&realm.issuer, IDENTIFIER, fetch)).await
    }

    /// An API that asks the provider, as a client that may introspect.
    pub(super) async fn by_introspection(self, client: &Client) -> Api {
        let Credential::Basic(secret) = &client.credential else { panic!("the client has a secret") };
        let (id, secret, url) = (client.id.clone(), secret.clone(), client.endpoint("/introspect"));
        let http = client.http.clone();
        let ask = move |form: String| {
            let request = Request::post(&url, "application/x-www-form-urlencoded", form).basic(&id, &secret);
            asked(http.clone(), request)
        };
        self.serve(IntrospectionCheck::new(ask).issuer(&client.issuer).audience(IDENTIFIER)).await
    }

    async fn serve<C>(self, tokens: C) -> Api
    where
        C: TokenCheck<Token = AccessToken, Fault = GuardFault> + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let metadata = format!("{IDENTIFIER}/.well-known/oauth-protected-resource");
        let guard = Guard::new(tokens, self.dpop).realm("api").resource_metadata(metadata);
        let protection = Protection::new(&base, guard, self.requirement).interaction_ids(Arc::new(SystemRandom::new()));
        let reported = Arc::<Mutex<Vec<String>>>::default();
        let log = Arc::clone(&reported);
        let protection = protection.reporting(move |denial| log.lock().unwrap().push(denial.to_string()));
        let server = match self.framework {
            Framework::Tower => tokio::spawn(serve_tower(listener, protection, self.certificate)),
            Framework::Poem => tokio::spawn(serve_poem(listener, protection, self.certificate)),
        };
        Api { url: format!("{base}/accounts/mine"), reported, server }
    }
}

async fn fetched(http: HttpClient, url: String) -> Result<Vec<u8>, BoxError> {
    Ok(http.try_send(Request::get(&url)).await?.body.into_bytes())
}

async fn asked(http: HttpClient, request: Request) -> Result<IntrospectionAnswer, BoxError> {
    let answer = http.try_send(request).await?;
    Ok(IntrospectionAnswer { status: answer.status, body: answer.body.into_bytes() })
}

async fn serve_tower<C, P>(
    listener: TcpListener,
    protection: Protection<C, P>,
    certificate: Option<ConnectionCertificate>,
) where
    C: TokenCheck<Token = AccessToken> + 'static,
    P: ProofCheck<AccessToken, C::Fault> + 'static,
{
    let protected = protection.layer(service_fn(async |request: HttpRequest<Incoming>| {
        let token = request.extensions().get::<Arc<AccessToken>>().expect("the layer puts it there");
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from(token.subject().unwrap_or_default().to_owned())))
    }));
    let service = service_fn(move |mut request: HttpRequest<Incoming>| {
        request.extensions_mut().extend(extensions(certificate));
        tower::ServiceExt::oneshot(protected.clone(), request)
    });
    let service = TowerToHyperService::new(service);
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let service = service.clone();
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            drop(server.serve_connection(TokioIo::new(stream), service).await);
        });
    }
}

fn extensions(certificate: Option<ConnectionCertificate>) -> http::Extensions {
    let mut extensions = http::Extensions::new();
    if let Some(certificate) = certificate {
        extensions.insert(certificate);
    }
    extensions
}

#[handler]
fn subject(Data(token): Data<&Arc<AccessToken>>) -> String {
    token.subject().unwrap_or_default().to_owned()
}

async fn serve_poem<C, P>(
    listener: TcpListener,
    protection: Protection<C, P>,
    certificate: Option<ConnectionCertificate>,
) where
    C: TokenCheck<Token = AccessToken> + 'static,
    P: ProofCheck<AccessToken, C::Fault> + 'static,
{
    let acceptor = TcpAcceptor::from_tokio(listener).unwrap();
    // The router strips what it has matched; proofs are for the whole path.
    let routes = Route::new().nest("/accounts", Route::new().at("/mine", get(subject)).with(protection)).before(
        move |mut request: poem::Request| async move {
            request.extensions_mut().extend(extensions(certificate));
            Ok(request)
        },
    );
    Server::new_with_acceptor(acceptor).run(routes).await.unwrap();
}
