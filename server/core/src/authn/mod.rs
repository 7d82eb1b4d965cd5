//! Proving who a user is, and remembering it.

mod common_passwords;
mod login;
mod password;
mod session;
mod throttle;

pub use login::{Attempt, LoginFailure, check_password};
pub(crate) use password::check_user_code_policy;
pub use password::{PasswordHasher, PasswordOptions, PasswordPolicyViolation, check_policy};
pub use session::{SessionCookie, current_session, new_session};
pub(crate) use session::{note_use, session_of_apps};
pub(crate) use throttle::{counter_key, network};

/// The authentication context class of a password login (OpenID Connect Core 2, `acr`).
pub const ACR_PASSWORD: &str = "urn:signet:acr:password";

/// The authentication method reference of a password (RFC 8176 section 2).
pub const AMR_PASSWORD: &str = "pwd";

/// The factors that a user can prove themselves with, on pages and in applications.
pub const FACTORS: &[&str] = &["password"];

/// Every class a login here can reach.
pub const ACR_VALUES: &[&str] = &[ACR_PASSWORD];
