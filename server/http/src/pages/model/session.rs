//! The pages about being signed in: saying so, and signing out.

use serde::Serialize;

use super::SessionForm;
use crate::pages::values::{DisplayText, FrameUri, OwnPath, ReturnTarget};

/// Shown after a login that no client asked for.
#[derive(Debug, Clone, Serialize)]
pub struct SignedInPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// Where the list of apps with access is.
    pub apps: OwnPath,
    /// Where requests are answered that apps made at another device, where there are such.
    pub requests: Option<OwnPath>,
    /// Where people share what they have, where they can.
    pub sharing: Option<OwnPath>,
    /// Signs out.
    pub sign_out: SessionForm,
}

/// `action` is `sign-out`, `everywhere` where no client asks, or `stay`.
#[derive(Debug, Clone, Serialize)]
pub struct SignOutPage {
    /// Who is signed in.
    pub user: DisplayText,
    /// Which client asks for it, if one does.
    pub client: Option<DisplayText>,
    /// The form.
    pub form: SessionForm,
}

/// What a browser shows while it tells clients of the end of the session (Front-Channel Logout 3).
#[derive(Debug, Clone, Serialize)]
pub struct LoggedOutPage {
    /// What it loads in frames.
    pub frames: Vec<FrameUri>,
    /// Where it goes then.
    pub target: Option<ReturnTarget>,
    /// Whose address that is.
    pub client: DisplayText,
}
