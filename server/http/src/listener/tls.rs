//! The TLS side of a listener: which versions, suites and certificates it offers, and how they are replaced while it
//! runs.
//!
//! RFC 9325 and the FAPI profiles decide the versions and suites; RFC 8705 section 5 decides that client certificates
//! are asked for only where no browser comes. Whether a presented certificate means anything is not decided here: the
//! handshake proves possession of its key, `client_auth` judges the certificate.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use openssl::hash::{MessageDigest, hash};
use openssl::ssl::{
    AlpnError, NameType, SniError, Ssl, SslAlert, SslContext, SslContextBuilder, SslMethod, SslMode, SslOptions,
    SslRef, SslSessionCacheMode, SslVerifyMode, SslVersion, select_next_proto,
};
use openssl::x509::X509StoreContextRef;

use super::certificate_files::{CertificateFiles, KeyKind, LoadedCertificate};
use super::error::CertificateError;

/// The two TLS 1.2 suites that every FAPI profile accepts; any other one fails a conformance probe.
const TLS12_SUITES: &str = "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256";
/// X25519 first, because it is the fastest that every client has.
const GROUPS: &str = "X25519:P-256:P-384";
/// Protocols in the server's order, in the wire form of RFC 7301 section 3.1.
const PROTOCOLS: &[u8] = b"\x02h2\x08http/1.1";
/// Sessions that a listener with client certificates remembers; each holds a certificate chain.
const REMEMBERED_SESSIONS: i32 = 2_048;

/// How a TLS listener is set up.
#[derive(Debug, Clone)]
pub struct TlsSettings {
    /// The certificates to offer. Several of different key kinds are all offered to every client; among several of one
    /// kind the requested host name decides, and the first is for everyone else.
    pub certificates: Vec<CertificateFiles>,
    /// Who is asked for a certificate.
    pub client_certificates: AskForCertificates,
}

/// Who is asked for a client certificate. Never where people come: browsers show a dialog (RFC 8705 section 5).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AskForCertificates {
    /// Nobody.
    Nobody,
    /// Everybody who connects.
    Everybody,
    /// Those who connect to this host name, in lower case.
    ForHost(String),
}

/// What the handshake of a connection agreed on. In the extensions of every request that came over TLS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFacts {
    /// `TLSv1.3` or `TLSv1.2`.
    pub version: &'static str,
    /// The suite by OpenSSL's name, for example `TLS_AES_256_GCM_SHA384`.
    pub cipher: &'static str,
    /// The host name that the client asked for (RFC 6066 section 3), in lower case.
    pub sni: Option<Arc<str>>,
    /// Whether an earlier session was resumed.
    pub resumed: bool,
}

/// The TLS contexts of a listener, replaceable while connections are open.
pub(super) struct TlsContexts {
    settings: TlsSettings,
    /// Distinguishes this listener's sessions from those of others (RFC 8446 section 8.1 gives no other name for it).
    session_context: [u8; 32],
    current: ArcSwap<SslContext>,
}

impl TlsContexts {
    pub(super) fn load(settings: TlsSettings, listener_name: &str) -> Result<Self, CertificateError> {
        let mut session_context = [0; 32];
        session_context.copy_from_slice(&hash(MessageDigest::sha256(), listener_name.as_bytes())?);
        let current = ArcSwap::from_pointee(build(&settings, &session_context)?);
        Ok(Self { settings, session_context, current })
    }

    /// Reads the files again. Connections that are open keep what they agreed on; if anything is wrong with the new
    /// files, new connections get the old certificates.
    pub(super) fn reload(&self) -> Result<(), CertificateError> {
        self.current.store(Arc::new(build(&self.settings, &self.session_context)?));
        Ok(())
    }

    pub(super) fn new_connection(&self) -> Result<Ssl, CertificateError> {
        Ok(Ssl::new(&self.current.load())?)
    }
}

/// What the finished handshake says.
pub(super) fn facts(ssl: &SslRef) -> TlsFacts {
    TlsFacts {
        version: ssl.version_str(),
        cipher: ssl.current_cipher().map_or("", |cipher| cipher.name()),
        sni: ssl.servername(NameType::HOST_NAME).map(|name| name.to_ascii_lowercase().into()),
        resumed: ssl.session_reused(),
    }
}

/// One context with the first certificate of every key kind, which hands over to a context of the requested name
/// where a later certificate serves that name.
fn build(settings: &TlsSettings, session_context: &[u8]) -> Result<SslContext, CertificateError> {
    let certificates =
        settings.certificates.iter().map(LoadedCertificate::read).collect::<Result<Vec<_>, CertificateError>>()?;
    if certificates.is_empty() {
        return Err(CertificateError::NoneConfigured);
    }
    let by_name = named_contexts(&certificates, settings, session_context)?;
    let mut builder = context(first_of_each_kind(certificates.iter()), settings, session_context)?;
    let asking = settings.client_certificates.clone();
    builder.set_servername_callback(move |ssl, alert| choose_by_name(ssl, alert, (&by_name, &asking)));
    Ok(builder.build())
}

