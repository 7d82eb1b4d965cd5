//! What settings demand of each other.

use super::settings::Settings;
use super::value::{BaseUrl, Protocol};

/// A section, a key in it, and what is wrong there.
type Finding = (&'static str, &'static str, String);

impl Settings {
    /// The base for clients with certificates where its host name alone tells it from the others: the listener then asks
    /// those for a certificate who connect to that name (RFC 8705 section 5).
    pub(crate) fn mutual_tls_by_name(&self) -> Option<&BaseUrl> {
        let Self { server, listener, proxy, .. } = self;
        let has_place = listener.mtls_address.is_some() || !proxy.client_certificate_headers.is_empty();
        let base = server.mtls_public_url.as_ref()?;
        (listener.protocol == Protocol::Tls && !has_place && base.host() != server.public_url.host()).then_some(base)
    }
}

/// Every demand that is not met.
pub(super) fn check(settings: &Settings) -> Vec<Finding> {
    let Settings { server, listener, proxy, .. } = settings;
    let plain = listener.protocol == Protocol::Plain;
    let hands_on_certificates = !proxy.client_certificate_headers.is_empty();
    let demands = [
        (
            !plain && listener.certificates.is_empty(),
            ("listener", "certificates"),
            "is empty; name a chain file and its key file, or set listener.protocol to plain behind a proxy that has \
             them",
        ),
        (
            plain && listener.mtls_address.is_some(),
            ("listener", "mtls_address"),
            "needs listener.protocol tls; behind a proxy, remove it and set proxy.client_certificate_headers",
        ),
        (
            listener.mtls_address.is_some() && server.mtls_public_url.is_none(),
            ("listener", "mtls_address"),
            "needs server.mtls_public_url, the base under which clients reach this address",
        ),
        (
            server.mtls_public_url.is_some()
                && listener.mtls_address.is_none()
                && !hands_on_certificates
                && settings.mutual_tls_by_name().is_none(),
            ("server", "mtls_public_url"),
            "needs a host name of its own, or listener.mtls_address, or a proxy that hands on certificates in \
             proxy.client_certificate_headers",
        ),
        (
            server.mtls_public_url.as_ref() == Some(&server.public_url),
            ("server", "mtls_public_url"),
            "is the same as server.public_url; give it a host name or port of its own",
        ),
        (
            hands_on_certificates && proxy.trusted.is_empty(),
            ("proxy", "client_certificate_headers"),
            "needs proxy.trusted, the networks of the proxies that may send them",
        ),
    ];
    let unmet = demands.into_iter().filter(|(unmet, ..)| *unmet);
    unmet.map(|(_, (section, name), said)| (section, name, said.to_owned())).collect()
}
