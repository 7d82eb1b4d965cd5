//! The port through which Signet asks other servers: for documents such as client key sets, and on behalf of scripts.
//!
//! Whoever implements it owns every defence against server-side request forgery; callers only name an address and say
//! what they are ready to receive. There is no other way out: nothing else in Signet opens an HTTP connection.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

/// Asks other servers.
#[async_trait]
pub trait OutboundHttp: Send + Sync {
    /// Fetches `url` with GET, or answers from the cache as [`Accept::freshness`] permits. A fragment is not sent; it
    /// names a version of the document, and each version is kept by itself. A caller that takes URLs from strangers
    /// takes their fragments off.
    ///
    /// Only a final answer with status 200 is a response; every other status is [`OutboundError::Status`] and a
    /// redirection is [`OutboundError::Redirect`], because its target was never checked by whoever registered `url`.
    async fn get(&self, url: &Url, accept: Accept) -> Result<OutboundResponse, OutboundError>;

    /// Sends one request and answers with whatever final status comes back. Nothing is cached, nothing is sent twice,
    /// and a host that failed is asked all the same: how often is for the caller to decide. A redirection is
    /// [`OutboundError::Redirect`] here too.
    async fn send(&self, request: OutboundRequest) -> Result<OutboundReply, OutboundError>;

    /// Whether `url` may be registered for being fetched later, as far as that can be told without asking anybody: its
    /// form, and its host where that is an address.
    ///
    /// # Errors
    /// [`OutboundError::UrlRefused`], [`OutboundError::AddressRefused`].
    fn check(&self, url: &Url) -> Result<(), OutboundError>;
}

/// A request that is sent as it is.
pub struct OutboundRequest {
    /// Where to.
    pub url: Url,
    /// Sent as bearer token (RFC 6750 section 2.1).
    pub bearer: Option<Zeroizing<String>>,
    /// The body of a POST; without one it is a GET.
    pub body: Option<OutboundBody>,
    /// Longest body of the reply in bytes. One byte more is [`OutboundError::TooLarge`].
    pub max_bytes: usize,
    /// Time for everything, from the name to the last byte.
    pub time: Duration,
}

/// The body of a request.
pub enum OutboundBody {
    /// JSON.
    Json(Vec<u8>),
    /// Parameters, encoded as a form.
    Form(String),
}

/// What another server answered, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundReply {
    /// The status code.
    pub status: u16,
    /// The body, at most [`OutboundRequest::max_bytes`] long.
    pub body: Vec<u8>,
}

/// What a caller is ready to receive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Accept {
    /// Sent as the `Accept` header, most wanted first. The answer's own type is in
    /// [`OutboundResponse::content_type`]; whether another type will do is for the caller to say.
    pub media_types: &'static [&'static str],
    /// Longest body in bytes. One byte more is [`OutboundError::TooLarge`].
    pub max_bytes: usize,
    /// Whether a cached copy will do.
    pub freshness: Freshness,
}

/// Whether a cached copy of a document will do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Freshness {
    /// A copy that is still fresh by the server's `max-age`, within the bounds of the deployment.
    Cached,
    /// The copy at hand did not help, for example because a key set lacks the `kid` that was asked for: fetch again,
    /// unless the copy is only a moment old. That moment keeps a stranger's invented `kid` from causing a fetch a
    /// request.
    Newer,
    /// No copy: what is decided once and for long is decided on what is there now.
    Current,
}

/// A document as another server sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboundResponse {
    /// The `Content-Type` as received, parameters included.
    pub content_type: Option<String>,
    /// The body, at most [`Accept::max_bytes`] long.
    pub body: Arc<[u8]>,
}

/// Why no document came back. None of the texts repeats what the other server said.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OutboundError {
    /// The URL is not one that Signet may fetch: wrong scheme, credentials in it, no host.
    #[error("the address may not be fetched: {0}")]
    UrlRefused(&'static str),
    /// The host name leads only to addresses that the address guard refuses.
    #[error(
        "{host} leads to {address}, which is {reason}; if that is intended, set outbound.allow_private_addresses or \
         list the network"
    )]
    AddressRefused {
        /// The host of the URL.
        host: String,
        /// The first refused address.
        address: std::net::IpAddr,
        /// What kind of address that is.
        reason: &'static str,
    },
    /// The host name has no address.
    #[error("the name {0} could not be resolved; check the name and this machine's name servers")]
    Unresolvable(String),
    /// No connection to any permitted address.
    #[error("no connection to {0}; check that the server runs and that a firewall lets Signet out")]
    Unreachable(String),
    /// The server's certificate or its TLS is not acceptable.
    #[error("TLS with {host} failed: {reason}; a private certificate authority goes into outbound.ca_file")]
    Tls {
        /// The host of the URL.
        host: String,
        /// What TLS says about it.
        reason: String,
    },
    /// The answer did not arrive completely in time.
    #[error("{0} did not answer completely in time")]
    TimedOut(String),
    /// The body is longer than [`Accept::max_bytes`].
    #[error("the answer of {0} is longer than permitted")]
    TooLarge(String),
    /// The server answered with a redirection, which is never followed.
    #[error("{0} answered with a redirection; register the final address instead")]
    Redirect(String),
    /// The server answered with a status other than 200.
    #[error("{host} answered with status {status} instead of 200")]
    Status {
        /// The host of the URL.
        host: String,
        /// The status it sent.
        status: u16,
    },
    /// What the server sent is not HTTP, ends early, or is encoded in a way that was not asked for.
    #[error("the answer of {0} is not acceptable HTTP")]
    Malformed(String),
    /// The last attempts failed, so that no new one is made for a while.
    #[error("{0} failed repeatedly and is left alone for a while")]
    CircuitOpen(String),
    /// This node itself cannot fetch: its certificate authorities cannot be loaded.
    #[error("outbound connections are not possible: {0}")]
    Unavailable(String),
}
