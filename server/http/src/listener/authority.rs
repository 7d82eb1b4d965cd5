//! Which host a request is for, and whether it came to the right connection.
//!
//! RFC 9112 section 3.2 (Host), RFC 9113 section 8.3.1 (:authority), RFC 9110 section 15.5.20 (421). Which hosts exist
//! is not decided here.

use std::sync::Arc;

use http::header::HOST;
use http::uri::Authority;
use http::{StatusCode, request};

/// The host and port that a request is for, as the client wrote them. In the extensions of every request. It may
/// select among configured bases; it never becomes part of an issuer or a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestAuthority {
    /// The host name in lower case, or an address; without port.
    pub host: Arc<str>,
    /// The port, where the client wrote one.
    pub port: Option<u16>,
}

/// Finds the one authority of a request. Absent, repeated, malformed or contradictory ones are answered 400.
pub(super) fn request_authority(request: &request::Parts) -> Result<RequestAuthority, StatusCode> {
    let mut hosts = request.headers.get_all(HOST).into_iter();
    let host = match (hosts.next(), hosts.next()) {
        (None, _) => None,
        (Some(value), None) => Some(Authority::try_from(value.as_bytes()).map_err(|_| StatusCode::BAD_REQUEST)?),
        (Some(_), Some(_)) => return Err(StatusCode::BAD_REQUEST),
    };
    let authority = match (request.uri.authority(), &host) {
        (Some(target), Some(host)) if target != host => return Err(StatusCode::BAD_REQUEST),
        (Some(target), _) => target,
        (None, Some(host)) => host,
        (None, None) => return Err(StatusCode::BAD_REQUEST),
    };
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return Err(StatusCode::BAD_REQUEST);
    }
    Ok(RequestAuthority { host: authority.host().to_ascii_lowercase().into(), port: authority.port_u16() })
}

/// A request on a connection that was made for another name is misdirected: certificates, sessions and the question
/// for a client certificate belong to the name of the handshake. A handshake without a name belongs to all.
pub(super) fn is_misdirected(authority: &RequestAuthority, sni: Option<&str>) -> bool {
    sni.is_some_and(|name| !name.eq_ignore_ascii_case(&authority.host))
}
