//! What a listed proxy may say about a client, and what nobody else may.
//!
//! Headers that speak of the client or of the original request are read once, here, and removed from every request,
//! so that no later code can believe them by accident. Issuer and links never depend on any of them.

use std::net::{IpAddr, SocketAddr};

use http::header::{FORWARDED, HeaderName};
use http::{HeaderMap, HeaderValue, StatusCode};
use ipnet::IpNet;

use super::peer_certificate::{MalformedCertificate, PeerCertificate};
use super::request_id::{REQUEST_ID_HEADER, RequestId};

const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Names under which proxies hand on certificates and original requests, beside `x-forwarded-*`. They are removed
/// even where nobody configured them.
const PROXY_HEADERS: &[&str] = &[
    "client-cert",
    "client-cert-chain",
    "x-client-cert",
    "x-ssl-client-cert",
    "x-ssl-cert",
    "ssl-client-cert",
    "ssl-client-escaped-cert",
    "forwarded",
    "x-real-ip",
    "x-original-uri",
    "x-original-url",
    "x-original-host",
    "x-rewrite-url",
    "x-request-id",
];

const FORWARDED_PREFIX: &str = "x-forwarded-";

/// The longest way through listed proxies that is followed to a client address.
const LONGEST_WAY: usize = 32;

/// Which peers are proxies of the deployment, and what they send.
///
/// A listed proxy must itself remove these headers from what it receives; a proxy that passes on what a stranger
/// wrote makes the stranger's words its own.
#[derive(Debug, Clone, Default)]
pub struct ProxySettings {
    /// Networks of the proxies. Empty: there is no proxy, and nobody is believed.
    pub trusted: Vec<IpNet>,
    /// Headers that may carry the client's certificate, usually one. `client-cert` has the form of RFC 9440 and may
    /// come with `client-cert-chain`; any other name carries PEM, URL-encoded PEM, or base64 of DER.
    pub client_certificate_headers: Vec<HeaderName>,
    /// The one header that carries the client's address.
    pub address_header: AddressHeader,
}

/// The header in which proxies append the address they were called from. Only one is read, because a proxy that
/// maintains the one lets strangers write the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AddressHeader {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

/// The address a request came from: the peer of the connection, or what listed proxies say of it. In the extensions
/// of every request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// What a request says about its client once everything unbelievable is gone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) address: ClientAddress,
    /// What a listed proxy says; an error refuses the request.
    pub(super) certificate: Result<Option<PeerCertificate>, StatusCode>,
    pub(super) request_id: Option<RequestId>,
    pub(super) came_by_proxy: bool,
}

impl ProxySettings {
    /// Whether the peer is a listed proxy.
    pub(super) fn lists(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted.iter().any(|network| network.contains(&peer))
    }

    /// Reads what the peer may say, and removes all headers that only a proxy may send.
    pub(super) fn take_origin(&self, peer: SocketAddr, headers: &mut HeaderMap) -> Origin {
        let origin = if self.lists(peer.ip()) {
            Origin {
                address: ClientAddress(self.client_address(peer.ip(), headers)),
                certificate: self.certificate(headers),
                request_id: headers.get(REQUEST_ID_HEADER).and_then(RequestId::from_header),
                came_by_proxy: true,
            }
        } else {
            let address = ClientAddress(peer.ip().to_canonical());
            Origin { address, certificate: Ok(None), request_id: None, came_by_proxy: false }
        };
        self.remove_proxy_headers(headers);
        origin
    }

    /// One header, once, well-formed: a second copy is a smuggled one. RFC 9440 section 2.3: no chain without its
    /// certificate.
    fn certificate(&self, headers: &HeaderMap) -> Result<Option<PeerCertificate>, StatusCode> {
        let mut present = self
            .client_certificate_headers
            .iter()
            .flat_map(|name| headers.get_all(name).into_iter().map(move |value| (name, value)))
            .filter(|(_, value)| !value.is_empty());
        let chain_is_expected = self.client_certificate_headers.contains(&CLIENT_CERT);
        let chain = headers.get_all(CLIENT_CERT_CHAIN);
        match (present.next(), present.next()) {
            (None, _) if chain_is_expected && headers.contains_key(CLIENT_CERT_CHAIN) => Err(StatusCode::BAD_REQUEST),
            (None, _) => Ok(None),
            (Some((name, value)), None) => if *name == CLIENT_CERT {
                PeerCertificate::from_rfc9440(value, chain.iter())
            } else {
                PeerCertificate::from_named_header(value)
            }
            .map(Some)
            .map_err(|MalformedCertificate| StatusCode::BAD_REQUEST),
            (Some(_), Some(_)) => Err(StatusCode::BAD_REQUEST),
        }
    }

