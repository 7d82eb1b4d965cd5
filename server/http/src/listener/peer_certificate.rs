//! The certificate that a client presented, by the handshake or by the header of a listed proxy.
//!
//! Header forms: RFC 9440 (`Client-Cert`, `Client-Cert-Chain`), and for proxies that know other ones PEM, URL-encoded
//! PEM and base64 of DER. Nothing here says that a certificate is trusted.

use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::HeaderValue;
use openssl::sha::sha256;
use openssl::ssl::SslRef;
use openssl::x509::X509;
use percent_encoding::percent_decode_str;

/// Longest chain that is looked at, the client's own certificate included.
const LONGEST_CHAIN: usize = 10;

/// Structured fields allow absent padding (RFC 9651 section 4.2.7).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A certificate whose private key the client has proven to hold, to this listener or to a listed proxy. In the
/// extensions of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerCertificate {
    chain: Arc<[Vec<u8>]>,
    leaf_sha256: [u8; 32],
    source: CertificateSource,
}

/// Who saw the client prove possession of its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateSource {
    /// This listener, in the TLS handshake.
    Handshake,
    /// A listed proxy, which says so in a header.
    ProxyHeader,
}

impl PeerCertificate {
    /// The client's certificate in DER form. It alone identifies the client; certificates after it are only hints for
    /// the path to an authority.
    pub fn leaf(&self) -> &[u8] {
        &self.chain[0]
    }

    /// All certificates as sent, in DER form, the client's own first.
    pub fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    /// SHA-256 over the DER form of the client's certificate: `x5t#S256` of RFC 8705 section 3.1 before encoding.
    pub fn leaf_sha256(&self) -> &[u8; 32] {
        &self.leaf_sha256
    }

    /// Who vouches that the client holds the key.
    pub fn source(&self) -> CertificateSource {
        self.source
    }

    /// What the client presented in the handshake, if it was asked and did.
    pub(super) fn from_handshake(ssl: &SslRef) -> Option<Self> {
        let mut chain = vec![ssl.peer_certificate()?.to_der().ok()?];
        for certificate in ssl.peer_cert_chain().into_iter().flatten().take(LONGEST_CHAIN - 1) {
            chain.push(certificate.to_der().ok()?);
        }
        Some(Self::new(chain, CertificateSource::Handshake))
    }

    /// RFC 9440 section 2.2: the certificate is one Byte Sequence; section 2.3: the rest of the chain is a List of
    /// them, possibly over several lines.
    pub(super) fn from_rfc9440<'a>(
        certificate: &HeaderValue,
        chain: impl Iterator<Item = &'a HeaderValue>,
    ) -> Result<Self, MalformedCertificate> {
        let mut ders = vec![byte_sequence(text(certificate)?)?];
        for line in chain {
            for member in text(line)?.split(',') {
                ders.push(byte_sequence(member)?);
            }
        }
        Self::from_header(ders)
    }

    /// The forms of proxies that know no RFC 9440: PEM, in which line breaks became blanks or the whole is
    /// URL-encoded, or the base64 of DER.
    pub(super) fn from_named_header(value: &HeaderValue) -> Result<Self, MalformedCertificate> {
        let value = text(value)?;
        let decoded;
        let value = if value.contains('%') {
            decoded = percent_decode_str(value).decode_utf8().map_err(|_| MalformedCertificate)?;
            decoded.trim()
        } else {
            value
        };
        if value.starts_with("-----BEGIN") {
            Self::from_header(pem(value)?)
        } else {
            Self::from_header(vec![base64(value)?])
        }
    }

    fn from_header(chain: Vec<Vec<u8>>) -> Result<Self, MalformedCertificate> {
        if chain.is_empty() || chain.len() > LONGEST_CHAIN {
            return Err(MalformedCertificate);
        }
        for der in &chain {
            let certificate = X509::from_der(der).map_err(|_| MalformedCertificate)?;
            // OpenSSL stops at the end of the certificate; what follows would change the thumbprint.
            if certificate.to_der().map_err(|_| MalformedCertificate)? != *der {
                return Err(MalformedCertificate);
            }
        }
        Ok(Self::new(chain, CertificateSource::ProxyHeader))
    }

    fn new(chain: Vec<Vec<u8>>, source: CertificateSource) -> Self {
        let leaf_sha256 = sha256(&chain[0]);
        Self { chain: chain.into(), leaf_sha256, source }
    }
}

/// A listed proxy sent a certificate header that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct MalformedCertificate;

fn text(value: &HeaderValue) -> Result<&str, MalformedCertificate> {
    value.to_str().map(str::trim).map_err(|_| MalformedCertificate)
}

fn byte_sequence(item: &str) -> Result<Vec<u8>, MalformedCertificate> {
    let inside = item.trim().strip_prefix(':').and_then(|rest| rest.strip_suffix(':'));
    base64(inside.ok_or(MalformedCertificate)?)
}

fn base64(encoded: &str) -> Result<Vec<u8>, MalformedCertificate> {
    let der = BASE64.decode(encoded).map_err(|_| MalformedCertificate)?;
    if der.is_empty() { Err(MalformedCertificate) } else { Ok(der) }
}

/// Header values have no line breaks, so the armour is taken off here instead of by OpenSSL.
fn pem(value: &str) -> Result<Vec<Vec<u8>>, MalformedCertificate> {
    let mut ders = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let body = rest.strip_prefix("-----BEGIN CERTIFICATE-----").ok_or(MalformedCertificate)?;
        let (body, after) = body.split_once("-----END CERTIFICATE-----").ok_or(MalformedCertificate)?;
        ders.push(base64(&body.split_ascii_whitespace().collect::<String>())?);
        rest = after.trim_start();
    }
    Ok(ders)
}
