//! Certificates of the tests: one authority that clients and servers trust, servers' certificates, clients' certificates.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name, X509NameRef};

use super::time::now;

const DAY: i64 = 86_400;

static SERIAL: AtomicU32 = AtomicU32::new(1);

/// The name of this machine where clients are asked for certificates by name.
pub(crate) const MUTUAL_TLS_HOST: &str = "mtls.localhost";

/// The authority behind every server of the tests.
pub(crate) static AUTHORITY: LazyLock<Identity> = LazyLock::new(|| Identity::authority("Tests"));

/// A certificate with its private key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
    /// What is presented beside it.
    pub(crate) beside: Vec<X509>,
}

/// What a certificate says.
pub(crate) struct Subject<'a> {
    pub(crate) common_name: &'a str,
    /// Names that TLS clients compare, and RFC 8705 section 2.1.2 as well.
    pub(crate) dns: &'a [&'a str],
    /// Further names that RFC 8705 section 2.1.2 compares.
    pub(crate) others: Others<'a>,
    /// What it may be used for; anything where that is not said.
    pub(crate) usage: Usage,
    /// When it begins and ends to be valid, in seconds from now.
    pub(crate) validity: (i64, i64),
}

/// Alternative names beside host names.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Others<'a> {
    pub(crate) uri: Option<&'a str>,
    pub(crate) ip: Option<&'a str>,
    pub(crate) email: Option<&'a str>,
}

/// Extended key usage (RFC 5280 section 4.2.1.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Usage {
    Unsaid,
    Client,
    Server,
}

/// What an authority may do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bounds<'a> {
    /// How many authorities may be below it.
    pub(crate) path_length: Option<u32>,
    /// The domain that host names below it must be in (RFC 5280 section 4.2.1.10).
    pub(crate) domain: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A subject without alternative names, valid today.
    pub(crate) fn named(common_name: &'a str) -> Self {
        Self { common_name, dns: &[], others: Others::default(), usage: Usage::Unsaid, validity: (-DAY, DAY) }
    }
}

impl Identity {
    /// An authority that signed itself.
    pub(crate) fn authority(common_name: &str) -> Self {
        Self::authority_below(common_name, None, Bounds::default())
    }

    /// An authority within bounds that another one signed.
    pub(crate) fn authority_below(common_name: &str, authority: Option<&Self>, bounds: Bounds<'_>) -> Self {
        let mut builder = builder(&Subject::named(common_name));
        let mut constraints = BasicConstraints::new();
        constraints.critical().ca();
        if let Some(length) = bounds.path_length {
            constraints.pathlen(length);
        }
        builder.append_extension(constraints.build().unwrap()).unwrap();
        if let Some(domain) = bounds.domain {
            builder.append_extension(name_constraints(domain)).unwrap();
        }
        Self::sign(builder, authority)
    }

    /// The same, presented with others.
    pub(crate) fn beside(&self, others: &[&Self]) -> Self {
        let beside = others.iter().map(|other| other.certificate.clone()).collect();
        Self { beside, ..self.clone() }
    }

    /// The same key in another certificate.
    pub(crate) fn renewed(&self, subject: &Subject<'_>) -> Self {
        let mut builder = builder(subject);
        builder.set_pubkey(&self.key).unwrap();
        builder.sign(&self.key, MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key: self.key.clone(), beside: Vec::new() }
    }

    /// A certificate that an authority signed, or that signed itself.
    pub(crate) fn issued(subject: &Subject<'_>, authority: Option<&Self>) -> Self {
        Self::sign(builder(subject), authority)
    }

    /// A server on this machine, under [`AUTHORITY`].
    pub(crate) fn localhost() -> Self {
        Self::issued(&Subject { dns: &["localhost", MUTUAL_TLS_HOST], ..Subject::named("localhost") }, Some(&AUTHORITY))
    }

    fn sign(mut builder: X509Builder, authority: Option<&Self>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        if let Some(authority) = authority {
            builder.set_issuer_name(authority.subject()).unwrap();
        }
        builder.sign(authority.map_or(&key, |authority| &authority.key), MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key, beside: Vec::new() }
    }

    pub(crate) fn subject(&self) -> &X509NameRef {
        self.certificate.subject_name()
    }

    pub(crate) fn certificate_pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
    }

    /// What is presented: the certificate, then those beside it.
    pub(crate) fn chain_pem(&self) -> String {
        let pem = |certificate: &X509| String::from_utf8(certificate.to_pem().unwrap()).unwrap();
        std::iter::once(&self.certificate).chain(&self.beside).map(pem).collect()
    }

    pub(crate) fn key_pem(&self) -> String {
        String::from_utf8(self.key.private_key_to_pem_pkcs8().unwrap()).unwrap()
    }

    /// Writes certificate and key as a server reads them.
    pub(crate) fn write(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let (chain, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        std::fs::write(&chain, self.certificate_pem()).unwrap();
        std::fs::write(&key, self.key_pem()).unwrap();
        (chain, key)
    }
}

fn builder(subject: &Subject<'_>) -> X509Builder {
    let mut name = X509Name::builder().unwrap();
    name.append_entry_by_nid(Nid::ORGANIZATIONNAME, "Example").unwrap();
    name.append_entry_by_nid(Nid::COMMONNAME, subject.common_name).unwrap();
    let name = name.build();
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(SERIAL.fetch_add(1, Ordering::Relaxed)).unwrap();
    builder.set_serial_number(&serial.to_asn1_integer().unwrap()).unwrap();
    builder.set_subject_name(&name).unwrap();
    builder.set_issuer_name(&name).unwrap();
    let (begin, end) = subject.validity;
    builder.set_not_before(&Asn1Time::from_unix(now() + begin).unwrap()).unwrap();
    builder.set_not_after(&Asn1Time::from_unix(now() + end).unwrap()).unwrap();
    append_names(&mut builder, subject);
    match subject.usage {
        Usage::Unsaid => {}
        Usage::Client => builder.append_extension(ExtendedKeyUsage::new().client_auth().build().unwrap()).unwrap(),
        Usage::Server => builder.append_extension(ExtendedKeyUsage::new().server_auth().build().unwrap()).unwrap(),
    }
    builder
}

fn append_names(builder: &mut X509Builder, subject: &Subject<'_>) {
    let Others { uri, ip, email } = subject.others;
    if subject.dns.is_empty() && [uri, ip, email].iter().all(Option::is_none) {
        return;
    }
    let mut names = SubjectAlternativeName::new();
    for dns in subject.dns {
        names.dns(dns);
    }
    if let Some(uri) = uri {
        names.uri(uri);
    }
    if let Some(ip) = ip {
        names.ip(ip);
    }
    if let Some(email) = email {
        names.email(email);
    }
    let names = names.build(&builder.x509v3_context(None, None)).unwrap();
    builder.append_extension(names).unwrap();
}

/// `permittedSubtrees` with one domain, in DER.
fn name_constraints(domain: &str) -> X509Extension {
    let element = |tag: u8, content: &[u8]| [&[tag, u8::try_from(content.len()).unwrap()], content].concat();
    let subtree = element(0x30, &element(0x82, domain.as_bytes()));
    extension("2.5.29.30", true, &element(0x30, &element(0xa0, &subtree)))
}

/// An extension from its DER.
pub(crate) fn extension(identifier: &str, is_critical: bool, der: &[u8]) -> X509Extension {
    let (identifier, value) =
        (Asn1Object::from_str(identifier).unwrap(), Asn1OctetString::new_from_bytes(der).unwrap());
    X509Extension::new_from_der(&identifier, is_critical, &value).unwrap()
}
