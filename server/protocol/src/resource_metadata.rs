//! What a protected resource says of itself (RFC 9728 section 2).

use serde::{Deserialize, Serialize};

/// Protected resource metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProtectedResourceMetadata {
    /// The resource identifier.
    pub resource: String,
    /// The issuers whose tokens it takes.
    pub authorization_servers: Vec<String>,
    /// The keys that its responses are signed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Scope values of its tokens.
    pub scopes_supported: Vec<String>,
    /// How tokens are sent (RFC 6750 section 2).
    pub bearer_methods_supported: Vec<String>,
    /// How its responses are signed, where they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resource_signing_alg_values_supported: Vec<String>,
    /// Whether it takes tokens that are bound to a certificate.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tls_client_certificate_bound_access_tokens: bool,
    /// Algorithms of DPoP proofs.
    pub dpop_signing_alg_values_supported: Vec<String>,
}
