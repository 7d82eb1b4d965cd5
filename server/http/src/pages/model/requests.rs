//! The page on which users answer what applications ask at another device (CIBA).

use serde::Serialize;

use super::{ClientView, SessionForm, message_enum};
use crate::pages::permissions::{DetailView, ScopeView};
use crate::pages::values::{DisplayText, Hidden};

/// What applications ask at another device. Fields `csrf` and `request` with `action` `allow`, `deny` or `block`; `client`
/// with `action` `unblock`; `user_code` with `action` `set-code`, and `action` `remove-code`.
#[derive(Debug, Clone, Serialize)]
pub struct RequestsPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// What waits, the first to end first.
    pub requests: Vec<RequestView>,
    /// Who may not ask.
    pub blocked: Vec<BlockedView>,
    /// The forms.
    pub form: SessionForm,
    /// Whether the person has a user code (CIBA Core 7.1.2), where the realm has any.
    pub has_user_code: Option<bool>,
    /// What became of the last answer.
    pub outcome: Option<RequestOutcome>,
}

/// What an application asks.
#[derive(Debug, Clone, Serialize)]
pub struct RequestView {
    /// The field `request`.
    pub id: Hidden,
    /// Who asks.
    pub client: ClientView,
    /// What the application shows, too.
    pub binding_message: Option<DisplayText>,
    /// How long ago it asked, in whole minutes.
    pub minutes_ago: i64,
    /// What is asked for in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// The scopes asked for.
    pub scopes: Vec<ScopeView>,
}

/// An application that may not ask.
#[derive(Debug, Clone, Serialize)]
pub struct BlockedView {
    /// Its name.
    pub name: DisplayText,
    /// The field `client`.
    pub client: Hidden,
}

message_enum! {
    /// What became of an answer.
    RequestOutcome {
        /// The application gets what it asked for.
        Allowed = "requests-allowed",
        /// It does not.
        Denied = "requests-denied",
        /// It does not, and may not ask any more.
        Blocked = "requests-blocked-now",
        /// It may ask again.
        Unblocked = "requests-unblocked-now",
        /// Nothing waited any more.
        Gone = "requests-gone",
        /// There is a user code now.
        CodeSet = "requests-code-set",
        /// There is none any more.
        CodeRemoved = "requests-code-removed",
        /// It is no good as a code.
        CodeUnfit = "requests-code-unfit",
    }
}
