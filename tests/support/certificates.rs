//! Certificates of the tests: one authority that clients and servers trust, servers' certificates, clients' certificates.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Builder, X509Name, X509NameRef};

use super::time::now;

const DAY: i64 = 86_400;

static SERIAL: AtomicU32 = AtomicU32::new(1);

/// The authority behind every server of the tests.
pub(crate) static AUTHORITY: LazyLock<Identity> = LazyLock::new(|| Identity::authority("Tests"));

/// A certificate with its private key.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: X509,
    pub(crate) key: PKey<Private>,
}

/// What a certificate says.
pub(crate) struct Subject<'a> {
    pub(crate) common_name: &'a str,
    /// Names that TLS clients compare, and RFC 8705 section 2.1.2 as well.
    pub(crate) dns: &'a [&'a str],
    /// When it begins and ends to be valid, in seconds from now.
    pub(crate) validity: (i64, i64),
}

impl<'a> Subject<'a> {
    /// A subject without alternative names, valid today.
    pub(crate) fn named(common_name: &'a str) -> Self {
        Self { common_name, dns: &[], validity: (-DAY, DAY) }
    }
}

impl Identity {
    /// An authority that signed itself.
    pub(crate) fn authority(common_name: &str) -> Self {
        let mut builder = builder(&Subject::named(common_name));
        builder.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        Self::sign(builder, None)
    }

    /// A certificate that an authority signed, or that signed itself.
    pub(crate) fn issued(subject: &Subject<'_>, authority: Option<&Self>) -> Self {
        Self::sign(builder(subject), authority)
    }

    /// A server on this machine, under [`AUTHORITY`].
    pub(crate) fn localhost() -> Self {
        Self::issued(&Subject { dns: &["localhost"], ..Subject::named("localhost") }, Some(&AUTHORITY))
    }

    fn sign(mut builder: X509Builder, authority: Option<&Self>) -> Self {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        builder.set_pubkey(&key).unwrap();
        if let Some(authority) = authority {
            builder.set_issuer_name(authority.subject()).unwrap();
        }
        builder.sign(authority.map_or(&key, |authority| &authority.key), MessageDigest::sha256()).unwrap();
        Self { certificate: builder.build(), key }
    }

    pub(crate) fn subject(&self) -> &X509NameRef {
        self.certificate.subject_name()
    }

    pub(crate) fn certificate_pem(&self) -> String {
        String::from_utf8(self.certificate.to_pem().unwrap()).unwrap()
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
    if !subject.dns.is_empty() {
        let mut names = SubjectAlternativeName::new();
        for dns in subject.dns {
            names.dns(dns);
        }
        let names = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(names).unwrap();
    }
    builder
}
