//! Checking a user name and a password.

use std::net::IpAddr;

use signet_protocol::identifiers::UserId;

use super::throttle::{Admission, AttemptCounters};
use super::{SessionCookie, current_session};
use crate::events::{Event, Fact, LoginRefusal, Parties, Serving};
use crate::failure::Fault;
use crate::model::{User, normalise_username};
use crate::realm::RealmContext;

/// Longest user name that is looked up, in bytes.
const MAXIMUM_USERNAME_BYTES: usize = 320;

/// Why a login did not succeed. The page says the same for an unknown user, a wrong password and a disabled account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginFailure {
    /// User name and password do not fit together.
    WrongCredentials,
    /// Too many attempts; nothing was checked.
    TooManyAttempts,
    /// Too many passwords wait to be checked; nothing was.
    Busy,
}

/// Who is trying to log in, and from where.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    /// As typed.
    pub username: &'a str,
    /// As typed.
    pub password: &'a str,
    /// The network address.
    pub address: IpAddr,
    /// The session this browser has, whoever is in it.
    pub session: Option<&'a SessionCookie>,
}

/// Checks a user name and a password.
///
/// # Errors
/// A fault if the database or the hashing pool does not answer: no login is accepted without either.
pub async fn check_password(
    serving: &Serving<'_>,
    realm: &RealmContext,
    attempt: Attempt<'_>,
) -> Result<Result<User, LoginFailure>, Fault> {
    let normalised = normalise_username(attempt.username);
    if normalised.len() > MAXIMUM_USERNAME_BYTES {
        serving.write(realm, refused(LoginRefusal::UnknownUser, None)).await?;
        return Ok(Err(LoginFailure::WrongCredentials));
    }
    let counters = AttemptCounters::new(realm, &normalised, attempt.address);
    let admission = counters.count(serving, realm).await?;
    if admission == Admission::Closed {
        serving.note(realm, refused(LoginRefusal::TooManyAttempts, None));
        return Ok(Err(LoginFailure::TooManyAttempts));
    }
    serving.passed("attempts");
    let found = serving.store.user_by_username(realm.id(), &normalised).await?;
    let known = found.as_ref().map(|(user, _)| user.id);
    if admission == Admission::KnownBrowsersOnly {
        let session = current_session(serving, realm, attempt.session).await?;
        let is_own = session.zip(found.as_ref()).is_some_and(|(session, (user, _))| session.user_id == user.id);
        if !is_own {
            serving.note(realm, refused(LoginRefusal::TooManyAttempts, known));
            return Ok(Err(LoginFailure::TooManyAttempts));
        }
    }
    let stored =
        found.as_ref().and_then(|(_, credential)| credential.as_ref()).map(|credential| credential.hash.as_str());
    let matches = match serving.passwords.verify(attempt.password, stored).await {
        Err(Fault::Overloaded(_)) => {
            counters.forgive(serving, realm).await?;
            serving.note(realm, refused(LoginRefusal::Busy, known));
            return Ok(Err(LoginFailure::Busy));
        }
        other => other?,
    };
    match found {
        Some((user, _)) if matches && user.enabled => {
            counters.forgive(serving, realm).await?;
            serving.passed("password");
            Ok(Ok(user))
        }
        found => {
            let reason = match found {
                None => LoginRefusal::UnknownUser,
                Some(_) if !matches => LoginRefusal::WrongPassword,
                Some(_) => LoginRefusal::UserDisabled,
            };
            // Written before the answer, whichever it is: the answer takes as long, and guessing leaves its trace.
            serving.write(realm, refused(reason, known)).await?;
            Ok(Err(LoginFailure::WrongCredentials))
        }
    }
}

fn refused(reason: LoginRefusal, user: Option<UserId>) -> Event {
    Fact::LoginRefused { reason }.concerning(Parties::default().and_user(user))
}
