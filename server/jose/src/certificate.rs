//! X.509 certificates of clients: what RFC 8705 compares, and the check of a chain for `tls_client_auth`.

use std::fmt;
use std::net::IpAddr;

use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::ec::EcKey;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, Public};
use openssl::stack::Stack;
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::verify::{X509VerifyFlags, X509VerifyParam};
use openssl::x509::{GeneralNameRef, X509, X509PurposeId, X509StoreContext, X509StoreContextRef};
use signet_protocol::time::UnixTime;

use crate::distinguished_name::DistinguishedName;
use crate::elliptic_curve::forget_library_errors;
use crate::revocation::{RevocationLists, RevocationProblem};
use crate::{base64url, digest, elliptic_curve, jwk};

/// Largest certificate that is read, in bytes of DER; in PEM a third more.
pub const LARGEST_CERTIFICATE: usize = 16 * 1024;

/// Why a certificate is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not one X.509 certificate in DER or PEM.
    #[error("the value is not one X.509 certificate")]
    Malformed,
    /// The trust anchors are not certificates in PEM.
    #[error("the trust anchors must be one or more X.509 certificates in PEM")]
    TrustAnchors,
    /// No chain to a trust anchor that is valid now and allows client authentication.
    #[error("the certificate does not chain to a trusted authority for client authentication: {0}")]
    Untrusted(&'static str),
    /// The chain is good, and an authority on it has taken a certificate back, or may have.
    #[error(transparent)]
    Revoked(RevocationProblem),
    /// The crypto library failed.
    #[error("the crypto library could not handle the certificate")]
    Library,
}

impl From<ErrorStack> for CertificateError {
    fn from(_: ErrorStack) -> Self {
        Self::Library
    }
}

/// A name in the subject alternative name extension (RFC 5280 section 4.2.1.6).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AlternativeName {
    /// dNSName.
    Dns(String),
    /// uniformResourceIdentifier.
    Uri(String),
    /// iPAddress.
    Ip(IpAddr),
    /// rfc822Name.
    Email(String),
}

/// The one name by which a `tls_client_auth` client is registered (RFC 8705 section 2.1.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedSubject {
    /// `tls_client_auth_subject_dn`.
    DistinguishedName(DistinguishedName),
    /// One of the `tls_client_auth_san_*` values.
    AlternativeName(AlternativeName),
}

/// The leaf certificate that a client presented. Possession of its key was proven by the handshake, nothing more.
#[derive(Clone)]
pub struct ClientCertificate {
    certificate: X509,
    der: Vec<u8>,
    thumbprint: [u8; digest::LENGTH],
}

impl ClientCertificate {
    /// Reads a certificate. Only its own encoding is accepted, so that it has one thumbprint.
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > LARGEST_CERTIFICATE {
            return Err(CertificateError::Malformed);
        }
        let certificate = X509::from_der(der).map_err(|_| CertificateError::Malformed)?;
        if certificate.to_der()? != der {
            return Err(CertificateError::Malformed);
        }
        Ok(Self { certificate, der: der.to_vec(), thumbprint: digest::sha256(der) })
    }

    /// Reads a PEM text with one certificate.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        if pem.len() > LARGEST_CERTIFICATE * 3 / 2 {
            return Err(CertificateError::Malformed);
        }
        let certificates = X509::stack_from_pem(pem).map_err(|_| CertificateError::Malformed)?;
        let [certificate] = certificates.as_slice() else { return Err(CertificateError::Malformed) };
        Self::from_der(&certificate.to_der()?)
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER.
    pub const fn thumbprint(&self) -> &[u8; digest::LENGTH] {
        &self.thumbprint
    }

    /// The confirmation value `x5t#S256` (RFC 8705 section 3.1): the thumbprint in base64url.
    pub fn confirmation(&self) -> String {
        base64url::encode(self.thumbprint)
    }

    /// The public key as SubjectPublicKeyInfo in DER.
    pub fn public_key(&self) -> Result<Vec<u8>, CertificateError> {
        Ok(self.certificate.public_key()?.public_key_to_der()?)
    }

    /// The subject.
    pub fn subject(&self) -> Result<DistinguishedName, CertificateError> {
        let name = self.certificate.subject_name().to_der()?;
        DistinguishedName::from_der(&name).map_err(|_| CertificateError::Malformed)
    }

    /// The subject alternative names of the four kinds that RFC 8705 knows.
    pub fn alternative_names(&self) -> Vec<AlternativeName> {
        let names = self.certificate.subject_alt_names();
        forget_library_errors();
        names.iter().flatten().filter_map(alternative_name).collect()
    }

    /// Whether the certificate names the client as registered.
    pub fn has_subject(&self, expected: &ExpectedSubject) -> bool {
        match expected {
            ExpectedSubject::DistinguishedName(expected) => {
                self.subject().is_ok_and(|subject| subject.matches(expected))
            }
            ExpectedSubject::AlternativeName(AlternativeName::Dns(expected)) => self
                .alternative_names()
                .iter()
                .any(|name| matches!(name, AlternativeName::Dns(dns) if dns.eq_ignore_ascii_case(expected))),
            ExpectedSubject::AlternativeName(expected) => self.alternative_names().contains(expected),
        }
    }

    /// First and last second of its validity.
    pub fn validity(&self) -> Result<(UnixTime, UnixTime), CertificateError> {
        Ok((unix_time(self.certificate.not_before())?, unix_time(self.certificate.not_after())?))
    }

    /// The public key as JWK parameters, for keys that JWS could use.
    pub(crate) fn public_key_parameters(&self) -> Option<biscuit::jwk::AlgorithmParameters> {
        let key = self.certificate.public_key().ok()?;
        match key.id() {
            Id::RSA => {
                let rsa = key.rsa().ok()?;
                jwk::rsa_parameters(&rsa.n().to_vec(), &rsa.e().to_vec()).ok()
            }
            Id::EC => {
                let key: EcKey<Public> = key.ec_key().ok()?;
                let curve = elliptic_curve::curve_of(key.group())?;
                let (x, y) = elliptic_curve::coordinates(curve, &key).ok()?;
                jwk::elliptic_curve_parameters(curve, x, y).ok()
            }
            Id::ED25519 => jwk::ed25519_parameters(key.raw_public_key().ok()?).ok(),
            _ => None,
        }
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ClientCertificate").field("thumbprint", &self.confirmation()).finish_non_exhaustive()
    }
}

