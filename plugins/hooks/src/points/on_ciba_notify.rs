//! The service that reaches users' devices is about to be told of a request (CIBA Core 8).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::{self, Redact};
use crate::text::LocalizedText;

/// `on_ciba_notify(ctx, job)`
pub struct OnCibaNotify;

/// What is about to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CibaJob {
    /// `binding_message`; `()` without one.
    pub binding_message: Option<String>,
    /// The scope values asked for.
    pub scope: Vec<String>,
    /// Which attempt it is, from 1.
    pub attempt: i64,
    /// Seconds that are left for an answer.
    pub seconds_left: i64,
}

/// What may be decided about a message to the service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum CibaNotifyDecision {
    /// Nothing to say.
    None {},
    /// Tell it.
    Allow {},
    /// Do not tell it: the user is told in another way. The request waits on.
    Skip {},
    /// Tell it with this besides.
    Payload(CibaPayload),
}

/// What the service is told besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CibaPayload {
    /// By which of its channels the service is to reach the user, of 1 to 64 characters.
    #[schemars(length(min = 1, max = 64))]
    pub channel: Option<String>,
    /// A text for the user, by language.
    pub text: Option<LocalizedText>,
}

impl Redact for CibaJob {
    fn redact(&mut self) {
        let Self { binding_message, scope: _, attempt: _, seconds_left: _ } = self;
        binding_message.iter_mut().for_each(redaction::name);
    }
}

impl HookPoint for OnCibaNotify {
    const HOOK: Hook = Hook::OnCibaNotify;
    const ARGUMENT: Option<&'static str> = Some("job");
    const ABOUT: &'static str = "Asked before each attempt to tell the service that reaches users' devices of a request, \
                                 outside of any request.";
    const NEVER: &'static str = "approve or deny anything; change to whom the message goes, or what it says of the \
                                 request";
    const CONSTRUCTORS: &'static [Constructor] =
        &[Constructor::ALLOW, Constructor::nothing("skip"), Constructor::members("payload")];
    type Facts = NoFacts;
    type Argument = CibaJob;
    type Output = CibaNotifyDecision;

    fn sample() -> (NoFacts, CibaJob) {
        let job = CibaJob {
            binding_message: Some("W4SCT".to_owned()),
            scope: vec!["openid".to_owned(), "payments".to_owned()],
            attempt: 1,
            seconds_left: 118,
        };
        (NoFacts {}, job)
    }
}
