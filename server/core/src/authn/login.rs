//! Checking a user name and a password.

use std::net::IpAddr;

use super::throttle::{Admission, AttemptCounters};
use super::{SessionCookie, current_session};
use crate::failure::Fault;
use crate::model::{User, normalise_username};
use crate::provider::Provider;
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
    provider: &Provider,
    realm: &RealmContext,
    attempt: Attempt<'_>,
) -> Result<Result<User, LoginFailure>, Fault> {
    let normalised = normalise_username(attempt.username);
    if normalised.len() > MAXIMUM_USERNAME_BYTES {
        return Ok(Err(LoginFailure::WrongCredentials));
    }
    let counters = AttemptCounters::new(realm, &normalised, attempt.address);
    let admission = counters.count(provider, realm).await?;
    if admission == Admission::Closed {
        return Ok(Err(LoginFailure::TooManyAttempts));
    }
    let found = provider.store.user_by_username(realm.id(), &normalised).await?;
    if admission == Admission::KnownBrowsersOnly {
        let session = current_session(provider, realm, attempt.session).await?;
        let is_own = session.zip(found.as_ref()).is_some_and(|(session, (user, _))| session.user_id == user.id);
        if !is_own {
            return Ok(Err(LoginFailure::TooManyAttempts));
        }
    }
    let stored =
        found.as_ref().and_then(|(_, credential)| credential.as_ref()).map(|credential| credential.hash.as_str());
    let matches = match provider.passwords.verify(attempt.password, stored).await {
        Err(Fault::Overloaded(_)) => {
            counters.forgive(provider, realm).await?;
            return Ok(Err(LoginFailure::Busy));
        }
        other => other?,
    };
    match found {
        Some((user, _)) if matches && user.enabled => {
            counters.forgive(provider, realm).await?;
            Ok(Ok(user))
        }
        _ => Ok(Err(LoginFailure::WrongCredentials)),
    }
}