/// The authorities that a realm trusts for `tls_client_auth`.
#[derive(Clone)]
pub struct TrustAnchors(Vec<X509>);

impl TrustAnchors {
    /// Reads one or more certificates in PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, CertificateError> {
        let anchors = X509::stack_from_pem(pem).map_err(|_| CertificateError::TrustAnchors)?;
        if anchors.is_empty() { Err(CertificateError::TrustAnchors) } else { Ok(Self(anchors)) }
    }

    /// Whether `leaf` chains to an anchor, by way of what the client sent beside it, is valid at `now`, may authenticate
    /// clients and is not revoked. An anchor need not have signed itself: a realm may trust an authority without
    /// trusting the others below the same root.
    pub fn verify_client(
        &self,
        leaf: &ClientCertificate,
        intermediates: &[ClientCertificate],
        revocation: &RevocationLists,
        now: UnixTime,
    ) -> Result<(), CertificateError> {
        let mut parameters = X509VerifyParam::new()?;
        parameters.set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
        parameters.set_purpose(X509PurposeId::SSL_CLIENT)?;
        parameters.set_time(now.0);
        let mut store = X509StoreBuilder::new()?;
        store.set_param(&parameters)?;
        for anchor in &self.0 {
            store.add_cert(anchor.clone())?;
        }
        let mut chain = Stack::new()?;
        for intermediate in intermediates {
            chain.push(intermediate.certificate.clone())?;
        }
        let mut context = X509StoreContext::new()?;
        let outcome = context.init(&store.build(), &leaf.certificate, &chain, |context| {
            let is_trusted = context.verify_cert()?;
            Ok(if is_trusted {
                check_revocation(context, revocation, now).map_err(CertificateError::Revoked)
            } else {
                Err(CertificateError::Untrusted(context.error().error_string()))
            })
        });
        forget_library_errors();
        outcome?
    }
}

/// Every certificate of the chain but the anchor, which is trusted because the realm says so (RFC 5280 section 6.1).
fn check_revocation(
    context: &X509StoreContextRef,
    revocation: &RevocationLists,
    now: UnixTime,
) -> Result<(), RevocationProblem> {
    let chain: Vec<_> = context.chain().into_iter().flatten().collect();
    chain.iter().zip(chain.iter().skip(1)).try_for_each(|(one, issuer)| revocation.check(one, issuer, now))
}

impl fmt::Debug for TrustAnchors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TrustAnchors").field("count", &self.0.len()).finish()
    }
}

fn alternative_name(name: &GeneralNameRef) -> Option<AlternativeName> {
    if let Some(dns) = name.dnsname() {
        return Some(AlternativeName::Dns(dns.to_owned()));
    }
    if let Some(uri) = name.uri() {
        return Some(AlternativeName::Uri(uri.to_owned()));
    }
    if let Some(email) = name.email() {
        return Some(AlternativeName::Email(email.to_owned()));
    }
    let octets = name.ipaddress()?;
    let address = match <[u8; 4]>::try_from(octets) {
        Ok(version_4) => IpAddr::from(version_4),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(octets).ok()?),
    };
    Some(AlternativeName::Ip(address))
}

pub(crate) fn unix_time(time: &Asn1TimeRef) -> Result<UnixTime, CertificateError> {
    let difference = Asn1Time::from_unix(0)?.diff(time).map_err(|_| CertificateError::Malformed)?;
    Ok(UnixTime(i64::from(difference.days) * 86_400 + i64::from(difference.secs)))
}
