//! A request to a realm, with what the listener found out about it.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use http::header::{ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use poem::{Body, FromRequest, Request, RequestBody, Response};
use signet_core::binding::DpopHeader;
use signet_core::client_auth::CertificateChain;
use signet_core::events::{Actor, Origin, RefusedAt, Serving};
use signet_core::failure::Failure;
use signet_core::hooks::Connection;
use signet_core::protocol::error::{ErrorCode, Refusal};
use signet_core::protocol::parameters::Parameters;
use signet_core::protocol::spec::rfc6749;
use signet_core::realm::RealmContext;
use signet_core::registry::ADMIN_REALM;
use signet_guard::{ConnectionCertificate, ResourceRequest};

use crate::listener::{ClientAddress, PeerCertificate};
use crate::pages::{LanguageWishes, Locale};
use crate::render;
use crate::routes::App;

/// Longest form body in bytes; longer than the parameters themselves may be, so that those are refused with a reason.
const MAXIMUM_FORM_BYTES: usize = 64 * 1024;

/// A request to a realm.
pub(crate) struct Call {
    pub(crate) app: Arc<App>,
    pub(crate) realm: Arc<RealmContext>,
    pub(crate) head: Head,
}

/// What a request says beside its body.
#[derive(Clone)]
pub(crate) struct Head {
    pub(crate) method: http::Method,
    pub(crate) headers: http::HeaderMap,
    pub(crate) query: String,
    pub(crate) address: IpAddr,
    /// Where the events of the request come from; its identifier is the support code.
    pub(crate) origin: Origin,
    certificate: Option<PeerCertificate>,
    connection_certificate: Option<ConnectionCertificate>,
}

impl Call {
    /// The services, for this request.
    pub(crate) fn serving(&self) -> Serving<'_> {
        self.app.provider.serving(self.head.origin.clone()).over(self.head.connection())
    }

    /// What is answered to a request that is refused before it came to the services: the refusal, once it is recorded; a
    /// fault where nothing more can be.
    pub(crate) async fn refused(&self, place: RefusedAt, refusal: Refusal) -> Failure {
        let refused: Result<Infallible, Failure> = Err(refusal.into());
        match self.serving().conclude(&self.realm, refused, (place, None)).await {
            Ok(never) => match never {},
            Err(failure) => failure,
        }
    }
}

impl Head {
    pub(crate) fn of(request: &Request) -> Self {
        let extensions = request.extensions();
        let peer = || request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip);
        let address = extensions.get::<ClientAddress>().map(|address| address.0).or_else(peer);
        let without_listener = || Origin { request_id: [0; 16].into(), address, actor: Actor::Server };
        Self {
            method: request.method().clone(),
            headers: request.headers().clone(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            address: address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
            origin: extensions.get::<Origin>().cloned().unwrap_or_else(without_listener),
            certificate: extensions.get::<PeerCertificate>().cloned(),
            connection_certificate: extensions.get().copied(),
        }
    }

    /// A header as text; nothing if it is absent, repeated or not text.
    pub(crate) fn header(&self, name: &http::HeaderName) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next()?;
        values.next().is_none().then(|| first.to_str().ok()).flatten()
    }

    /// The `Authorization` header; an unreadable or repeated one counts as one that is wrong.
    pub(crate) fn authorization(&self) -> Option<&str> {
        self.headers.contains_key(AUTHORIZATION).then(|| self.header(&AUTHORIZATION).unwrap_or_default())
    }

    /// The header `DPoP`.
    pub(crate) fn dpop(&self) -> DpopHeader<'_> {
        DpopHeader::of(self.headers.get_all("dpop").iter().map(http::HeaderValue::as_bytes))
    }

    /// The certificates of the connection.
    pub(crate) fn certificate(&self) -> Option<Arc<CertificateChain>> {
        self.certificate.as_ref().and_then(|peer| CertificateChain::from_der(peer.chain())).map(Arc::new)
    }

    /// The request to a resource at one of `uris`, with the form body where tokens may be there.
    pub(crate) fn to_resource<'a>(&'a self, uris: &'a [String], form: Option<&'a Parameters>) -> ResourceRequest<'a> {
        ResourceRequest {
            method: self.method.as_str(),
            uris,
            headers: &self.headers,
            query: &self.query,
            form,
            certificate: self.connection_certificate.as_ref(),
        }
    }

    /// What scripts are told of the connection.
    fn connection(&self) -> Connection<'_> {
        let certificate = self.certificate.as_ref().and_then(|peer| peer.chain().first());
        Connection { user_agent: self.header(&USER_AGENT), certificate: certificate.map(Vec::as_slice) }
    }

    /// The language for pages.
    pub(crate) fn locale(&self, ui_locales: &[String]) -> Locale {
        let ui_locales = ui_locales.join(" ");
        Locale::negotiate(LanguageWishes {
            ui_locales: Some(&ui_locales),
            accept_language: self.header(&ACCEPT_LANGUAGE),
        })
    }

    /// The parameters of the query.
    pub(crate) fn query_parameters(&self) -> Result<Parameters, Refusal> {
        Parameters::parse(&self.query).map_err(unreadable)
    }

    /// The parameters of a form body (RFC 6749 appendix B).
    pub(crate) async fn form(&self, body: Body) -> Result<Parameters, Refusal> {
        let content_type = self.header(&CONTENT_TYPE).unwrap_or_default();
        let (essence, charset) = content_type.split_once(';').unwrap_or((content_type, ""));
        let is_utf8 = charset.trim().is_empty() || charset.trim().eq_ignore_ascii_case("charset=utf-8");
        if !essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded") || !is_utf8 {
            let reason = "the body must be application/x-www-form-urlencoded in UTF-8";
            return Err(ErrorCode::InvalidRequest.because(reason).per(rfc6749("3.2")));
        }
        let unreadable_body =
            || ErrorCode::InvalidRequest.because("the body is too long or not UTF-8").per(rfc6749("B"));
        let bytes = body.into_bytes_limit(MAXIMUM_FORM_BYTES).await.map_err(|_| unreadable_body())?;
        let text = std::str::from_utf8(&bytes).map_err(|_| unreadable_body())?;
        Parameters::parse(text).map_err(unreadable)
    }
}

