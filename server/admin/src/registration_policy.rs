//! What a realm permits at its registration endpoint.

use poem_openapi::Object;
use serde_json::Value;

use crate::enumerations::{ClientAuthenticationMethod, GrantType, RegistrationMode};

/// What a realm permits at its registration endpoint (RFC 7591). All durations are in seconds.
#[derive(Object, Default)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct RegistrationPolicy {
    /// Who may register clients.
    mode: Option<RegistrationMode>,
    /// Grants that may be registered.
    grant_types: Option<Vec<GrantType>>,
    /// Authentication methods that may be registered; all that the realm offers when absent.
    token_endpoint_auth_methods: Option<Vec<ClientAuthenticationMethod>>,
    /// Signature algorithms that may be registered; all that the realm offers when absent.
    signing_algorithms: Option<Vec<String>>,
    /// Hosts of redirect URIs: `rp.example.com`, `*.example.com` for every host below, `com.example.app:` for a
    /// private-use scheme; any when absent.
    redirect_hosts: Option<Vec<String>>,
    /// Scope values, space-delimited, that may be registered; the realm's default when absent.
    scope: Option<String>,
    /// Lifetime of access tokens of such clients: 30 to 86400; the realm's when absent.
    access_token_seconds: Option<i64>,
    /// Lifetime of client secrets: 0 for no end, or 3600 to 315360000.
    client_secret_seconds: Option<i64>,
    /// Most clients that are registered this way at a time: 1 to 1000000.
    maximum_clients: Option<i64>,
    /// Requests from one address in a window before they are refused: 1 to 100000.
    attempts_per_address: Option<i64>,
    /// Length of that window: 30 to 86400.
    attempt_window_seconds: Option<i64>,
    /// A client that was not used for this long is deleted: 0 for never, or 86400 to 315360000.
    unused_client_seconds: Option<i64>,
    /// Whether every registration needs a software statement (RFC 7591 section 2.3).
    software_statement_required: Option<bool>,
    /// Who may make software statements; nobody when absent.
    software_statement_issuers: Option<Vec<SoftwareStatementIssuer>>,
}

/// Somebody who is trusted to make software statements.
#[derive(Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct SoftwareStatementIssuer {
    /// `iss` of the statements.
    issuer: String,
    /// The public keys: a JWK set. Excludes `jwks_uri`.
    jwks: Option<Value>,
    /// Where the public keys are. Excludes `jwks`.
    jwks_uri: Option<String>,
    /// Whether a statement counts once, by its `jti`. No when absent.
    single_use: Option<bool>,
}

#[cfg(test)]
mod tests {
    use signet_core::model;

    use super::*;
    use crate::mirror;

    #[test]
    fn the_policy_of_the_api_mirrors_that_of_the_core() {
        mirror::assert_mirrors::<RegistrationPolicy, model::RegistrationPolicy>();
        mirror::assert_mirrors::<SoftwareStatementIssuer, model::SoftwareStatementIssuer>();
    }
}
