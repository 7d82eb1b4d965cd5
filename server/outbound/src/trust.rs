//! Which servers are believed: the certificate authorities of the machine, and those that the deployment adds.

use std::path::{Path, PathBuf};

use openssl::error::ErrorStack;
use openssl::ssl::{SslConnector, SslMethod, SslVersion};
use openssl::x509::X509;
use openssl::x509::verify::X509VerifyFlags;
use thiserror::Error;

/// The additional certificate authorities cannot be loaded.
#[derive(Debug, Error)]
pub enum TrustError {
    /// The file cannot be read.
    #[error("cannot read the certificate authorities in {}: {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The file has no certificates.
    #[error("{} does not hold certificates in PEM form", .0.display())]
    NotCertificates(PathBuf),
}

/// Reads the deployment's own authorities.
pub(crate) fn read_authorities(file: &Path) -> Result<Vec<X509>, TrustError> {
    let pem = std::fs::read(file).map_err(|cause| TrustError::Unreadable { file: file.to_owned(), cause })?;
    match X509::stack_from_pem(&pem) {
        Ok(authorities) if !authorities.is_empty() => Ok(authorities),
        _ => Err(TrustError::NotCertificates(file.to_owned())),
    }
}

/// TLS as a client: the machine's authorities and the given ones, names verified, TLS 1.2 or newer, HTTP/1.1.
pub(crate) fn connector(authorities: &[X509]) -> Result<SslConnector, ErrorStack> {
    let mut builder = SslConnector::builder(SslMethod::tls_client())?;
    builder.set_min_proto_version(Some(SslVersion::TLS1_2))?;
    builder.set_alpn_protos(b"\x08http/1.1")?;
    // OpenSSL built from source does not know where the machine keeps its authorities.
    let machine = openssl_probe::probe();
    if let Some(file) = machine.cert_file {
        builder.load_verify_locations(Some(&file), None)?;
    } else if let Some(folder) = machine.cert_dir.first() {
        builder.load_verify_locations(None, Some(folder))?;
    }
    for authority in authorities {
        builder.cert_store_mut().add_cert(authority.clone())?;
    }
    // What the deployment lists is believed itself, also where it is no root.
    builder.verify_param_mut().set_flags(X509VerifyFlags::PARTIAL_CHAIN)?;
    Ok(builder.build())
}
