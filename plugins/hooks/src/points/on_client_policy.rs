//! Which security profile counts for a request of a client.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::Constructor;
use crate::facts::{NoFacts, RequestFacts};
use crate::hook::{Hook, HookPoint};
use crate::redaction::Redact;

/// `on_client_policy(ctx, policy)`
pub struct OnClientPolicy;

/// A request of a client, and what counts for it already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientPolicy {
    /// The endpoint that was asked.
    pub endpoint: PolicyEndpoint,
    /// The request, at the authorization endpoint; `()` at the others.
    pub request: Option<RequestFacts>,
}

/// The endpoints where a security profile counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PolicyEndpoint {
    /// The authorization endpoint (RFC 6749 section 3.1).
    Authorization,
    /// The endpoint for pushed authorization requests (RFC 9126).
    PushedAuthorizationRequest,
    /// The authorization challenge endpoint (OAuth 2.0 for First-Party Applications 4.1).
    AuthorizationChallenge,
    /// The token endpoint (RFC 6749 section 3.2).
    Token,
    /// The device authorization endpoint (RFC 8628 section 3.1).
    DeviceAuthorization,
    /// The backchannel authentication endpoint (CIBA Core 7).
    BackchannelAuthentication,
    /// The introspection endpoint (RFC 7662).
    Introspection,
    /// The revocation endpoint (RFC 7009).
    Revocation,
}

/// What may be decided about the policy of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum PolicyDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Demand more.
    Tighten(Tightening),
}

/// What is demanded of a request besides what counts already.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Tightening {
    /// A security profile that counts too. With one that excludes it, nothing is permitted any more.
    pub profile: Option<DemandedProfile>,
    /// Whether PKCE is demanded.
    pub require_pkce: bool,
    /// Whether the authorization request must be a signed request object.
    pub require_signed_request_object: bool,
    /// Whether the authorization request must be pushed.
    pub require_pushed_authorization_requests: bool,
}

/// A security profile by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DemandedProfile {
    /// What counts anyway.
    #[serde(rename = "base")]
    Base,
    /// FAPI 1.0 Part 2: Advanced.
    #[serde(rename = "fapi1_advanced")]
    Fapi1Advanced,
    /// FAPI 2.0 Security Profile.
    #[serde(rename = "fapi2_security")]
    Fapi2Security,
    /// FAPI 2.0 Message Signing.
    #[serde(rename = "fapi2_message_signing")]
    Fapi2MessageSigning,
    /// FAPI-CIBA.
    #[serde(rename = "fapi_ciba")]
    FapiCiba,
}

impl Redact for ClientPolicy {
    fn redact(&mut self) {
        let Self { endpoint: _, request } = self;
        if let Some(request) = request {
            request.redact();
        }
    }
}

impl HookPoint for OnClientPolicy {
    const HOOK: Hook = Hook::OnClientPolicy;
    const ARGUMENT: Option<&'static str> = Some("policy");
    const ABOUT: &'static str = "Asked at each step of an authorization request that realm and client permit, and at the endpoints for \
         pushed requests, tokens, introspection and revocation once the client has proved who it is. What it demands is then checked.";
    const NEVER: &'static str = "take away a demand of an administrator or of the profile that counts already";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::ALLOW, Constructor::members("tighten")];
    type Facts = NoFacts;
    type Argument = ClientPolicy;
    type Output = PolicyDecision;

    fn sample() -> (NoFacts, ClientPolicy) {
        let policy = ClientPolicy { endpoint: PolicyEndpoint::Authorization, request: Some(RequestFacts::sample()) };
        (NoFacts {}, policy)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
