//! From settings to listeners.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use http::header::STRICT_TRANSPORT_SECURITY;
use signet_admin::{BASE_PATH, MAXIMUM_BODY_BYTES};
use signet_core::provider::Provider;
use signet_http::listener::{
    AddressHeader, AskForCertificates, LargeBody, Limits, ListenerSettings, ProxySettings, RequestIdSource,
    TlsSettings, Transport,
};
use signet_http::routes;

use crate::config::{ForwardingHeader, Protocol, Settings};

/// The main listener.
pub(super) fn main_listener(settings: &Settings, provider: &Arc<Provider>) -> ListenerSettings {
    let transport = match settings.listener.protocol {
        Protocol::Tls => tls(settings, asked_at_main(settings)),
        Protocol::Plain => Transport::Plain,
    };
    listener("main", (settings.listener.address, transport), settings, provider)
}

/// The listener that asks for client certificates, if there is to be one.
pub(super) fn mutual_tls_listener(settings: &Settings, provider: &Arc<Provider>) -> Option<ListenerSettings> {
    let address = settings.listener.mtls_address?;
    Some(listener("mtls", (address, tls(settings, AskForCertificates::Everybody)), settings, provider))
}

/// Certificates are asked for by name where they have a name of their own and no address of their own.
fn asked_at_main(settings: &Settings) -> AskForCertificates {
    match settings.mutual_tls_by_name() {
        Some(base) => AskForCertificates::ForHost(base.host().to_ascii_lowercase()),
        None => AskForCertificates::Nobody,
    }
}

fn tls(settings: &Settings, client_certificates: AskForCertificates) -> Transport {
    Transport::Tls(TlsSettings { certificates: settings.listener.certificates.clone(), client_certificates })
}

fn listener(
    name: &'static str,
    (address, transport): (SocketAddr, Transport),
    settings: &Settings,
    provider: &Arc<Provider>,
) -> ListenerSettings {
    let mut listener = ListenerSettings::new(name, address, transport, request_ids(provider));
    listener.proxies = proxies(settings);
    listener.limits = limits(settings);
    if let Some(hsts) = strict_transport_security(settings) {
        listener.refusal_headers.insert(STRICT_TRANSPORT_SECURITY, hsts);
    }
    listener
}

/// Random bytes for the ids of requests.
pub(super) fn request_ids(provider: &Arc<Provider>) -> RequestIdSource {
    let provider = Arc::clone(provider);
    Arc::new(move || signet_jose::random::random_bytes(&*provider.random))
}

fn proxies(settings: &Settings) -> ProxySettings {
    let proxy = &settings.proxy;
    ProxySettings {
        trusted: proxy.trusted.clone(),
        client_certificate_headers: proxy.client_certificate_headers.clone(),
        address_header: match proxy.address_header {
            ForwardingHeader::XForwardedFor => AddressHeader::XForwardedFor,
            ForwardingHeader::Forwarded => AddressHeader::Forwarded,
        },
    }
}

fn large_bodies() -> Vec<LargeBody> {
    let administration = LargeBody { path_prefix: BASE_PATH.to_owned(), bytes: MAXIMUM_BODY_BYTES };
    routes::large_bodies().into_iter().chain([administration]).collect()
}

fn limits(settings: &Settings) -> Limits {
    let limits = &settings.limits;
    Limits {
        header_bytes: limits.header_bytes.0,
        header_count: limits.header_count.0,
        uri_bytes: limits.uri_bytes.0,
        body_bytes: limits.body_bytes.0,
        large_bodies: large_bodies(),
        body_bytes_at_once: limits.body_bytes_at_once.0,
        requests_at_once: limits.requests_at_once.0,
        connections: limits.connections.0,
        connections_per_address: limits.connections_per_address.0,
        handshake_time: Duration::from_secs(limits.handshake_seconds.0),
        header_time: Duration::from_secs(limits.header_seconds.0),
        body_time: Duration::from_secs(limits.body_seconds.0),
        answer_time: Duration::from_secs(limits.answer_seconds.0),
        idle_time: Duration::from_secs(limits.idle_seconds.0),
        connection_time: Duration::from_secs(limits.connection_seconds.0),
        streams: limits.streams.0,
        resets: limits.resets.0,
    }
}

/// RFC 6797 section 6.1. Not for a name that every other development server on this machine has too.
pub(super) fn strict_transport_security(settings: &Settings) -> Option<HeaderValue> {
    let seconds = settings.server.hsts_seconds.0;
    let wanted = seconds > 0 && !settings.server.public_url.is_local();
    wanted.then(|| HeaderValue::try_from(format!("max-age={seconds}")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Configuration;

    fn hsts(variables: &[(&str, &str)]) -> Option<String> {
        let plain = ("SIGNET_LISTENER_PROTOCOL", "plain");
        let environment = std::iter::once(&plain).chain(variables).map(|(name, text)| (name.into(), text.into()));
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signet.toml");
        std::fs::write(&file, "").unwrap();
        let settings = Configuration::load(Some(&file), environment).unwrap().settings;
        strict_transport_security(&settings).map(|value| value.to_str().unwrap().to_owned())
    }

    #[test]
    fn rfc6797_6_1_said_for_public_names_alone() {
        let public = ("SIGNET_SERVER_PUBLIC_URL", "https://login.example.com");
        assert_eq!(hsts(&[public]).as_deref(), Some("max-age=31536000"));
        assert_eq!(hsts(&[public, ("SIGNET_SERVER_HSTS_SECONDS", "0")]), None);
        assert_eq!(hsts(&[]), None, "localhost belongs to every development server of the machine");
    }
}
