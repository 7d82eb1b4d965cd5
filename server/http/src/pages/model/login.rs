//! The page that asks who somebody is.

use serde::Serialize;

use super::{ClientView, InteractionForm, message_enum};

/// Fields `username`, `password`; `action` is `login`, `cancel`, or `sign-up` where that is offered.
#[derive(Debug, Clone, Serialize)]
pub struct LoginPage {
    /// Who asks for the login.
    pub client: ClientView,
    /// The form.
    pub form: InteractionForm,
    /// What the username field holds: from `login_hint`, or from the attempt that failed; may be empty.
    pub username: String,
    /// Why the last attempt failed.
    pub problem: Option<LoginProblem>,
    /// Whether someone with a session must prove again who they are (`prompt=login`, `max_age`).
    pub reauthentication: bool,
    /// Whether people can make an account.
    pub sign_up: bool,
}

message_enum! {
    /// Why a login attempt failed. One text for an unknown user and a wrong password.
    LoginProblem {
        /// Username or password is not right.
        Credentials = "login-problem-credentials",
        /// Too many attempts for this account or from this address.
        Throttled = "login-problem-throttled",
        /// The queue for checking passwords is full.
        Busy = "login-problem-busy",
    }
}
