//! A protected resource beside Signet, as an API of a deployer is: plans of FAPI use their access tokens there. What it
//! checks is checked by `signet-guard`, the library that APIs have for it.
//!
//! It asks Signet about every token, so that one that was revoked is refused at once. Beside it stands the service that
//! reaches users at their devices, which plans of CIBA need.

mod approval;

use crate::certificate::{ClientCertificate, Issued, issue};
use crate::error::HarnessError;
use crate::tls;
use approval::Approvals;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::http::request::Parts;
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use openssl::error::ErrorStack;
use openssl::pkey::PKey;
use openssl::ssl::{Ssl, SslAcceptor, SslMethod, SslRef, SslVerifyMode};
use openssl::x509::X509;
use signet_guard::jose::SystemRandom;
use signet_guard::{
    BoxError, ConnectionCertificate, Dpop, Guard, INTERACTION_ID, IntrospectionAnswer, IntrospectionCall,
    IntrospectionCheck, Protection, RequestHead, Requirement, interaction_id,
};
use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_openssl::SslStream;

/// What FAPI permits below TLS 1.3, for the kind of certificate that the resource has.
const CIPHERS: &str = "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384";
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
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
    random: SystemRandom,
    /// What tokens of a realm are used for, by its path.
    realms: Mutex<HashMap<String, Accounts>>,
    approvals: Approvals,
    authority: Vec<u8>,
}

/// Takes the tokens of a realm, if Signet says that they are good.
type Accounts = Protection<IntrospectionCheck<Introspection>, Dpop>;

/// How to ask Signet about the tokens of a realm.
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
}

impl IntrospectionCall for Introspection {
    async fn post(&self, form: String) -> Result<IntrospectionAnswer, BoxError> {
        let request = self.http.post(&self.url).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let response = request.body(form).send().await?;
        Ok(IntrospectionAnswer { status: response.status().as_u16(), body: response.bytes().await?.to_vec() })
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
        let (acceptor, random, approvals) = (acceptor(&issued)?, SystemRandom::new(), Approvals::default());
        let served = Arc::new(Served { acceptor, base, random, realms, approvals, authority: issued.authority });
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
        let client_id = introspection.client_id.clone();
        let tokens = IntrospectionCheck::new(introspection).parameter("client_id", &client_id);
        // FAPI wants tokens that are bound to something; which scopes a plan asks for is the plan's business.
        let requirement = Requirement::any_token().sender_constrained();
        let accounts = Protection::new(&self.served.base, Guard::new(tokens, Dpop::default()), requirement);
        self.served.realms.lock().unwrap_or_else(PoisonError::into_inner).insert(path, accounts);
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
    let certificate = certificate(stream.ssl());
    let served = &served;
    let service = service_fn(move |request: Request<Incoming>| async move {
        let (mut head, body) = request.into_parts();
        if head.uri.path().starts_with(APPROVALS) {
            return Ok::<_, Infallible>(served.approve(&head, body).await.map(Full::from));
        }
        if let Some(certificate) = certificate {
            head.extensions.insert(certificate);
        }
        Ok(served.answer(&head).await)
    });
    drop(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await);
}

/// The certificate that the client showed (RFC 8705 section 3).
fn certificate(ssl: &SslRef) -> Option<ConnectionCertificate> {
    Some(ConnectionCertificate::of_der(&ssl.peer_certificate()?.to_der().ok()?))
}

impl Served {
    /// Takes what Signet tells, and what the suite wants answered.
    async fn approve(&self, request: &Parts, body: Incoming) -> Response<String> {
        let done = || {
            let mut response = Response::new(String::new());
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
                    None => *refusal(StatusCode::BAD_REQUEST, "no message about a request"),
                }
            }
            ("/answer", Some(auth_req_id), Some(action)) => match self.approvals.answer(auth_req_id, action).await {
                Ok(()) => done(),
                Err(error) => {
                    crate::output::note(&format!("an answer was not taken: {error}"));
                    *refusal(StatusCode::BAD_GATEWAY, "Signet did not take the answer")
                }
            },
            _ => *refusal(StatusCode::NOT_FOUND, "there is nothing here"),
        }
    }

    async fn answer(&self, request: &Parts) -> Response<Full<Bytes>> {
        let mut response = match self.permit(request).await {
            Ok(headers) => {
                let mut response = Response::new("{\"accounts\":[]}\n".to_owned());
                response.headers_mut().extend(headers);
                response
            }
            Err(refusal) => *refusal,
        };
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(INTERACTION_ID, interaction_id(&request.headers, &self.random));
        response.map(Full::from)
    }

    /// Headers of the answer, or another answer.
    async fn permit(&self, request: &Parts) -> Result<HeaderMap, Box<Response<String>>> {
        let known = self.realms.lock().unwrap_or_else(PoisonError::into_inner).get(request.uri.path()).cloned();
        let accounts = known.ok_or_else(|| refusal(StatusCode::NOT_FOUND, "there is nothing here"))?;
        if request.method != Method::GET {
            return Err(refusal(StatusCode::METHOD_NOT_ALLOWED, "only GET"));
        }
        Ok(accounts.admit(RequestHead::of(request)).await?.headers)
    }
}

