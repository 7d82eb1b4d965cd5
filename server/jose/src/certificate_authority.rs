//! A private certificate authority for `signet dev` and for tests: makes server certificates that clients can be told
//! to trust, and client certificates for mutual TLS. Not for production names.

use std::net::IpAddr;

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectAlternativeName, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Name};
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use crate::algorithm::Curve;
use crate::certificate::AlternativeName;
use crate::elliptic_curve;
use crate::random::{Random, random_bytes};

const DAY: i64 = 86_400;
/// Days that the authority is valid.
const AUTHORITY_DAYS: i64 = 3650;
/// Days that a certificate is valid: browsers refuse more than 398 in server certificates.
const LEAF_DAYS: i64 = 397;
/// Seconds by which validity starts early, for clocks that are a little behind.
const EARLIER: i64 = 3600;

/// A certificate could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the certificate could not be made; check its names and the authority's files")]
pub struct IssueError;

impl From<ErrorStack> for IssueError {
    fn from(_: ErrorStack) -> Self {
        Self
    }
}

/// The kind of key in a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafKey {
    /// RSA with 2048 bits.
    Rsa,
    /// ECDSA on P-256.
    Ecdsa,
}

/// What a certificate is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeafPurpose {
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
}

/// A certificate to be made.
#[derive(Debug, Clone)]
pub struct LeafRequest<'a> {
    /// Common name of the subject.
    pub common_name: &'a str,
    /// Subject alternative names.
    pub alternative_names: &'a [AlternativeName],
    /// Kind of key.
    pub key: LeafKey,
    /// Use.
    pub purpose: LeafPurpose,
}

/// A certificate with its private key, both in PEM.
#[derive(Clone)]
pub struct IssuedCertificate {
    /// The certificate, followed by those between it and the authority (none here).
    pub chain: String,
    /// The private key in PKCS#8.
    pub private_key: Zeroizing<String>,
}

/// An authority with its private key.
pub struct CertificateAuthority {
    certificate: X509,
    key: PKey<Private>,
}

/// The names under which a development server is reached: `localhost` and both loopback addresses.
pub fn local_names() -> Vec<AlternativeName> {
    let addresses = ["127.0.0.1", "::1"].into_iter().filter_map(|address| address.parse::<IpAddr>().ok());
    std::iter::once(AlternativeName::Dns("localhost".to_owned())).chain(addresses.map(AlternativeName::Ip)).collect()
}

impl CertificateAuthority {
    /// A new authority with an ECDSA key.
    pub fn generate(common_name: &str, now: UnixTime, random: &dyn Random) -> Result<Self, IssueError> {
        let key = PKey::from_ec_key(elliptic_curve::generate(Curve::P256)?)?;
        let name = subject(common_name)?;
        let mut builder = builder(&name, &key, (now, AUTHORITY_DAYS), random)?;
        builder.set_issuer_name(&name)?;
        builder.append_extension(BasicConstraints::new().critical().ca().pathlen(0).build()?)?;
        builder.append_extension(KeyUsage::new().critical().key_cert_sign().crl_sign().build()?)?;
        let key_identifier = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
        builder.append_extension(key_identifier)?;
        builder.sign(&key, MessageDigest::sha256())?;
        Ok(Self { certificate: builder.build(), key })
    }

    /// An authority kept in two PEM files.
    pub fn from_pem(certificate: &[u8], private_key: &[u8]) -> Result<Self, IssueError> {
        let certificate = X509::from_pem(certificate)?;
        let key = PKey::private_key_from_pem(private_key)?;
        if certificate.public_key()?.public_eq(&key) { Ok(Self { certificate, key }) } else { Err(IssueError) }
    }

    /// The certificate in PEM: what clients are told to trust.
    pub fn certificate_pem(&self) -> Result<String, IssueError> {
        pem_text(self.certificate.to_pem()?)
    }

