//! An error is about to be shown to a person.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::decision::Constructor;
use crate::facts::NoFacts;
use crate::hook::{Hook, HookPoint};
use crate::redaction::nothing_personal;
use crate::text::{LocalizedText, WebAddress};

/// `on_error(ctx, error)`
pub struct OnError;

/// The error that is about to be shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorFacts {
    /// The OAuth error code.
    pub code: String,
    /// What the page says for developers, in English.
    pub reason: String,
    /// What kind of trouble the page speaks of, such as `error-expired`.
    pub page: String,
}

/// What may be decided about an error page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "decision", rename_all = "snake_case", deny_unknown_fields)]
pub enum ErrorDecision {
    /// Nothing to say.
    None {},
    /// Say more.
    Message(ErrorMessage),
}

/// What the page says besides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ErrorMessage {
    /// A text by language, shown below the server's own.
    pub text: Option<LocalizedText>,
    /// Where help is found.
    pub support_url: Option<WebAddress>,
}

nothing_personal!(ErrorFacts { code, reason, page });

impl HookPoint for OnError {
    const HOOK: Hook = Hook::OnError;
    const ARGUMENT: Option<&'static str> = Some("error");
    const ABOUT: &'static str = "Asked before an error page of the realm is shown.";
    const NEVER: &'static str = "change the error or its status, or learn what only the log may hold";
    const CONSTRUCTORS: &'static [Constructor] = &[Constructor::members("message")];
    type Facts = NoFacts;
    type Argument = ErrorFacts;
    type Output = ErrorDecision;

    fn sample() -> (NoFacts, ErrorFacts) {
        let error = ErrorFacts {
            code: "invalid_request".to_owned(),
            reason: "redirect_uri is not registered for this client".to_owned(),
            page: "error-request".to_owned(),
        };
        (NoFacts {}, error)
    }

    fn sample_context() -> Context {
        Context::sample_without_user()
    }
}