fn refusal(status: StatusCode, why: &str) -> Box<Response<String>> {
    let mut response = Response::new(format!("{{\"error_description\":\"{why}\"}}\n"));
    *response.status_mut() = status;
    Box::new(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::ClientAuthority;
    use crate::recorded::Recorded;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};
    use signet_guard::SystemClock;
    use signet_guard::jose::{SignatureAlgorithm, SigningKey};
    use signet_guard::protocol::time::Clock as _;

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
    fn client(certificate: Option<&ClientCertificate>) -> reqwest::Client {
        let mut http = reqwest::Client::builder().danger_accept_invalid_certs(true).no_proxy();
        if let Some(own) = certificate {
            http = http
                .identity(reqwest::Identity::from_pkcs8_pem(own.certificate.as_bytes(), own.key.as_bytes()).unwrap());
        }
        http.build().unwrap()
    }

    async fn get(url: &str, certificate: Option<&ClientCertificate>, authorization: &str) -> reqwest::Response {
        let request = client(certificate).get(url).header(INTERACTION_ID, "c770aef3-6784-41f7-8e0e-ff5f97bddb3a");
        request.header("authorization", authorization).send().await.unwrap()
    }

    async fn ask(url: &str, authorization: &str, proofs: &[&str]) -> reqwest::Response {
        let request = client(None).get(url).header("authorization", authorization);
        proofs.iter().fold(request, |request, proof| request.header("dpop", *proof)).send().await.unwrap()
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
        assert_eq!(seen.headers()[INTERACTION_ID], "c770aef3-6784-41f7-8e0e-ff5f97bddb3a");
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
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert!(challenge.starts_with("Bearer error=\"invalid_token\""), "{challenge}");
        // A token that is bound to nothing is as little use.
        let server = Recorded::start(|_: &str, _: &str| (200, "{\"active\":true}".to_owned())).await;
        let url = resource.serve("s", introspection(&server, &own));
        assert_eq!(get(&url, Some(&own), "Bearer t").await.status(), 401);
    }

    /// A proof for a GET with the token `t` (RFC 9449 section 4.2).
    fn proof(key: &SigningKey, url: &str, iat: i64) -> String {
        let header = json!({ "typ": "dpop+jwt", "alg": "ES256", "jwk": key.public_jwk() });
        let hash = URL_SAFE_NO_PAD.encode(openssl::sha::sha256(b"t"));
        let jti = crate::random::hexadecimal(16).unwrap();
        let claims = json!({ "jti": jti, "htm": "GET", "htu": url, "iat": iat, "ath": hash });
        let signed = [header, claims].map(|part: Value| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(key.sign_bytes(signed.as_bytes()).unwrap()))
    }

    #[tokio::test]
    async fn rfc9449_7_the_holder_of_the_key_sees_the_resource_once_a_proof() {
        let [key, other] = [(); 2].map(|()| SigningKey::generate(SignatureAlgorithm::ES256).unwrap());
        let jkt = key.public_jwk().unwrap().thumbprint().unwrap();
        let said = json!({ "active": true, "cnf": { "jkt": jkt } }).to_string();
        let server = Recorded::start(move |_: &str, _: &str| (200, said.clone())).await;
        let resource = Resource::start("localhost").await.unwrap();
        let own = ClientAuthority::new().unwrap().issue("own").unwrap();
        let url = resource.serve("r", introspection(&server, &own));
        let now = SystemClock.now().0;
        let good = proof(&key, &url, now);

        assert_eq!(ask(&url, "dPoP t", &[&good]).await.status(), 200);
        let elsewhere = proof(&key, "https://localhost:1/r/accounts", now);
        let (old, again) = (proof(&key, &url, now - 3600), proof(&key, &url, now));
        for (authorization, proofs) in [
            ("DPoP t", &[good.as_str()][..]),
            ("DPoP t", &[]),
            ("DPoP t", &[&elsewhere]),
            ("DPoP t", &[&old]),
            ("DPoP t", &[&proof(&other, &url, now)]),
            ("DPoP t", &[&again, &again]),
            ("Bearer t", &[&again]),
        ] {
            let refused = ask(&url, authorization, proofs).await;
            assert_eq!(refused.status(), 401, "{authorization} {proofs:?}");
            assert!(refused.headers()["www-authenticate"].to_str().unwrap().contains("DPoP "));
        }
        assert_eq!(ask(&url, "DPoP t", &[&again]).await.status(), 200, "none of them has used it up");
    }
}
