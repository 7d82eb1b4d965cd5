//! A factor was checked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::RequestFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{Redact, nothing_personal};

/// `on_factor_result(ctx, result)`
pub struct OnFactorResult;

/// For which request a factor was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorFacts {
    /// The authorization request.
    pub request: RequestFacts,
}

/// What came of the check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FactorResult {
    /// Which factor: `password`.
    pub factor: String,
    /// Whether the user proved themselves with it.
    pub succeeded: bool,
    /// Why not; `()` after a success.
    pub failure: Option<FactorFailure>,
}

/// Why a factor proved nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactorFailure {
    /// The name, the password or both are wrong, or the account is disabled.
    WrongCredentials,
    /// There were too many attempts; nothing was checked.
    TooManyAttempts,
    /// The server was too busy; nothing was checked.
    Busy,
}

denial_codes! {
    /// How a login can be refused (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6).
    LoginDenial { AccessDenied, InteractionRequired, UnmetAuthenticationRequirements, }
}

/// What may be decided after a factor was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum FactorDecision {
    /// Nothing to say.
    None {},
    /// Go on: after a success with the login, after a failure with the form again.
    Allow {},
    /// End the interaction; the client gets the error at its redirect URI, and no session begins.
    Deny(Denial<LoginDenial>),
}

impl Redact for FactorFacts {
    fn redact(&mut self) {
        let Self { request } = self;
        request.redact();
    }
}

nothing_personal!(FactorResult { factor, succeeded, failure });

impl HookPoint for OnFactorResult {
    const HOOK: Hook = Hook::OnFactorResult;
    const ARGUMENT: Option<&'static str> = Some("result");
    const ABOUT: &'static str = "Asked each time a factor was checked, before a session begins. `ctx.user` is known \
                                 after a success only.";
    const NEVER: &'static str = "pass a failed factor; learn whether the account of a failed one exists";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::ALLOW, Constructor::DENY];
    type Facts = FactorFacts;
    type Argument = FactorResult;
    type Output = FactorDecision;

    fn sample() -> (FactorFacts, FactorResult) {
        let result = FactorResult { factor: "password".to_owned(), succeeded: true, failure: None };
        (FactorFacts { request: RequestFacts::sample() }, result)
    }
}