    /// Walks from the peer towards the client as long as each step was written by a listed proxy. An entry that is no
    /// address ends the walk at the last proxy.
    fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut address = peer.to_canonical();
        let entries = match self.address_header {
            AddressHeader::XForwardedFor => forwarded_for(headers),
            AddressHeader::Forwarded => forwarded(headers),
        };
        for entry in entries.into_iter().rev().take(LONGEST_WAY) {
            if !self.lists(address) {
                break;
            }
            match entry {
                Some(next) => address = next.to_canonical(),
                None => break,
            }
        }
        address
    }

    fn remove_proxy_headers(&self, headers: &mut HeaderMap) {
        let removed: Vec<HeaderName> = headers
            .keys()
            .filter(|name| {
                let is = |other: &str| folded(name.as_str()).eq(folded(other));
                folded(name.as_str()).take(FORWARDED_PREFIX.len()).eq(folded(FORWARDED_PREFIX))
                    || PROXY_HEADERS.iter().any(|header| is(header))
                    || self.client_certificate_headers.iter().any(|header| is(header.as_str()))
            })
            .cloned()
            .collect();
        for name in removed {
            headers.remove(name);
        }
    }
}

/// Underscores count as hyphens, because some gateways and languages treat them alike.
fn folded(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| if byte == b'_' { b'-' } else { byte })
}

fn entries(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    headers.get_all(name).into_iter().flat_map(|line: &HeaderValue| line.to_str().unwrap_or("").split(','))
}

fn forwarded_for(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    entries(headers, X_FORWARDED_FOR).map(node_address).collect()
}

/// RFC 7239 section 4: elements apart by commas, pairs by semicolons; an element without `for` names nobody.
fn forwarded(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let for_of = |element: &str| {
        element.split(';').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            name.trim().eq_ignore_ascii_case("for").then(|| node_address(value))?
        })
    };
    entries(headers, FORWARDED).map(for_of).collect()
}

/// An address, optionally quoted, bracketed and followed by a port (RFC 7239 section 6).
fn node_address(node: &str) -> Option<IpAddr> {
    let node = node.trim().trim_matches('"');
    let bracketed = node.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(address, _)| address);
    node.parse()
        .ok()
        .or_else(|| node.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| bracketed?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(address_header: AddressHeader) -> ProxySettings {
        let trusted = ["10.0.0.0/8", "2001:db8:aaaa::/48"].iter().map(|network| network.parse().unwrap()).collect();
        ProxySettings { trusted, address_header, ..ProxySettings::default() }
    }

    fn address(settings: &ProxySettings, peer: &str, lines: &[&str]) -> String {
        let name = match settings.address_header {
            AddressHeader::XForwardedFor => X_FORWARDED_FOR,
            AddressHeader::Forwarded => FORWARDED,
        };
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(name.clone(), line.parse().unwrap());
        }
        let origin = settings.take_origin(SocketAddr::new(peer.parse().unwrap(), 1), &mut headers);
        assert!(headers.is_empty(), "{headers:?}");
        origin.address.0.to_string()
    }

    #[test]
    fn the_client_is_the_first_address_that_no_listed_proxy_vouches_for() {
        let settings = settings(AddressHeader::XForwardedFor);
        let cases: &[(&str, &[&str], &str)] = &[
            ("192.0.2.1", &["203.0.113.9"], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("::ffff:10.0.0.1", &["203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7, 203.0.113.9"], "203.0.113.9"),
            ("10.0.0.1", &["198.51.100.7", "203.0.113.9, 10.9.9.9"], "203.0.113.9"),
            ("10.0.0.1", &["203.0.113.9:4711"], "203.0.113.9"),
            ("10.0.0.1", &["[2001:db8::1]:4711"], "2001:db8::1"),
            ("2001:db8:aaaa::1", &["2001:db8::1"], "2001:db8::1"),
            ("10.0.0.1", &["203.0.113.9, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["203.0.113.9, unknown, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &["203.0.113.9,,"], "10.0.0.1"),
        ];
        for (peer, lines, expected) in cases {
            assert_eq!(address(&settings, peer, lines), *expected, "{peer} {lines:?}");
        }
    }

    #[test]
    fn rfc7239_4_the_for_parameter_is_read_where_it_is_the_configured_header() {
        let settings = settings(AddressHeader::Forwarded);
        let cases: &[(&[&str], &str)] = &[
            (&["for=203.0.113.9"], "203.0.113.9"),
            (&["For=\"[2001:db8::1]:4711\";proto=https;by=10.0.0.1"], "2001:db8::1"),
            (&["proto=https; for=203.0.113.9"], "203.0.113.9"),
            (&["for=198.51.100.7, for=203.0.113.9", "for=10.0.0.5"], "203.0.113.9"),
            (&["for=203.0.113.9, for=_hidden"], "10.0.0.1"),
            (&["for=203.0.113.9, proto=https"], "10.0.0.1"),
        ];
        for (lines, expected) in cases {
            assert_eq!(address(&settings, "10.0.0.1", lines), *expected, "{lines:?}");
        }
    }

    #[test]
    fn only_the_configured_address_header_counts() {
        let mut headers = HeaderMap::new();
        headers.insert(FORWARDED, HeaderValue::from_static("for=203.0.113.9"));
        let peer = SocketAddr::new("10.0.0.1".parse().unwrap(), 1);
        let origin = settings(AddressHeader::XForwardedFor).take_origin(peer, &mut headers);
        assert_eq!(origin.address.0, peer.ip());
        assert!(headers.is_empty());
    }
}
