//! A grant that the token endpoint has validated, before tokens are made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;
use crate::text::Seconds;

/// `on_token_request(ctx, req)`
pub struct OnTokenRequest;

/// What is about to be issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequestFacts {
    /// `grant_type`.
    pub grant_type: String,
    /// The scope values of the access token.
    pub scope: Vec<String>,
    /// Resource servers the access token is for.
    pub resources: Vec<String>,
    /// How long the access token would live, in seconds.
    pub access_token_seconds: i64,
    /// Whether the response would have a refresh token.
    pub refresh_token: bool,
    /// How the user was authenticated; `()` for a token of the client's own.
    pub authentication: Option<AuthenticationFacts>,
}

/// How a user was authenticated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthenticationFacts {
    /// When, in Unix seconds.
    pub time: i64,
    /// The authentication context class that the token tells; `()` if the client did not ask.
    pub acr: Option<String>,
    /// Authentication method references (RFC 8176).
    pub amr: Vec<String>,
}

denial_codes! {
    /// How a token request can be refused (RFC 6749 section 5.2, RFC 8707).
    TokenDenial { InvalidGrant, InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, }
}

/// What may be decided about a token request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum TokenDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; nothing is issued, and what was presented is not used up.
    Deny(Denial<TokenDenial>),
    /// Issue less.
    Narrow(TokenNarrowing),
}

/// What is taken from the tokens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TokenNarrowing {
    /// Scope values to leave out of the access token; those it has not are ignored. `openid` stays: refuse instead.
    pub drop_scopes: Vec<String>,
    /// Longest life of the access token; the smaller of this and the server's own counts.
    pub access_token_seconds: Option<Seconds<30, 86_400>>,
    /// Longest life of the ID token; the smaller of this and the server's own counts.
    pub id_token_seconds: Option<Seconds<30, 86_400>>,
    /// Issue no refresh token with an authorization code. Where a refresh token was presented, that one stays as it is.
    pub no_refresh_token: bool,
}

nothing_personal!(TokenRequestFacts {
    grant_type,
    scope,
    resources,
    access_token_seconds,
    refresh_token,
    authentication,
});

impl HookPoint for OnTokenRequest {
    const HOOK: Hook = Hook::OnTokenRequest;
    const ARGUMENT: Option<&'static str> = Some("req");
    const ABOUT: &'static str = "Asked at the token endpoint when client and grant are good, before tokens are made; and at the authorization endpoint \
                               before tokens travel through the browser, with the `grant_type` `implicit`.";
    const NEVER: &'static str = "change client, user or audience; add a scope; lengthen a life";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow")];
    type Facts = NoFacts;
    type Argument = TokenRequestFacts;
    type Output = TokenDecision;

    fn sample() -> (NoFacts, TokenRequestFacts) {
        let request = TokenRequestFacts {
            grant_type: "authorization_code".to_owned(),
            scope: ["openid", "profile", "email", "offline_access"].map(str::to_owned).to_vec(),
            resources: Vec::new(),
            access_token_seconds: 600,
            refresh_token: true,
            authentication: Some(AuthenticationFacts::sample()),
        };
        (NoFacts {}, request)
    }
}

impl AuthenticationFacts {
    /// A realistic one.
    pub fn sample() -> Self {
        Self { time: 1_767_225_000, acr: None, amr: vec!["pwd".to_owned()] }
    }
}
