//! After a client has proved who it is, or a public one has named itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;

/// `on_client_authenticated(ctx, auth)`
pub struct OnClientAuthenticated;

/// How the client proved who it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAuthentication {
    /// The endpoint that was asked.
    pub endpoint: ClientEndpoint,
    /// The method that was used, such as `private_key_jwt`; `none` for a public client.
    pub method: String,
    /// The base64url SHA-256 thumbprint of the certificate it authenticated with; `()` for other methods.
    pub cert_thumbprint: Option<String>,
}

/// The endpoints where clients authenticate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClientEndpoint {
    /// The token endpoint (RFC 6749 section 3.2).
    Token,
    /// The endpoint for pushed authorization requests (RFC 9126 section 2).
    PushedAuthorizationRequest,
    /// The authorization challenge endpoint (OAuth 2.0 for First-Party Applications 4.1).
    AuthorizationChallenge,
    /// The device authorization endpoint (RFC 8628 section 3.1).
    DeviceAuthorization,
    /// The backchannel authentication endpoint (CIBA Core 7).
    BackchannelAuthentication,
    /// The introspection endpoint (RFC 7662).
    Introspection,
    /// The revocation endpoint (RFC 7009).
    Revocation,
}

denial_codes! {
    /// How a client can be refused that has authenticated (RFC 6749 section 5.2).
    ClientDenial { InvalidClient, UnauthorizedClient, }
}

/// What may be decided about an authenticated client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse the client.
    Deny(Denial<ClientDenial>),
}

nothing_personal!(ClientAuthentication { endpoint, method, cert_thumbprint });

impl HookPoint for OnClientAuthenticated {
    const HOOK: Hook = Hook::OnClientAuthenticated;
    const ARGUMENT: Option<&'static str> = Some("auth");
    const ABOUT: &'static str =
        "Asked at the token, push, introspection and revocation endpoints once the client is known, before anything else.";
    const NEVER: &'static str = "turn a failed authentication into a success; it is not asked about those";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::ALLOW, Constructor::DENY];
    type Facts = NoFacts;
    type Argument = ClientAuthentication;
    type Output = ClientDecision;

    fn sample() -> (NoFacts, ClientAuthentication) {
        let authentication = ClientAuthentication {
            endpoint: ClientEndpoint::Token,
            method: "client_secret_basic".to_owned(),
            cert_thumbprint: None,
        };
        (NoFacts {}, authentication)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
