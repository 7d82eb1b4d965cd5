//! A client asks for the authentication of a user at another device (CIBA Core 7), after the server's own rules.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::{Constructor, Denial, denial_codes};
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::Seconds;

/// `on_ciba_request(ctx, req)`
pub struct OnCibaRequest;

denial_codes! {
    /// How a backchannel authentication request can be refused (CIBA Core 13).
    CibaDenial {
        AccessDenied, InvalidRequest, InvalidScope, InvalidTarget, UnauthorizedClient, UnknownUserId,
        InvalidBindingMessage, TemporarilyUnavailable,
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CibaRequest {
    /// Whom it means.
    pub hint: CibaHint,
    /// `binding_message`; `()` without one.
    pub binding_message: Option<String>,
    /// The scope values asked for and open to the client.
    pub scope: Vec<String>,
    /// Resource servers the tokens are to be for (RFC 8707).
    pub resources: Vec<String>,
    /// Whether the client asks for an authentication context class.
    pub acr_requested: bool,
    /// `requested_expiry` in seconds; `()` without one.
    pub requested_expiry: Option<i64>,
}

/// By what a client names a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CibaHint {
    /// `login_hint`, `id_token_hint` or `login_hint_token`.
    pub kind: String,
    /// The hint as it was sent. Nobody has checked it yet.
    pub text: String,
}

/// What may be decided about a backchannel authentication request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum CibaRequestDecision {
    /// Nothing to say.
    None {},
    /// Go on.
    Allow {},
    /// Refuse; the client gets the error.
    Deny(Denial<CibaDenial>),
    /// Say who is meant, or let the client wait for less long, or ask less often.
    Ciba(CibaPlan),
}

/// Who is asked, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CibaPlan {
    /// The user name of the user who is meant, of 1 to 320 bytes; in place of the hint, which is not looked at then.
    #[schemars(length(min = 1, max = 320))]
    pub username: Option<String>,
    /// Seconds for which the user can answer; the smaller of this and what else counts.
    pub expires_in: Option<Seconds<10, 3_600>>,
    /// Seconds between two polls; the larger of this and the realm's counts.
    pub interval: Option<Seconds<1, 60>>,
}

impl Redact for CibaRequest {
    fn redact(&mut self) {
        let Self { hint, binding_message, scope: _, resources: _, acr_requested: _, requested_expiry: _ } = self;
        let CibaHint { kind: _, text } = hint;
        redaction::name(text);
        binding_message.iter_mut().for_each(redaction::name);
    }
}

impl HookPoint for OnCibaRequest {
    const HOOK: Hook = Hook::OnCibaRequest;
    const ARGUMENT: Option<&'static str> = Some("req");
    const ABOUT: &'static str = "Asked when a client wants a user asked at another device, after \
                                 `on_authorize_request`: who is meant, for how long may the user take, how often may \
                                 the client ask?";
    const NEVER: &'static str = "approve anything; let a request live longer or polls come faster than the realm's \
                                 settings say; add a scope";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::DENY, Constructor::members("ciba")];
    type Facts = NoFacts;
    type Argument = CibaRequest;
    type Output = CibaRequestDecision;

    fn sample() -> (NoFacts, CibaRequest) {
        let request = CibaRequest {
            hint: CibaHint { kind: "login_hint".to_owned(), text: "maria.lindqvist@example.com".to_owned() },
            binding_message: Some("W4SCT".to_owned()),
            scope: vec!["openid".to_owned(), "payments".to_owned()],
            resources: vec!["https://payments.example.com/".to_owned()],
            acr_requested: false,
            requested_expiry: Some(120),
        };
        (NoFacts {}, request)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
