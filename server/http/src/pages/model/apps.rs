//! The page that lists the clients a user has allowed something.

use serde::Serialize;

use super::{ClientView, SessionForm};
use crate::pages::permissions::{ClaimView, DetailView, ScopeView};
use crate::pages::values::{CalendarDay, DisplayText, Hidden, WebUri};

/// The clients that a user has allowed something; each button posts the field `authorization`.
#[derive(Debug, Clone, Serialize)]
pub struct AppsPage {
    /// Whose account it is.
    pub user: DisplayText,
    /// The clients.
    pub apps: Vec<AppView>,
    /// Where a removal is posted.
    pub remove: SessionForm,
    /// The client that has just lost its access.
    pub removed: Option<DisplayText>,
}

/// A client with access, and what it may do.
#[derive(Debug, Clone, Serialize)]
pub struct AppView {
    /// What is sent when it is to be removed.
    pub removal: Removal,
    /// The client.
    pub client: ClientView,
    /// What it was allowed in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// What it was allowed.
    pub scopes: Vec<ScopeView>,
    /// Which single claims it was allowed.
    pub claims: Vec<ClaimView>,
    /// Starts a login at the client (OpenID Connect Core 4).
    pub start: Option<WebUri>,
    /// When it was allowed, or first logged the user in.
    pub since: CalendarDay,
    /// Whether the user was asked.
    pub was_asked: bool,
}

/// What names a client's access in the form that ends it.
#[derive(Debug, Clone, Serialize)]
pub struct Removal {
    /// The field.
    pub field: &'static str,
    /// The stored consent, or the client.
    pub value: Hidden,
}
