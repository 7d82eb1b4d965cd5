//! HTTP as a client sees it: no redirect is followed, nothing is remembered, only the tests' authority is trusted.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use super::certificates::{AUTHORITY, Identity, MUTUAL_TLS_HOST};
use super::server::is_balanced;

/// An HTTP client.
#[derive(Debug, Clone)]
#[expect(clippy::disallowed_types, reason = "tests are clients of the server, which has one way out of its own")]
pub(crate) struct HttpClient(reqwest::Client);

/// A request that is being put together.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
    /// What was asked for.
    pub(crate) url: String,
}

impl HttpClient {
    pub(crate) fn new() -> Self {
        Self::presenting(None)
    }

    /// A client that presents a certificate where one is asked for.
    pub(crate) fn presenting(identity: Option<&Identity>) -> Self {
        Self::with((&AUTHORITY.certificate_pem(), identity), |builder| builder)
    }

    /// The same, speaking HTTP/1.1, where a request may name another host than its connection was made for.
    pub(crate) fn http1(identity: Option<&Identity>) -> Self {
        Self::with((&AUTHORITY.certificate_pem(), identity), reqwest::ClientBuilder::http1_only)
    }

    /// A client that trusts another authority and presents a certificate where one is asked for.
    pub(crate) fn trusting_and_presenting(authority: &str, identity: &Identity) -> Self {
        Self::with((authority, Some(identity)), |builder| builder)
    }

    /// A client that trusts another authority.
    pub(crate) fn trusting(authority: &str) -> Self {
        Self::with((authority, None), |builder| builder)
    }

    #[expect(clippy::disallowed_types, reason = "see the type")]
    fn with(
        (authority, identity): (&str, Option<&Identity>),
        set_up: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Self {
        let authority = reqwest::Certificate::from_pem(authority.as_bytes()).unwrap();
        let mut builder = set_up(reqwest::Client::builder())
            .redirect(reqwest::redirect::Policy::none())
            .resolve(MUTUAL_TLS_HOST, SocketAddr::from(([127, 0, 0, 1], 0)))
            .tls_built_in_root_certs(false)
            .add_root_certificate(authority)
            .no_proxy();
        if is_balanced() {
            // A connection for each request, so that the requests of a test go to one node after the other.
            builder = builder.pool_max_idle_per_host(0);
        }
        if let Some(identity) = identity {
            let (certificate, key) = (identity.chain_pem(), identity.key_pem());
            builder =
                builder.identity(reqwest::Identity::from_pkcs8_pem(certificate.as_bytes(), key.as_bytes()).unwrap());
        }
        Self(builder.build().unwrap())
    }

    pub(crate) async fn send(&self, request: Request) -> Answer {
        let url = request.url.clone();
        self.try_send(request).await.unwrap_or_else(|error| panic!("{url}: {error:?}"))
    }

    /// For servers that may not be there.
    pub(crate) async fn try_send(&self, request: Request) -> Result<Answer, reqwest::Error> {
        let url = request.url.clone();
        let sent = self.0.request(request.method, &request.url).headers(request.headers).body(request.body);
        let response = sent.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8(response.bytes().await?.into()).expect("only text is served here");
        Ok(Answer { status, headers, body, url })
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(Request::get(url)).await
    }

    pub(crate) async fn post(&self, url: &str, parameters: &[(&str, &str)]) -> Answer {
        self.send(Request::form(url, parameters)).await
    }
}

/// Sends the same request many times at once.
pub(crate) async fn at_once(count: usize, send: impl AsyncFn() -> Answer) -> Vec<Answer> {
    futures_util::future::join_all((0..count).map(|_| send())).await
}

/// The names of an object's members.
pub(crate) fn members(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap_or_else(|| panic!("no object: {object}")).keys().map(String::as_str).collect()
}

/// Parameters as a form or a query carries them (RFC 6749 appendix B).
pub(crate) fn encode(parameters: &[(impl AsRef<str>, impl AsRef<str>)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// The parameters of a form or a query.
pub(crate) fn decode(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}

impl Request {
    pub(crate) fn get(url: &str) -> Self {
        Self { method: Method::GET, url: url.to_owned(), headers: HeaderMap::new(), body: Vec::new() }
    }

    /// A POST of parameters.
    pub(crate) fn form(url: &str, parameters: &[(&str, &str)]) -> Self {
        Self::post(url, "application/x-www-form-urlencoded", encode(parameters))
    }

    /// A POST of anything.
    pub(crate) fn post(url: &str, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let request = Self { method: Method::POST, url: url.to_owned(), headers: HeaderMap::new(), body: body.into() };
        request.header("content-type", content_type)
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub(crate) fn basic(self, name: &str, password: &str) -> Self {
        use base64::Engine as _;
        let encode = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encode(name), encode(password));
        self.header("authorization", &format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
    }
}

impl Answer {
    /// A header; fails if it is there twice.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        let first = values.next().map(|value| value.to_str().unwrap());
        assert!(values.next().is_none(), "{name} is there twice: {:?}", self.headers);
        first
    }

    pub(crate) fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    pub(crate) fn content_type(&self) -> &str {
        self.header(CONTENT_TYPE.as_str()).unwrap_or_default()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self:?}"))
    }

    /// The JSON body of a success.
    pub(crate) fn success(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }
}
