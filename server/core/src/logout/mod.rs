//! Logout: OpenID Connect RP-Initiated Logout 1.0, Session Management 1.0, Front-Channel Logout 1.0 and Back-Channel
//! Logout 1.0.
//!
//! A request passes these stages: its parameters become a [`LogoutRequest`], whose redirect URI is registered for the
//! client that is proven or named; [`requested`] decides whether the user has to be asked; [`end`] ends the session in
//! one transaction, in which every client that wants to be told by the back channel gets its delivery, and says which
//! frames the browser loads and where it goes then. [`LogoutSender`] delivers, beside requests.

mod decision;
mod delivery;
mod end;
mod request;
mod session_state;
mod token;

pub use delivery::LogoutSender;
pub(crate) use end::offline_access_denied_until;
pub use end::{LoggedOut, end, end_everywhere};
pub use request::{LogoutRequest, LogoutStep, confirmed, requested};
pub use session_state::browser_state;
pub(crate) use session_state::session_state;
