//! Reads the server's own certificates and keys from files.

use std::path::{Path, PathBuf};

use openssl::pkey::{Id, PKey, Private};
use openssl::ssl::SslContextBuilder;
use openssl::x509::{X509, X509Ref};

use super::error::CertificateError;

/// A certificate of the server as two PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The server's certificate, then the authorities between it and the root.
    pub chain: PathBuf,
    /// The unencrypted private key.
    pub key: PathBuf,
}

/// Kinds of key of which TLS can offer one certificate each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyKind {
    Rsa,
    EllipticCurve,
}

/// A certificate whose key is known to belong to it.
pub(super) struct LoadedCertificate {
    pub(super) kind: KeyKind,
    /// The host names it is for, in lower case, wildcards as written.
    pub(super) names: Vec<String>,
    chain: PathBuf,
    key: PKey<Private>,
}

impl LoadedCertificate {
    pub(super) fn read(files: &CertificateFiles) -> Result<Self, CertificateError> {
        let leaf =
            X509::from_pem(&read(&files.chain)?).map_err(|_| CertificateError::NotACertificate(files.chain.clone()))?;
        // The empty passphrase keeps OpenSSL from asking for one on the terminal.
        let key = PKey::private_key_from_pem_passphrase(&read(&files.key)?, b"")
            .map_err(|_| CertificateError::NotAKey(files.key.clone()))?;
        let kind = match key.id() {
            Id::RSA => KeyKind::Rsa,
            Id::EC => KeyKind::EllipticCurve,
            _ => return Err(CertificateError::UnsupportedKey(files.key.clone())),
        };
        if !leaf.public_key().is_ok_and(|public| public.public_eq(&key)) {
            return Err(CertificateError::KeyMismatch { key: files.key.clone(), chain: files.chain.clone() });
        }
        Ok(Self { kind, names: host_names(&leaf), chain: files.chain.clone(), key })
    }

    pub(super) fn install(&self, builder: &mut SslContextBuilder) -> Result<(), CertificateError> {
        // Only loading from the file gives each certificate a chain of its own; `add_extra_chain_cert` would send the
        // authorities of all of them with each. Setting the key notices a file that changed since it was read.
        builder
            .set_certificate_chain_file(&self.chain)
            .map_err(|_| CertificateError::NotACertificate(self.chain.clone()))?;
        Ok(builder.set_private_key(&self.key)?)
    }
}

fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(file).map_err(|cause| CertificateError::Unreadable { file: file.to_owned(), cause })
}

/// The DNS names of the certificate. The common name does not count (RFC 9525 section 2).
fn host_names(certificate: &X509Ref) -> Vec<String> {
    let alternatives = certificate.subject_alt_names();
    alternatives.iter().flatten().filter_map(|name| name.dnsname().map(str::to_ascii_lowercase)).collect()
}
