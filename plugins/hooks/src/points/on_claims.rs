//! Claims about a user are put together.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::on_token_request::AuthenticationFacts;
use crate::decision::{Constructor, Takes};
use crate::hook::{Hook, HookPoint};
use crate::redaction::{Redact, nothing_personal};

/// `on_claims(ctx, target)`
pub struct OnClaims;

/// What the claims are put together for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimsFacts {
    /// The scope values of the grant.
    pub scope: Vec<String>,
    /// The names of the standard claims that scope and claims request ask for in this place.
    pub requested: Vec<String>,
    /// Whom an access token is for; empty for the other targets.
    pub audience: Vec<String>,
    /// `claims_locales` of the request, most wanted first.
    pub claims_locales: Vec<String>,
    /// How the user was authenticated; `()` for a token of the client's own.
    pub authentication: Option<AuthenticationFacts>,
}

/// Where the claims go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClaimsTarget {
    /// Into an ID token.
    IdToken,
    /// Into a userinfo response.
    Userinfo,
    /// Into an access token that is a JWT.
    AccessToken,
    /// Into an introspection response.
    Introspection,
}

/// What may be decided about claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClaimsDecision {
    /// Add nothing.
    None {},
    /// Add claims.
    Claims {
        /// The claims by name: declared in the manifest, of the declared type, neither null nor empty, together at most
        /// 4096 bytes. Standard claims are added only where they were asked for and the user record has none.
        claims: Map<String, Value>,
    },
}

nothing_personal!(ClaimsFacts { scope, requested, audience, claims_locales, authentication });

impl Redact for ClaimsTarget {
    fn redact(&mut self) {}
}

impl HookPoint for OnClaims {
    const HOOK: Hook = Hook::OnClaims;
    const ARGUMENT: Option<&'static str> = Some("target");
    const ABOUT: &'static str =
        "Asked when claims are put together for an ID token, a userinfo response, an access token or an introspection.";
    const NEVER: &'static str = "set a claim that the server decides, replace one it has, or take one away";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor { name: "claims", takes: Takes::Itself }];
    type Facts = ClaimsFacts;
    type Argument = ClaimsTarget;
    type Output = ClaimsDecision;

    fn sample() -> (ClaimsFacts, ClaimsTarget) {
        let facts = ClaimsFacts {
            scope: ["openid", "profile", "email"].map(str::to_owned).to_vec(),
            requested: Vec::new(),
            audience: vec!["https://login.example.com/realms/demo".to_owned()],
            claims_locales: Vec::new(),
            authentication: Some(AuthenticationFacts::sample()),
        };
        (facts, ClaimsTarget::AccessToken)
    }
}
