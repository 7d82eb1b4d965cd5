//! Revocation lists of the tests' authorities (RFC 5280 section 5).

use openssl::asn1::Asn1Time;
use openssl::hash::MessageDigest;
use openssl::x509::{X509, X509Crl, X509CrlBuilder, X509Extension, X509RevokedBuilder};

use super::certificates::{Identity, extension};
use super::time::now;

const HOUR: i64 = 3_600;

/// A list that is being put together.
pub(crate) struct List<'a> {
    pub(crate) authority: &'a Identity,
    pub(crate) revoked: &'a [&'a X509],
    /// When it was issued and when the next one is due, in seconds from now.
    pub(crate) validity: (i64, i64),
    /// Beside those that every list has.
    pub(crate) extensions: Vec<X509Extension>,
}

impl<'a> List<'a> {
    /// A list that is good now.
    pub(crate) fn of(authority: &'a Identity, revoked: &'a [&'a X509]) -> Self {
        Self { authority, revoked, validity: (-HOUR, HOUR), extensions: Vec::new() }
    }

    pub(crate) fn sign(self) -> X509Crl {
        let mut builder = X509CrlBuilder::new().unwrap();
        builder.set_issuer_name(self.authority.subject()).unwrap();
        builder.set_last_update(&Asn1Time::from_unix(now() + self.validity.0).unwrap()).unwrap();
        builder.set_next_update(&Asn1Time::from_unix(now() + self.validity.1).unwrap()).unwrap();
        // The library makes no list without them: authority key identifier, list number.
        builder.append_extension(extension("2.5.29.35", false, &[0x30, 0x03, 0x80, 0x01, 0x01])).unwrap();
        builder.append_extension(extension("2.5.29.20", false, &[0x02, 0x01, 0x01])).unwrap();
        for extension in self.extensions {
            builder.append_extension(extension).unwrap();
        }
        for certificate in self.revoked {
            let mut entry = X509RevokedBuilder::new().unwrap();
            entry.set_serial_number(certificate.serial_number()).unwrap();
            entry.set_revocation_date(&Asn1Time::from_unix(now() - HOUR).unwrap()).unwrap();
            builder.add_revoked(entry.build()).unwrap();
        }
        builder.sign(&self.authority.key, MessageDigest::sha256()).unwrap();
        builder.build().unwrap()
    }

    pub(crate) fn pem(self) -> Vec<u8> {
        self.sign().to_pem().unwrap()
    }
}
