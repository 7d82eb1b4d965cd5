//! Why a listener cannot start or cannot take new certificates.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use openssl::error::ErrorStack;
use thiserror::Error;

/// A listener cannot start, or its certificates cannot be replaced. Each text is one sentence for the operator.
#[derive(Debug, Error)]
pub enum ListenError {
    /// Another process has the port.
    #[error(
        "cannot listen on {0}: another process already uses this port; stop that process or configure another address"
    )]
    PortInUse(SocketAddr),
    /// The port needs a privilege that the process lacks.
    #[error(
        "cannot listen on {0}: permission denied; ports below 1024 need the capability CAP_NET_BIND_SERVICE, or choose \
         a higher port"
    )]
    PermissionDenied(SocketAddr),
    /// No network interface has the address.
    #[error("cannot listen on {0}: no network interface of this machine has this address")]
    NoSuchAddress(SocketAddr),
    /// Any other cause the operating system names.
    #[error("cannot listen on {address}: {cause}")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The certificates are not usable.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

impl ListenError {
    pub(super) fn bind(address: SocketAddr, cause: io::Error) -> Self {
        match cause.kind() {
            io::ErrorKind::AddrInUse => Self::PortInUse(address),
            io::ErrorKind::PermissionDenied => Self::PermissionDenied(address),
            io::ErrorKind::AddrNotAvailable => Self::NoSuchAddress(address),
            _ => Self::Bind { address, cause },
        }
    }
}

/// A certificate or its key is not usable. After a failed reload the listener keeps what it had.
#[derive(Debug, Error)]
pub enum CertificateError {
    /// No certificate is configured.
    #[error("no certificate is configured; a TLS listener needs at least one chain file with its key file")]
    NoneConfigured,
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system says.
        cause: io::Error,
    },
    /// The chain file has no certificate in PEM form, or one that does not parse.
    #[error("{} does not hold PEM certificates, the server's own first", .0.display())]
    NotACertificate(PathBuf),
    /// The key file has no private key in PEM form, or an encrypted one.
    #[error("{} does not hold one unencrypted private key in PEM form", .0.display())]
    NotAKey(PathBuf),
    /// Certificate and key do not belong together.
    #[error("the key in {} does not belong to the certificate in {}", key.display(), chain.display())]
    KeyMismatch {
        /// The key file.
        key: PathBuf,
        /// The chain file.
        chain: PathBuf,
    },
    /// The key is of a kind that TLS here does not use.
    #[error("the key in {} is neither RSA nor on an elliptic curve", .0.display())]
    UnsupportedKey(PathBuf),
    /// OpenSSL refuses the settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] ErrorStack),
}
