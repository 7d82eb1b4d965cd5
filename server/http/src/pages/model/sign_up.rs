//! The page on which people make an account.

use serde::Serialize;

use super::{ClientView, InteractionForm, message_enum};

/// Fields `username`, `name`, `email`, `password`, `repeated`; `action` is `sign-up`, `login` or `cancel`.
#[derive(Debug, Clone, Serialize)]
pub struct SignUpPage {
    /// Who asks for the account.
    pub client: ClientView,
    /// The form.
    pub form: InteractionForm,
    /// What the fields hold, from the attempt that failed; may be empty.
    pub username: String,
    /// The same.
    pub name: String,
    /// The same.
    pub email: String,
    /// Fewest characters of a password.
    pub least_characters: usize,
    /// Why there is no account yet.
    pub problem: Option<SignUpProblem>,
}

message_enum! {
    /// Why there is no account yet.
    SignUpProblem {
        /// The username is empty, too long, or has characters that nobody sees.
        Username = "sign-up-problem-username",
        /// Somebody else has it.
        UsernameTaken = "sign-up-problem-taken",
        /// The two passwords differ.
        Repeated = "sign-up-problem-repeated",
        /// The password is too short.
        PasswordTooShort = "sign-up-problem-short",
        /// The password is too long.
        PasswordTooLong = "sign-up-problem-long",
        /// The password is one that guessers try first.
        PasswordCommon = "sign-up-problem-common",
        /// Not a name.
        Name = "sign-up-problem-name",
        /// Not an e-mail address.
        Email = "sign-up-problem-email",
        /// Too many attempts from this address.
        Throttled = "sign-up-problem-throttled",
        /// The queue for hashing passwords is full.
        Busy = "sign-up-problem-busy",
    }
}
