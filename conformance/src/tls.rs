//! The harness's own TLS: whom it trusts, and the certificate a server shows.

use crate::certificate::ClientCertificate;
use crate::error::HarnessError;
use openssl::ssl::{SslConnector, SslMethod, SslVerifyMode};
use openssl::x509::X509;
use std::error::Error;
use std::io;
use std::pin::Pin;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_openssl::SslStream;
use url::Url;

/// The last certificate of the chain that the server at `url` shows, in PEM: its authority's where it sends one, else
/// its own. Whoever answers now is trusted from here on, as a suite started by hand has a certificate of its own making.
pub(crate) async fn shown_certificate(url: &Url) -> io::Result<Vec<u8>> {
    let host = url.host_str().ok_or_else(|| io::Error::other("the URL has no host"))?;
    let port = url.port_or_known_default().ok_or_else(|| io::Error::other("the URL has no port"))?;
    let stream = TcpStream::connect((host, port)).await?;
    let mut connector = SslConnector::builder(SslMethod::tls_client())?;
    connector.set_verify(SslVerifyMode::NONE);
    let ssl = connector.build().configure()?.verify_hostname(false).into_ssl(host)?;
    let mut stream = SslStream::new(ssl, stream)?;
    Pin::new(&mut stream).connect().await.map_err(io::Error::other)?;
    let chain = stream.ssl().peer_cert_chain();
    let last =
        chain.and_then(|chain| chain.iter().last()).ok_or_else(|| io::Error::other("no certificate was shown"))?;
    Ok(last.to_pem()?)
}

/// An HTTP client that trusts the machine's authorities and those in `authority` (PEM), and follows no redirect.
#[expect(clippy::disallowed_types, reason = "the harness stands outside the product, as any client does")]
pub(crate) fn client(authority: Option<&[u8]>, limit: Duration) -> Result<reqwest::Client, HarnessError> {
    client_with(authority, None, limit)
}

/// The same, which shows `certificate` where it is asked for one.
#[expect(clippy::disallowed_types, reason = "the harness stands outside the product, as any client does")]
pub(crate) fn client_with(
    authority: Option<&[u8]>,
    certificate: Option<&ClientCertificate>,
    limit: Duration,
) -> Result<reqwest::Client, HarnessError> {
    let mut builder = reqwest::Client::builder().timeout(limit).redirect(reqwest::redirect::Policy::none()).no_proxy();
    for certificate in X509::stack_from_pem(authority.unwrap_or_default())? {
        let unreadable = |error: reqwest::Error| HarnessError::Input(format!("the CA certificate: {}", causes(&error)));
        let certificate = reqwest::Certificate::from_der(&certificate.to_der()?).map_err(unreadable)?;
        builder = builder.add_root_certificate(certificate);
    }
    if let Some(own) = certificate {
        let unusable = |error: reqwest::Error| HarnessError::Input(format!("the certificate: {}", causes(&error)));
        let identity = reqwest::Identity::from_pkcs8_pem(own.certificate.as_bytes(), own.key.as_bytes());
        builder = builder.identity(identity.map_err(unusable)?);
    }
    builder.build().map_err(|error| HarnessError::Input(format!("the HTTP client: {}", causes(&error))))
}

/// An error with everything that caused it, on one line.
pub(crate) fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