fn unreadable(error: signet_core::protocol::parameters::UnreadableParameters) -> Refusal {
    ErrorCode::InvalidRequest.because(error.to_string()).per(rfc6749("3.1"))
}

/// A request to an endpoint that programs use: refused in JSON.
pub(crate) struct ApiCall(pub(crate) Call);

/// A request about the admin API, whose realm no address names.
pub(crate) struct AdministrationCall(pub(crate) Call);

/// A request to an endpoint that people see: refused on a page.
pub(crate) struct PageCall(pub(crate) Call);

impl<'a> FromRequest<'a> for ApiCall {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        call(request).await.map(Self).map_err(|refused| respond_instead(refused.in_json()))
    }
}

impl<'a> FromRequest<'a> for AdministrationCall {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        call_to(request, ADMIN_REALM).await.map(Self).map_err(|refused| respond_instead(refused.in_json()))
    }
}

impl<'a> FromRequest<'a> for PageCall {
    async fn from_request(request: &'a Request, _: &mut RequestBody) -> poem::Result<Self> {
        call(request).await.map(Self).map_err(|refused| respond_instead(refused.on_page()))
    }
}

fn respond_instead(response: Response) -> poem::Error {
    poem::Error::from_response(response)
}

/// Why a request did not reach a realm.
struct NoRealm {
    app: Arc<App>,
    head: Head,
    failure: Failure,
}

impl NoRealm {
    fn in_json(self) -> Response {
        match self.failure {
            Failure::Refusal(refusal) => render::not_found(&refusal),
            failure @ Failure::Fault(_) => render::failure(&failure),
        }
    }

    fn on_page(self) -> Response {
        match self.failure {
            Failure::Refusal(_) => render::not_found_page(&self.app, &self.head),
            Failure::Fault(fault) => render::fault_page(&self.app, &self.head, fault),
        }
    }
}

/// What the endpoints share; the routes put it there.
pub(crate) fn app(request: &Request) -> Arc<App> {
    #[expect(
        clippy::expect_used,
        reason = "a route without it is a mistake in routes.rs, found by the first request to it"
    )]
    Arc::clone(request.data::<Arc<App>>().expect("routes.rs shares the app with every route"))
}

async fn call(request: &Request) -> Result<Call, Box<NoRealm>> {
    call_to(request, request.raw_path_param("realm").unwrap_or_default()).await
}

async fn call_to(request: &Request, realm: &str) -> Result<Call, Box<NoRealm>> {
    let head = Head::of(request);
    let app = app(request);
    let name = realm.parse();
    let unknown = |error: signet_core::protocol::identifiers::InvalidIdentifier| {
        Failure::Refusal(ErrorCode::InvalidRequest.because("there is no such realm").detail(error.to_string()))
    };
    let found = match name {
        Ok(name) => app.provider.realm(&name).await,
        Err(error) => Err(unknown(error)),
    };
    match found {
        Ok(realm) => Ok(Call { app, realm, head }),
        Err(failure) => Err(Box::new(NoRealm { app, head, failure })),
    }
}
