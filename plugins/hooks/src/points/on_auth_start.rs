//! Whether the user has to log in for a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::on_authorize_request::AuthorizationDenial;
use crate::decision::{Constructor, Denial};
use crate::facts::{NoArgument, RequestFacts};
use crate::hook::{Hook, HookPoint};
use crate::redaction::Redact;
use crate::text::Seconds;

/// `on_auth_start(ctx)`
pub struct OnAuthStart;

/// What is known when it is decided whether the user has to log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationStart {
    /// The authorization request.
    pub request: RequestFacts,
    /// The factors a user can prove themselves with here.
    pub factors: Vec<String>,
    /// Whether the session in `ctx.session` is good enough by the server's own rules. Without, the login form comes next.
    pub session_is_sufficient: bool,
}

/// What may be decided about a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthenticationDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the client gets the error at its redirect URI.
    Deny(Denial<AuthorizationDenial>),
    /// Take the session only if the login is fresh enough.
    Reauthenticate(Reauthentication),
}

/// How fresh a login must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reauthentication {
    /// The login must not be older than that many seconds. 0 demands a login for this very request; a login made for it
    /// is always fresh enough.
    pub max_age: Seconds<0, 31_536_000>,
}

impl Redact for AuthenticationStart {
    fn redact(&mut self) {
        let Self { request, factors: _, session_is_sufficient: _ } = self;
        request.redact();
    }
}

impl HookPoint for OnAuthStart {
    const HOOK: Hook = Hook::OnAuthStart;
    const ARGUMENT: Option<&'static str> = None;
    const ABOUT: &'static str = "Asked when a request has been accepted, with the user and the session of the browser \
                                 if there is one: may they go on, or must they prove again who they are?";
    const NEVER: &'static str = "let anybody in without a login that the server's own rules accept";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("reauthenticate")];
    type Facts = AuthenticationStart;
    type Argument = NoArgument;
    type Output = AuthenticationDecision;

    fn sample() -> (AuthenticationStart, NoArgument) {
        let facts = AuthenticationStart {
            request: RequestFacts::sample(),
            factors: vec!["password".to_owned()],
            session_is_sufficient: true,
        };
        (facts, ())
    }
}
