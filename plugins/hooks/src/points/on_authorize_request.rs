//! An authorization request that every rule has agreed to, before anything is shown or answered.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::{NoFacts, RequestFacts};
use crate::hook::{Hook, HookPoint};
use crate::text::Seconds;

/// `on_authorize_request(ctx, req)`
pub struct OnAuthorizeRequest;

denial_codes! {
    /// How an authorization request can be refused (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6, RFC 8707).
    AuthorizationDenial {
        AccessDenied, InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, InteractionRequired,
        LoginRequired, ConsentRequired, UnmetAuthenticationRequirements, TemporarilyUnavailable,
    }
}

/// What may be decided about an authorization request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthorizationRequestDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse the request; the client gets the error at its redirect URI.
    Deny(Denial<AuthorizationDenial>),
    /// Go on with less, or with more care.
    Narrow(RequestNarrowing),
}

/// What is taken from a request, or demanded beyond it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestNarrowing {
    /// Scope values to leave out; those that were not asked for are ignored. `openid` stays: refuse the request instead.
    pub drop_scopes: Vec<String>,
    /// Interaction that is demanded besides what the client asks for.
    pub prompt: Vec<DemandedPrompt>,
    /// The login must not be older than that; the smaller of this and the client's counts. 0 demands a fresh login.
    pub max_age: Option<Seconds<0, 31_536_000>>,
}

/// Interaction that can be demanded (OpenID Connect Core 3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DemandedPrompt {
    /// A fresh login.
    Login,
    /// Consent, even if remembered.
    Consent,
    /// A choice of account.
    SelectAccount,
}

impl HookPoint for OnAuthorizeRequest {
    const HOOK: Hook = Hook::OnAuthorizeRequest;
    const ARGUMENT: Option<&'static str> = Some("req");
    const ABOUT: &'static str =
        "Asked for each authorization request after the server's own rules, before a login or an answer; of one that is \
         pushed also at the push, whose answer is told to the client itself.";
    const NEVER: &'static str = "change client, redirect URI, response mode or PKCE; add a scope; silence a prompt";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow")];
    type Facts = NoFacts;
    type Argument = RequestFacts;
    type Output = AuthorizationRequestDecision;

    fn sample() -> (NoFacts, RequestFacts) {
        (NoFacts {}, RequestFacts::sample())
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
