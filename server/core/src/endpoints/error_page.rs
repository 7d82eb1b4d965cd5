//! `on_error`: what the realm's scripts say to a person besides. The first text and the first address count; the error
//! itself, its status and its page are the server's.

use signet_hooks::NoFacts;
use signet_hooks::points::OnError;
pub use signet_hooks::points::on_error::ErrorMessage;
use signet_hooks::points::on_error::{ErrorDecision, ErrorFacts};
use signet_protocol::error::ErrorCode;

use crate::events::Serving;
use crate::hooks::Subject;
use crate::realm::RealmContext;

/// An error that is about to be shown to a person.
#[derive(Debug, Clone, Copy)]
pub struct ShownError<'a> {
    /// The code.
    pub code: ErrorCode,
    /// What the page says for developers; empty for a fault of ours.
    pub reason: &'a str,
    /// The kind of trouble, as the page names it.
    pub page: &'a str,
}

/// What the realm's scripts say about an error. Whatever goes wrong with them, the page is shown.
pub fn words_about(serving: &Serving<'_>, realm: &RealmContext, error: ShownError<'_>) -> ErrorMessage {
    let facts = || ErrorFacts {
        code: error.code.as_str().to_owned(),
        reason: error.reason.to_owned(),
        page: error.page.to_owned(),
    };
    // A page does not wait for a place where its scripts could run.
    let answers = serving.ask_at_once::<OnError>(realm, Subject::default(), || (NoFacts {}, facts()));
    let answers = answers.unwrap_or_default();
    answers.into_iter().fold(ErrorMessage::default(), |said, answer| match answer.decision {
        ErrorDecision::None {} => said,
        ErrorDecision::Message(more) => {
            ErrorMessage { text: said.text.or(more.text), support_url: said.support_url.or(more.support_url) }
        }
    })
}
