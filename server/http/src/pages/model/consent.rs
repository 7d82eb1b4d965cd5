//! The page that asks whether a client may have what it asks for.

use serde::Serialize;

use super::{ClientView, InteractionForm};
use crate::pages::permissions::{ClaimView, DetailView, ScopeView};
use crate::pages::values::DisplayText;

/// `action` is `allow` or `deny`.
#[derive(Debug, Clone, Serialize)]
pub struct ConsentPage {
    /// Who asks.
    pub client: ClientView,
    /// The form.
    pub form: InteractionForm,
    /// Who is asked.
    pub user: DisplayText,
    /// What the realm's scripts say above the list.
    pub notice: Option<DisplayText>,
    /// What is asked for in detail (RFC 9396).
    pub details: Vec<DetailView>,
    /// The scopes asked for.
    pub scopes: Vec<ScopeView>,
    /// The claims asked for by the `claims` parameter (OpenID Connect Core 5.5).
    pub claims: Vec<ClaimView>,
    /// The host of the redirect URI, for clients that nobody vouched for (RFC 9700 section 4.11.2).
    pub destination: Option<DisplayText>,
    /// Whether the answer is remembered, or asked for each time.
    pub remembered: bool,
}
