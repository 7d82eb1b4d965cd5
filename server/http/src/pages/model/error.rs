//! The page that says what went wrong and what to do.

use serde::{Serialize, Serializer};

use super::{Heading, message_enum};
use crate::pages::values::{DisplayText, WebUri};

/// What went wrong, for the person in front of the page and for those who look it up in the log.
#[derive(Debug, Clone, Serialize)]
pub struct ErrorPage {
    /// What kind of trouble it is.
    #[serde(serialize_with = "heading_and_text")]
    pub problem: ErrorProblem,
    /// The public reason for those who build the client, in English; it never repeats input.
    pub reason: Option<DisplayText>,
    /// What the realm's scripts say about it.
    pub message: Option<DisplayText>,
    /// Where the realm's scripts say that help is found.
    pub support: Option<WebUri>,
    /// Finds the log line of this request.
    pub support_code: DisplayText,
}

message_enum! {
    /// The kinds of trouble that a person is told about; each has a heading (`-title`) and a text (`-text`).
    ErrorProblem {
        /// The client's request is not valid, and there is no safe way back to it.
        Request = "error-request",
        /// The interaction is over: too old, already answered, or of another browser.
        Expired = "error-expired",
        /// The form failed the check against cross-site request forgery.
        Forgery = "error-forgery",
        /// There is no such page.
        NotFound = "error-not-found",
        /// Too many requests.
        Throttled = "error-throttled",
        /// Overloaded, or a dependency is away.
        Unavailable = "error-unavailable",
        /// The server's own fault.
        Internal = "error-internal",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn heading_and_text<S: Serializer>(problem: &ErrorProblem, serializer: S) -> Result<S::Ok, S::Error> {
    Heading::of(problem.key()).serialize(serializer)
}
