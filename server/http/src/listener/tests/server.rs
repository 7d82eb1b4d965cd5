//! A listener with an endpoint that tells what reached it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use poem::endpoint::make;
use poem::{IntoEndpoint, Request, Response};
use serde_json::{Value, json};

use super::certificates::{Folder, Identity, elliptic_curve_key, rsa_key};
use crate::listener::{
    AskForCertificates, CertificateFiles, ClientAddress, Listener, ListenerSettings, PeerCertificate, RequestAuthority,
    RequestId, RequestIdSource, RunningListener, TlsFacts, TlsSettings, Transport,
};

pub(super) const HOST: &str = "signet.test";

pub(super) fn anywhere() -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, 0))
}

/// Numbers in place of randomness.
pub(super) fn request_ids() -> RequestIdSource {
    let next = AtomicU64::new(1);
    Arc::new(move || u128::from(next.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
}

pub(super) fn plain() -> ListenerSettings {
    ListenerSettings::new("plain", anywhere(), Transport::Plain, request_ids())
}

pub(super) fn tls(certificates: Vec<CertificateFiles>) -> ListenerSettings {
    let settings = TlsSettings { certificates, client_certificates: AskForCertificates::Nobody };
    ListenerSettings::new("main", anywhere(), Transport::Tls(settings), request_ids())
}

/// Asks for certificates where the client asks for a name.
pub(super) fn mutual_tls_for(host: &str, certificates: Vec<CertificateFiles>) -> ListenerSettings {
    let settings = TlsSettings { certificates, client_certificates: AskForCertificates::ForHost(host.to_owned()) };
    ListenerSettings::new("by name", anywhere(), Transport::Tls(settings), request_ids())
}

pub(super) fn mutual_tls(certificates: Vec<CertificateFiles>) -> ListenerSettings {
    let settings = TlsSettings { certificates, client_certificates: AskForCertificates::Everybody };
    ListenerSettings::new("mtls", anywhere(), Transport::Tls(settings), request_ids())
}

/// An RSA and an ECDSA certificate for [`HOST`], as every deployment should have.
pub(super) fn two_certificates(folder: &Folder) -> Vec<CertificateFiles> {
    vec![
        Identity::new("rsa", &[HOST], rsa_key(), None).write(folder, "rsa"),
        Identity::new("ec", &[HOST], elliptic_curve_key(), None).write(folder, "ec"),
    ]
}

pub(super) async fn start(settings: ListenerSettings) -> RunningListener {
    serve(settings, make(|request| async move { describe(request).await })).await
}

pub(super) async fn serve<E>(settings: ListenerSettings, endpoint: E) -> RunningListener
where
    E: IntoEndpoint,
    E::Endpoint: 'static,
{
    Listener::bind(settings).await.unwrap().serve(endpoint)
}

/// Answers with everything an endpoint can know of its request.
async fn describe(mut request: Request) -> Response {
    let headers: Vec<&str> = request.headers().keys().map(http::HeaderName::as_str).collect();
    let extensions = request.extensions();
    let certificate = extensions.get::<PeerCertificate>();
    let facts = extensions.get::<TlsFacts>();
    let mut seen: Value = json!({
        "path": request.uri().path(),
        "headers": headers,
        "client_address": extensions.get::<ClientAddress>().unwrap().0,
        "host": extensions.get::<RequestAuthority>().unwrap().host.as_ref(),
        "request_id": extensions.get::<RequestId>().unwrap().as_str(),
        "leaf": certificate.map(PeerCertificate::leaf),
        "chain": certificate.map(|certificate| certificate.chain().len()),
        "source": certificate.map(|certificate| format!("{:?}", certificate.source())),
        "tls": facts.map(|facts| facts.version),
        "cipher": facts.map(|facts| facts.cipher),
        "sni": facts.and_then(|facts| facts.sni.as_deref()),
        "resumed": facts.map(|facts| facts.resumed),
    });
    seen["body"] = json!(request.take_body().into_vec().await.unwrap().len());
    Response::builder().content_type("application/json").body(seen.to_string())
}