/// Contexts for the names that the default context would answer with a certificate for another name.
fn named_contexts(
    certificates: &[LoadedCertificate],
    settings: &TlsSettings,
    session_context: &[u8],
) -> Result<HashMap<String, SslContext>, CertificateError> {
    let defaults = first_of_each_kind(certificates.iter());
    let mut by_name = HashMap::new();
    for name in certificates.iter().flat_map(|certificate| &certificate.names) {
        let serving = || certificates.iter().filter(|certificate| certificate.names.contains(name));
        let is_default = serving().all(|one| defaults.iter().any(|default| std::ptr::eq(*default, one)));
        if !is_default && !by_name.contains_key(name) {
            let context = context(first_of_each_kind(serving()), settings, session_context)?;
            by_name.insert(name.clone(), context.build());
        }
    }
    Ok(by_name)
}

fn first_of_each_kind<'a>(certificates: impl Iterator<Item = &'a LoadedCertificate>) -> Vec<&'a LoadedCertificate> {
    let mut kinds: Vec<KeyKind> = Vec::new();
    certificates
        .filter(|certificate| {
            let is_first = !kinds.contains(&certificate.kind);
            kinds.push(certificate.kind);
            is_first
        })
        .collect()
}

fn context(
    certificates: Vec<&LoadedCertificate>,
    settings: &TlsSettings,
    session_context: &[u8],
) -> Result<SslContextBuilder, CertificateError> {
    let mut builder = SslContext::builder(SslMethod::tls_server())?;
    // Asynchronous writes are retried from buffers that have moved, and idle connections need no buffers.
    builder.set_mode(
        SslMode::ACCEPT_MOVING_WRITE_BUFFER
            | SslMode::AUTO_RETRY
            | SslMode::ENABLE_PARTIAL_WRITE
            | SslMode::RELEASE_BUFFERS,
    );
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_cipher_list(TLS12_SUITES)?;
    builder.set_groups_list(GROUPS)?;
    builder
        .set_options(SslOptions::CIPHER_SERVER_PREFERENCE | SslOptions::NO_COMPRESSION | SslOptions::NO_RENEGOTIATION);
    builder.set_alpn_select_callback(|_, offered| select_next_proto(PROTOCOLS, offered).ok_or(AlpnError::ALERT_FATAL));
    builder.set_session_id_context(session_context)?;
    match settings.client_certificates {
        // Tickets carry the session; remembering it here too would only cost memory.
        AskForCertificates::Nobody => {
            builder.set_session_cache_mode(SslSessionCacheMode::OFF);
        }
        AskForCertificates::Everybody => {
            builder.set_verify_callback(SslVerifyMode::PEER, accept_any_chain);
            remember_sessions(&mut builder)?;
        }
        // Which name is asked for shows only when the handshake has begun, too late to give tickets to the others.
        AskForCertificates::ForHost(_) => remember_sessions(&mut builder)?,
    }
    for certificate in certificates {
        certificate.install(&mut builder)?;
    }
    Ok(builder)
}

/// Any chain is accepted: a self-signed certificate is legal in `self_signed_tls_client_auth` (RFC 8705 section 2.2),
/// and which authority counts depends on the client.
fn accept_any_chain(_: bool, _: &mut X509StoreContextRef) -> bool {
    true
}

/// A ticket holds the client's certificate without its chain, which `tls_client_auth` needs after a resumption: sessions
/// are remembered here instead.
fn remember_sessions(builder: &mut SslContextBuilder) -> Result<(), CertificateError> {
    builder.set_options(SslOptions::NO_TICKET);
    builder.set_session_cache_mode(SslSessionCacheMode::SERVER);
    builder.set_session_cache_size(REMEMBERED_SESSIONS);
    builder.set_num_tickets(1)?;
    Ok(())
}

/// Accepts the name, so that it becomes part of the session: a resumed session then keeps the name it was made under,
/// and a request for another host on it is misdirected (421).
fn choose_by_name(
    ssl: &mut SslRef,
    alert: &mut SslAlert,
    (by_name, asking): (&HashMap<String, SslContext>, &AskForCertificates),
) -> Result<(), SniError> {
    let Some(name) = ssl.servername_raw(NameType::HOST_NAME) else {
        return Err(SniError::NOACK);
    };
    let Ok(name) = std::str::from_utf8(name) else {
        *alert = SslAlert::UNRECOGNIZED_NAME;
        return Err(SniError::ALERT_FATAL);
    };
    let name = name.to_ascii_lowercase();
    if matches!(asking, AskForCertificates::ForHost(host) if *host == name) {
        ssl.set_verify_callback(SslVerifyMode::PEER, accept_any_chain);
    }
    let wildcard = name.split_once('.').map(|(_, parent)| format!("*.{parent}"));
    let chosen = by_name.get(&name).or_else(|| by_name.get(&wildcard?));
    match chosen.map(|context| ssl.set_ssl_context(context)) {
        Some(Err(_)) => Err(SniError::ALERT_FATAL),
        Some(Ok(())) | None => Ok(()),
    }
}