    /// The private key in PKCS#8 PEM.
    pub fn private_key_pem(&self) -> Result<Zeroizing<String>, IssueError> {
        pem_text(self.key.private_key_to_pem_pkcs8()?).map(Zeroizing::new)
    }

    /// Makes a certificate with a new key, valid from an hour before `now` for a little over a year.
    pub fn issue(
        &self,
        request: &LeafRequest<'_>,
        now: UnixTime,
        random: &dyn Random,
    ) -> Result<IssuedCertificate, IssueError> {
        let key = match request.key {
            LeafKey::Rsa => PKey::from_rsa(Rsa::generate(2048)?)?,
            LeafKey::Ecdsa => PKey::from_ec_key(elliptic_curve::generate(Curve::P256)?)?,
        };
        let mut builder = builder(&subject(request.common_name)?, &key, (now, LEAF_DAYS), random)?;
        builder.set_issuer_name(self.certificate.subject_name())?;
        append_leaf_extensions(&mut builder, &self.certificate, request)?;
        builder.sign(&self.key, MessageDigest::sha256())?;
        Ok(IssuedCertificate {
            chain: pem_text(builder.build().to_pem()?)?,
            private_key: Zeroizing::new(pem_text(key.private_key_to_pem_pkcs8()?)?),
        })
    }
}

fn append_leaf_extensions(
    builder: &mut X509Builder,
    authority: &X509,
    request: &LeafRequest<'_>,
) -> Result<(), ErrorStack> {
    builder.append_extension(BasicConstraints::new().critical().build()?)?;
    builder.append_extension(KeyUsage::new().critical().digital_signature().build()?)?;
    let mut purpose = ExtendedKeyUsage::new();
    match request.purpose {
        LeafPurpose::Server => purpose.server_auth(),
        LeafPurpose::Client => purpose.client_auth(),
    };
    builder.append_extension(purpose.build()?)?;
    let context = builder.x509v3_context(Some(authority), None);
    let mut extensions =
        vec![SubjectKeyIdentifier::new().build(&context)?, AuthorityKeyIdentifier::new().keyid(true).build(&context)?];
    if !request.alternative_names.is_empty() {
        extensions.push(alternative_names(request.alternative_names).build(&context)?);
    }
    extensions.into_iter().try_for_each(|extension| builder.append_extension(extension))
}

fn alternative_names(names: &[AlternativeName]) -> SubjectAlternativeName {
    let mut extension = SubjectAlternativeName::new();
    for name in names {
        match name {
            AlternativeName::Dns(dns) => extension.dns(dns),
            AlternativeName::Uri(uri) => extension.uri(uri),
            AlternativeName::Ip(address) => extension.ip(&address.to_string()),
            AlternativeName::Email(email) => extension.email(email),
        };
    }
    extension
}

fn subject(common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("CN", common_name)?;
    Ok(name.build())
}

fn builder(
    name: &X509Name,
    key: &PKey<Private>,
    (now, days): (UnixTime, i64),
    random: &dyn Random,
) -> Result<X509Builder, ErrorStack> {
    // RFC 5280 section 4.1.2.2: positive, at most 20 octets; 16 random ones with the first bit cleared.
    let mut serial_number = random_bytes::<16>(random);
    serial_number[0] &= 0x7f;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    let serial_number = BigNum::from_slice(&serial_number)?.to_asn1_integer()?;
    builder.set_serial_number(&serial_number)?;
    builder.set_subject_name(name)?;
    builder.set_pubkey(key)?;
    let not_before = Asn1Time::from_unix(now.minus(EARLIER).0)?;
    builder.set_not_before(&not_before)?;
    let not_after = Asn1Time::from_unix(now.plus(days * DAY).0)?;
    builder.set_not_after(&not_after)?;
    Ok(builder)
}

fn pem_text(pem: Vec<u8>) -> Result<String, IssueError> {
    String::from_utf8(pem).map_err(|_| IssueError)
}
