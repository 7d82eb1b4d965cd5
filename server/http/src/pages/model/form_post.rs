//! The page that sends an authorization response to the client by a form (Form Post Response Mode 1.0).

use serde::Serialize;

use super::Parameter;
use crate::pages::values::{DisplayText, FormTarget};

/// An authorization response on its way to the client (Form Post Response Mode 1.0).
#[derive(Debug, Clone, Serialize)]
pub struct FormPostPage {
    /// The name of the client.
    pub client: DisplayText,
    /// The redirect URI.
    pub action: FormTarget,
    /// The response.
    pub parameters: Vec<Parameter>,
}
