//! Tokens bound to a client certificate (RFC 8705 section 3).

use std::sync::Arc;

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc8705;

use crate::client_auth::CertificateChain;
use crate::model::{Client, Confirmation, Thumbprint};

/// What the certificate of the connection binds tokens to, for clients that are registered so. Any certificate does: it
/// need not be the one the client authenticates with (section 3), and a public client has none to authenticate with
/// (section 4).
pub(super) fn confirmation(
    client: &Client,
    certificate: Option<&Arc<CertificateChain>>,
) -> Result<Option<Confirmation>, Refusal> {
    if client.metadata.tls_client_certificate_bound_access_tokens != Some(true) {
        return Ok(None);
    }
    let chain = certificate.ok_or_else(|| {
        let reason = "the client's tokens are bound to its certificate, and the connection has none";
        ErrorCode::InvalidRequest.because(reason).per(rfc8705("3"))
    })?;
    Ok(Some(Confirmation::Certificate(Thumbprint(*chain.leaf.thumbprint()))))
}
