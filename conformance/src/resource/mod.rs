//! A protected resource beside Signet, as an API of a deployer is: plans of FAPI use their access tokens there.
//!
//! It asks Signet about every token, so that one that was revoked is refused at once. Beside it stands the service that
//! reaches users at their devices, which plans of CIBA need.

mod approval;
mod check;
mod proof;

use crate::certificate::{ClientCertificate, Issued, issue};
use crate::error::HarnessError;
use crate::moment;
use crate::tls;
use approval::Approvals;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use check::{Asked, Introspected, Used, holds, presented};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslRef, SslVerifyMode};
use openssl::x509::X509;
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;
use url::Url;

/// What FAPI permits below TLS 1.3, for the kind of certificate that the resource has.
const CIPHERS: &str = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
/// The header by which a request and what it causes are found again (FAPI 1.0 Part 1 section 6.2.1).
const INTERACTION: &str = "x-fapi-interaction-id";
const INTERACTION_LENGTH: usize = 36;
/// The path of the service that reaches users.
const APPROVALS: &str = "/approvals";
/// Longest message to it, in bytes.
const LONGEST_MESSAGE: usize = 64 * 1024;

/// A running resource; it stops when dropped.
pub(crate) struct Resource {
    served: Arc<Served>,
    _connections: JoinSet<()>,
}

struct Served {
    acceptor: SslAcceptor,
    base: String,
    used: Used,
    /// How to ask about tokens, by the path below which they are used.
    realms: Mutex<HashMap<String, Introspection>>,
    approvals: Approvals,
    authority: Vec<u8>,
}

/// How to ask Signet about the tokens of a realm.
#[derive(Clone)]
pub(crate) struct Introspection {
    #[expect(clippy::disallowed_types, reason = "the harness stands outside the product, as any client does")]
    http: reqwest::Client,
    url: String,
    client_id: String,
}

impl Introspection {
    /// As the client `client_id`, which authenticates with `certificate`; `authority` (PEM) is trusted besides the
    /// machine's authorities.
    pub(crate) fn new(
        url: String,
        client_id: String,
        certificate: &ClientCertificate,
        authority: Option<&[u8]>,
    ) -> Result<Self, HarnessError> {
        let http = tls::client_with(authority, Some(certificate), REQUEST_LIMIT)?;
        Ok(Self { http, url, client_id })
    }

    /// What Signet says; nothing where it does not answer.
    async fn ask(&self, token: &str) -> Option<Introspected> {
        let form = [("token", token), ("client_id", &self.client_id)];
        self.http.post(&self.url).form(&form).send().await.ok()?.json().await.ok()
    }
}

impl Resource {
    /// Listens where the suite reaches `host`.
    pub(crate) async fn start(host: &str) -> Result<Self, HarnessError> {
        let interface = if host == "localhost" { Ipv4Addr::LOCALHOST } else { Ipv4Addr::UNSPECIFIED };
        let listener = TcpListener::bind((IpAddr::from(interface), 0)).await?;
        let base = format!("https://{host}:{}", listener.local_addr()?.port());
        let realms = Mutex::default();
        let issued = issue(host)?;
        let (acceptor, used, approvals) = (acceptor(&issued)?, Used::default(), Approvals::default());
        let served = Arc::new(Served { acceptor, base, used, realms, approvals, authority: issued.authority });
        let mut connections = JoinSet::new();
        connections.spawn(accept(listener, Arc::clone(&served)));
        Ok(Self { served, _connections: connections })
    }

    /// Who vouches for its certificate (PEM).
    pub(crate) fn authority(&self) -> &[u8] {
        &self.served.authority
    }

    /// Where the service is that reaches users: below it `tell` for Signet and `answer` for the suite.
    pub(crate) fn approvals(&self) -> String {
        format!("{}{APPROVALS}", self.served.base)
    }

    /// Answers go to a Signet whose certificate `authority` (PEM) vouches for.
    pub(crate) fn answer_to(&self, authority: Option<&[u8]>) {
        self.served.approvals.trust(authority);
    }

    /// Takes the tokens of a realm, and returns the URL of what they give access to.
    pub(crate) fn serve(&self, realm: &str, introspection: Introspection) -> String {
        let path = format!("/{realm}/accounts");
        let url = format!("{}{path}", self.served.base);
        self.served.realms.lock().unwrap_or_else(PoisonError::into_inner).insert(path, introspection);
        url
    }
}

