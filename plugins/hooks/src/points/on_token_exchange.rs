//! A client exchanges a token for another one (RFC 8693).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;
use crate::text::Seconds;

/// `on_token_exchange(ctx, exchange)`
pub struct OnTokenExchange;

/// An exchange that the client's policy permits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangedToken {
    /// `subject_token_type`.
    pub subject_token_type: String,
    /// The client that the subject token was issued to; `()` where another issuer made it.
    pub subject_client: Option<String>,
    /// The issuer of the subject token; `()` where this server made it.
    pub subject_issuer: Option<String>,
    /// When the subject token ends, in Unix seconds. The new one ends no later.
    pub subject_expires_at: i64,
    /// Who acts; `()` where the client becomes the subject.
    pub actor: Option<ExchangeActor>,
    /// How many acted before (RFC 8693 section 4.1).
    pub earlier_actors: i64,
    /// `requested_token_type`.
    pub requested_token_type: String,
    /// The scope values of the new token.
    pub scope: Vec<String>,
    /// Resource servers that the new token is for; none for an ID token.
    pub resources: Vec<String>,
}

/// An actor of this client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExchangeActor {
    /// `actor_token_type`.
    pub token_type: String,
    /// Whether the actor is a person, and not the client itself.
    pub is_user: bool,
}

denial_codes! {
    /// How an exchange can be refused (RFC 8693 section 2.2.2).
    ExchangeDenial { InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, }
}

/// What may be decided about an exchange.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ExchangeDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the subject token stays as it is.
    Deny(Denial<ExchangeDenial>),
    /// Issue less.
    Narrow(ExchangeNarrowing),
}

/// What is taken from the new token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExchangeNarrowing {
    /// Scope values to leave out; those it has not are ignored.
    pub drop_scopes: Vec<String>,
    /// Resources that it is not for; those that it is not for anyway are ignored. Where none is left, the request is
    /// refused.
    pub drop_resources: Vec<String>,
    /// Longest life of an access or ID token; the smaller of this and the server's own counts.
    pub token_seconds: Option<Seconds<30, 86_400>>,
}

nothing_personal!(ExchangedToken {
    subject_token_type,
    subject_client,
    subject_issuer,
    subject_expires_at,
    actor,
    earlier_actors,
    requested_token_type,
    scope,
    resources,
});

impl HookPoint for OnTokenExchange {
    const HOOK: Hook = Hook::OnTokenExchange;
    const ARGUMENT: Option<&'static str> = Some("exchange");
    const ABOUT: &'static str = "Asked when a client exchanges a token, both tokens are good, and the client's policy \
                                 permits it. `ctx.user` is the user whom the subject token is for. `on_token_request` \
                                 is asked as well, afterwards.";
    const NEVER: &'static str =
        "make a bad token good; permit what the policy does not; change subject or actor; outlive the subject token";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("narrow")];
    type Facts = NoFacts;
    type Argument = ExchangedToken;
    type Output = ExchangeDecision;

    fn sample() -> (NoFacts, ExchangedToken) {
        let access_token = "urn:ietf:params:oauth:token-type:access_token";
        let exchange = ExchangedToken {
            subject_token_type: access_token.to_owned(),
            subject_client: Some("shop".to_owned()),
            subject_issuer: None,
            subject_expires_at: 1_767_225_900,
            actor: Some(ExchangeActor { token_type: access_token.to_owned(), is_user: false }),
            earlier_actors: 0,
            requested_token_type: access_token.to_owned(),
            scope: vec!["stock".to_owned()],
            resources: vec!["https://stock.example.com/".to_owned()],
        };
        (NoFacts {}, exchange)
    }
}
