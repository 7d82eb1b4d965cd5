//! A client brings an assertion of an issuer that the realm trusts (RFC 7523).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::Seconds;

/// `on_assertion_grant(ctx, assertion)`
pub struct OnAssertionGrant;

/// An assertion that is good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertionFacts {
    /// Who made it: a trusted issuer.
    pub issuer: String,
    /// Its claims, all verified.
    pub claims: Map<String, Value>,
    /// The scope values of the access token.
    pub scope: Vec<String>,
    /// Resource servers that the access token is for.
    pub resources: Vec<String>,
}

denial_codes! {
    /// How an assertion can be refused (RFC 7521 section 4.1.1).
    AssertionDenial { InvalidGrant, InvalidScope, InvalidTarget, UnauthorizedClient, }
}

/// What may be decided about an assertion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum AssertionDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the assertion is not used up.
    Deny(Denial<AssertionDenial>),
    /// Issue less.
    Narrow(AssertionNarrowing),
    /// Say whom it is about, where the trusted issuer has the mapping `script`; nowhere else.
    Name(AssertionUser),
}

/// What is taken from the access token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AssertionNarrowing {
    /// Scope values to leave out; those it has not are ignored.
    pub drop_scopes: Vec<String>,
    /// Longest life of the access token; the smaller of this and the server's own counts.
    pub access_token_seconds: Option<Seconds<30, 86_400>>,
}

/// Whom an assertion is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AssertionUser {
    /// The login name of a user of the realm. Where there is none, or the user is disabled, the assertion is refused.
    pub username: String,
}

impl Redact for AssertionFacts {
    fn redact(&mut self) {
        let Self { issuer: _, claims, scope: _, resources: _ } = self;
        claims.values_mut().for_each(redaction::texts);
    }
}

impl HookPoint for OnAssertionGrant {
    const HOOK: Hook = Hook::OnAssertionGrant;
    const ARGUMENT: Option<&'static str> = Some("assertion");
    const ABOUT: &'static str = "Asked when a client brings an assertion of a trusted issuer, and the assertion is good. \
                                 `ctx.user` is the user whom it names, unless the issuer has the mapping `script`: then \
                                 a script names the user with `name(#{ username: .. })`. `on_token_request` is asked as \
                                 well, afterwards.";
    const NEVER: &'static str = "trust another issuer; make a bad assertion good; name a user where the administrator \
                                 did not leave that to scripts; add a scope; lengthen a life";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow"), Constructor::members("name")];
    type Facts = NoFacts;
    type Argument = AssertionFacts;
    type Output = AssertionDecision;

    fn sample() -> (NoFacts, AssertionFacts) {
        let claims = json!({
            "iss": "https://login.partner.example", "sub": "8f3a", "aud": "https://login.example.com/realms/main",
            "exp": 1_767_225_900, "jti": "a1", "email": "ana@partner.example", "email_verified": true,
        });
        let assertion = AssertionFacts {
            issuer: "https://login.partner.example".to_owned(),
            claims: claims.as_object().cloned().unwrap_or_default(),
            scope: vec!["read".to_owned()],
            resources: Vec::new(),
        };
        (NoFacts {}, assertion)
    }
}