fn acceptor(issued: &Issued) -> Result<SslAcceptor, ErrorStack> {
    let mut builder = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server())?;
    builder.set_cipher_list(CIPHERS)?;
    let key = PKey::private_key_from_pem(&issued.key)?;
    builder.set_private_key(&key)?;
    let mut chain = X509::stack_from_pem(&issued.chain)?.into_iter();
    if let Some(certificate) = chain.next() {
        builder.set_certificate(&certificate)?;
    }
    for certificate in chain {
        builder.add_extra_chain_cert(certificate)?;
    }
    // Any certificate will do: what counts is that the token is bound to it (RFC 8705 section 3).
    builder.set_verify_callback(SslVerifyMode::PEER, |_, _| true);
    builder.set_session_id_context(b"resource")?;
    Ok(builder.build())
}

/// Serves until the resource is dropped.
async fn accept(listener: TcpListener, served: Arc<Served>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                connections.spawn(connection(stream, Arc::clone(&served)));
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

/// A connection's end, orderly or not, is the client's business.
async fn connection(stream: TcpStream, served: Arc<Served>) {
    let Ok(ssl) = Ssl::new(served.acceptor.context()) else { return };
    let Ok(mut stream) = SslStream::new(ssl, stream) else { return };
    if Pin::new(&mut stream).accept().await.is_err() {
        return;
    }
    let certificate = thumbprint(stream.ssl());
    let (served, certificate) = (&served, certificate.as_deref());
    let service = service_fn(move |request: Request<Incoming>| async move {
        let (head, body) = request.into_parts();
        if head.uri.path().starts_with(APPROVALS) {
            return Ok::<_, Infallible>(served.approve(&head, body).await);
        }
        Ok(served.answer(&head, certificate).await)
    });
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// SHA-256 of the certificate that the client showed (RFC 8705 section 3.1).
fn thumbprint(ssl: &SslRef) -> Option<String> {
    let digest = ssl.peer_certificate()?.digest(MessageDigest::sha256()).ok()?;
    Some(URL_SAFE_NO_PAD.encode(digest))
}

impl Served {
    /// Takes what Signet tells, and what the suite wants answered.
    async fn approve(&self, request: &Parts, body: Incoming) -> Response<Full<Bytes>> {
        let done = || {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NO_CONTENT;
            response
        };
        let query = request.uri.query().unwrap_or_default();
        let asked: HashMap<_, _> = url::form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        match (request.uri.path().trim_start_matches(APPROVALS), asked.get("auth_req_id"), asked.get("action")) {
            ("/tell", ..) => {
                let read =
                    Limited::new(body, LONGEST_MESSAGE).collect().await.ok().map(http_body_util::Collected::to_bytes);
                match read.and_then(|bytes| self.approvals.take(&bytes)) {
                    Some(()) => done(),
                    None => refusal(StatusCode::BAD_REQUEST, "no message about a request"),
                }
            }
            ("/answer", Some(auth_req_id), Some(action)) => match self.approvals.answer(auth_req_id, action).await {
                Ok(()) => done(),
                Err(error) => {
                    crate::output::note(&format!("an answer was not taken: {error}"));
                    refusal(StatusCode::BAD_GATEWAY, "Signet did not take the answer")
                }
            },
            _ => refusal(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }

    async fn answer(&self, request: &Parts, certificate: Option<&str>) -> Response<Full<Bytes>> {
        let mut response = match self.permit(request, certificate).await {
            Ok(()) => Response::new(Full::from("{\"accounts\":[]}\n")),
            Err((status, why)) => refusal(status, why),
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let sent = request.headers.get(INTERACTION).filter(|value| value.len() == INTERACTION_LENGTH).cloned();
        if let Some(interaction) = sent.or_else(new_interaction) {
            headers.insert(INTERACTION, interaction);
        }
        response
    }

    async fn permit(&self, request: &Parts, certificate: Option<&str>) -> Result<(), (StatusCode, &'static str)> {
        let unauthorized = |why| (StatusCode::UNAUTHORIZED, why);
        let (path, headers) = (request.uri.path(), &request.headers);
        let known = self.realms.lock().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        let introspection = known.ok_or((StatusCode::NOT_FOUND, "there is nothing here"))?;
        if request.method != Method::GET {
            return Err((StatusCode::METHOD_NOT_ALLOWED, "only GET"));
        }
        let (scheme, token) = presented(headers).ok_or_else(|| unauthorized("no access token"))?;
        let said = introspection.ask(&token).await;
        let said = said.ok_or((StatusCode::BAD_GATEWAY, "Signet does not say whether the token is good"))?;
        let url = Url::parse(&format!("{}{path}", self.base));
        let url = url.map_err(|_| (StatusCode::BAD_REQUEST, "no address"))?;
        let asked = Asked { method: "GET", url: &url, headers, certificate, now: moment::seconds() };
        holds(&asked, (scheme.as_str(), token.as_str()), &said, &self.used).map_err(unauthorized)
    }
}

fn refusal(status: StatusCode, why: &str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(format!("{{\"error_description\":\"{why}\"}}\n")));
    *response.status_mut() = status;
    if status == StatusCode::UNAUTHORIZED {
        for challenge in ["Bearer error=\"invalid_token\"", "DPoP error=\"invalid_token\", algs=\"PS256 ES256\""] {
            response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
    response
}

/// A UUID (RFC 9562), random.
fn new_interaction() -> Option<HeaderValue> {
    let digits = crate::random::hexadecimal(16).ok()?;
    let parts = [&digits[..8], &digits[8..12], &format!("4{}", &digits[13..16]), &format!("8{}", &digits[17..20])];
    HeaderValue::try_from(format!("{}-{}", parts.join("-"), &digits[20..])).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::ClientAuthority;
    use crate::recorded::Recorded;
    use serde_json::json;

    fn introspection(server: &Recorded, certificate: &ClientCertificate) -> Introspection {
        let url = format!("{}/introspect", server.url());
        Introspection::new(url, "rs".into(), certificate, Some(server.authority())).unwrap()
    }

    fn bound_thumbprint(certificate: &ClientCertificate) -> String {
        URL_SAFE_NO_PAD.encode(openssl::sha::sha256(&certificate.der))
    }

    #[expect(
        clippy::disallowed_types,
        reason = "the suite trusts whatever certificate is shown, and so does this test"
    )]
    async fn get(url: &str, certificate: Option<&ClientCertificate>, authorization: &str) -> reqwest::Response {
        let mut http = reqwest::Client::builder().danger_accept_invalid_certs(true).no_proxy();
        if let Some(own) = certificate {
            http = http
                .identity(reqwest::Identity::from_pkcs8_pem(own.certificate.as_bytes(), own.key.as_bytes()).unwrap());
        }
        let http = http.build().unwrap();
        let request = http.get(url).header(INTERACTION, "c770aef3-6784-41f7-8e0e-ff5f97bddb3a");
        request.header("authorization", authorization).send().await.unwrap()
    }

    #[tokio::test]
    async fn rfc8705_3_the_holder_of_the_certificate_sees_the_resource() {
        let authority = ClientAuthority::new().unwrap();
        let (own, other) = (authority.issue("own").unwrap(), authority.issue("other").unwrap());
        let said = json!({ "active": true, "cnf": { "x5t#S256": bound_thumbprint(&own) } }).to_string();
        let server = Recorded::start(move |_: &str, _: &str| (200, said.clone())).await;
        let resource = Resource::start("localhost").await.unwrap();
        let url = resource.serve("r", introspection(&server, &own));

        let seen = get(&url, Some(&own), "bEARER t").await;

        assert_eq!(seen.status(), 200);
        assert_eq!(seen.headers()[INTERACTION], "c770aef3-6784-41f7-8e0e-ff5f97bddb3a");
        assert_eq!(seen.headers()["content-type"], "application/json");
        assert!(seen.headers().contains_key("date"));
        assert_eq!(server.last().body, "token=t&client_id=rs");
        for (certificate, authorization) in [(Some(&other), "Bearer t"), (None, "Bearer t"), (Some(&own), "DPoP t")] {
            assert_eq!(get(&url, certificate, authorization).await.status(), 401);
        }
        assert_eq!(get(&format!("{url}x"), Some(&own), "Bearer t").await.status(), 404);
    }

    #[tokio::test]
    async fn rfc7662_2_2_a_token_that_is_not_active_is_refused() {
        let own = ClientAuthority::new().unwrap().issue("own").unwrap();
        let server = Recorded::start(|_: &str, _: &str| (200, "{\"active\":false}".to_owned())).await;
        let resource = Resource::start("localhost").await.unwrap();
        let url = resource.serve("r", introspection(&server, &own));
        let refused = get(&url, Some(&own), "Bearer t").await;
        assert_eq!(refused.status(), 401);
        assert_eq!(refused.headers().get_all("www-authenticate").iter().count(), 2);
    }

    #[test]
    fn rfc9562_5_4_an_interaction_without_an_identifier_gets_one() {
        let text = new_interaction().unwrap();
        let parts: Vec<usize> = text.to_str().unwrap().split('-').map(str::len).collect();
        assert_eq!(parts, [8, 4, 4, 4, 12]);
        assert_eq!(text.as_bytes()[14], b'4');
    }
}
