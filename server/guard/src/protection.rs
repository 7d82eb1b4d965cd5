//! A guard with everything that a request needs: what the adapters for web frameworks stand on, and whoever has none.

use std::sync::Arc;

use http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, Response, Uri, request};
use serde_json::json;
use signet_jose::Random;
use signet_protocol::time::Clock;

use crate::{
    ConnectionCertificate, Denial, Guard, INTERACTION_ID, ProofCheck, Requirement, ResourceRequest, Scheme,
    SystemClock, TokenCheck, interaction_id,
};

/// The header that gives a nonce for DPoP proofs (RFC 9449 section 8.1).
const DPOP_NONCE: HeaderName = HeaderName::from_static("dpop-nonce");

/// A request without its body.
#[derive(Debug, Clone, Copy)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The path, and the query. The host does not count.
    pub uri: &'a Uri,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The client's certificate of the connection.
    pub certificate: Option<&'a ConnectionCertificate>,
}

impl<'a> RequestHead<'a> {
    /// That of an HTTP request. Whoever accepts its connection puts a [`ConnectionCertificate`] into the extensions.
    pub fn new(method: &'a Method, uri: &'a Uri, headers: &'a HeaderMap, extensions: &'a Extensions) -> Self {
        Self { method, uri, headers, certificate: extensions.get() }
    }

    /// That of an HTTP request.
    pub fn of(parts: &'a request::Parts) -> Self {
        Self::new(&parts.method, &parts.uri, &parts.headers, &parts.extensions)
    }
}

/// A request that was let through.
#[derive(Debug, Clone)]
pub struct Admitted<T> {
    /// What its token says.
    pub token: Arc<T>,
    /// Headers that the response has besides its own.
    pub headers: HeaderMap,
}

/// Told of each request that is not let through, for the log.
type Report<F> = Arc<dyn Fn(&Denial<F>) + Send + Sync>;

/// Protects resources below an address. Cloning shares everything that is remembered.
pub struct Protection<C: TokenCheck, P> {
    guard: Arc<Guard<C, P>>,
    bases: Arc<[String]>,
    requirement: Arc<Requirement>,
    clock: Arc<dyn Clock>,
    interactions: Option<Arc<dyn Random>>,
    report: Option<Report<C::Fault>>,
}

impl<C: TokenCheck, P> Clone for Protection<C, P> {
    fn clone(&self) -> Self {
        Self {
            guard: Arc::clone(&self.guard),
            bases: Arc::clone(&self.bases),
            requirement: Arc::clone(&self.requirement),
            clock: Arc::clone(&self.clock),
            interactions: self.interactions.clone(),
            report: self.report.clone(),
        }
    }
}

impl<C: TokenCheck, P: ProofCheck<C::Token, C::Fault>> Protection<C, P> {
    /// Protects what is reached at `base`, such as `https://api.example.com`: clients make DPoP proofs for that and the
    /// path of the request. Lets through by `guard` who meets `requirement`.
    pub fn new(base: &str, guard: Guard<C, P>, requirement: Requirement) -> Self {
        Self {
            guard: Arc::new(guard),
            bases: [trimmed(base)].into(),
            requirement: Arc::new(requirement),
            clock: Arc::new(SystemClock),
            interactions: None,
            report: None,
        }
    }

    /// Another address that the same resources are reached at, such as one for mutual TLS.
    #[must_use]
    pub fn also_at(mut self, base: &str) -> Self {
        self.bases = self.bases.iter().cloned().chain([trimmed(base)]).collect();
        self
    }

    /// The same guard before resources with another requirement.
    #[must_use]
    pub fn requiring(&self, requirement: Requirement) -> Self {
        Self { requirement: Arc::new(requirement), ..self.clone() }
    }

    /// Goes by another clock than the system's.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Each response has an `x-fapi-interaction-id`: that of the request, or a new one.
    #[must_use]
    pub fn interaction_ids(mut self, random: Arc<dyn Random>) -> Self {
        self.interactions = Some(random);
        self
    }

    /// Tells of each request that is not let through why, for the log: of what went wrong here nobody else learns. No text
    /// of a denial holds a token.
    #[must_use]
    pub fn reporting(mut self, report: impl Fn(&Denial<C::Fault>) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }

    /// Lets a request through, or answers it.
    ///
    /// # Errors
    /// The response to a request that is not let through. Its body is JSON, or empty where the request has no token.
    pub async fn admit(&self, request: RequestHead<'_>) -> Result<Admitted<C::Token>, Box<Response<String>>> {
        let uris: Vec<String> = self.bases.iter().map(|base| format!("{base}{}", request.uri.path())).collect();
        let asked = ResourceRequest {
            method: request.method.as_str(),
            uris: &uris,
            headers: request.headers,
            query: request.uri.query().unwrap_or_default(),
            form: None,
            certificate: request.certificate,
        };
        let now = self.clock.now();
        let mut headers = self.common(request.headers);
        match self.guard.admit(&asked, &self.requirement, now).await {
            Ok(token) => {
                let nonce = match Scheme::of(request.headers) {
                    Scheme::Dpop => self.guard.proofs.nonce(false, now),
                    Scheme::Bearer => None,
                };
                let nonce = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok());
                headers.extend(nonce.map(|nonce| (DPOP_NONCE, nonce)));
                Ok(Admitted { token: Arc::new(token), headers })
            }
            Err(denial) => Err(Box::new(self.refuse(&denial, request.headers))),
        }
    }

    /// The response to a request that is not let through, also for what the resource finds out later, such as by
    /// [`Requirement::check`]. `headers` are those of the request.
    pub fn refuse(&self, denial: &Denial<C::Fault>, headers: &HeaderMap) -> Response<String> {
        if let Some(report) = &self.report {
            report(denial);
        }
        let body = match denial {
            Denial::NothingPresented => String::new(),
            Denial::Fault(_) => json!({ "error": "temporarily_unavailable" }).to_string(),
            Denial::Refused(_) | Denial::InsufficientUserAuthentication { .. } => {
                let refusal = denial.refusal();
                json!({ "error": refusal.code.as_str(), "error_description": refusal.reason }).to_string()
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = denial.status();
        let challenge = self.guard.challenge(denial, headers, &self.requirement);
        let own = response.headers_mut();
        own.extend(self.common(headers));
        own.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !matches!(denial, Denial::NothingPresented) {
            own.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        own.extend(challenge.map(|challenge| (WWW_AUTHENTICATE, challenge)));
        own.extend(self.guard.nonce(denial, self.clock.now()).map(|nonce| (DPOP_NONCE, nonce)));
        response
    }

    /// Headers of every response.
    fn common(&self, request: &HeaderMap) -> HeaderMap {
        let identifier = self.interactions.as_deref().map(|random| interaction_id(request, random));
        identifier.into_iter().map(|identifier| (INTERACTION_ID, identifier)).collect()
    }
}

fn trimmed(base: &str) -> String {
    base.trim_end_matches('/').to_owned()
}
