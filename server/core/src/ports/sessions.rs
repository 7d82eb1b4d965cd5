//! Storage of browser sessions.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::{BrowserSession, SessionIdHash, UsedRecord};

/// A login that is to be recorded.
#[derive(Debug, Clone)]
pub struct Login {
    /// The form that was answered; closes it.
    pub form: UsedRecord,
    /// The new session.
    pub session: BrowserSession,
    /// The session this browser had before; it ends (session fixation). Its participants go with it unless the new
    /// session carries the same `sid`.
    pub replaces: Option<SessionIdHash>,
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The session exists.
    Opened,
    /// The form had been answered before; nothing changed.
    FormAlreadyUsed,
    /// The user was disabled, deleted or changed since the password was checked; nothing changed.
    UserChanged,
}

/// Storage of browser sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Closes the form, checks that user is enabled with the session's `user_epoch`, deletes the replaced session and
    /// inserts the new one: one transaction.
    async fn open_session(&self, login: &Login, events: &[EventRecord]) -> StoreResult<LoginOutcome>;

    /// The session of a cookie if its user is enabled and has the session's epoch; expiry is the caller's to check.
    async fn session(&self, realm_id: RealmId, cookie_hash: &SessionIdHash) -> StoreResult<Option<BrowserSession>>;

    /// Notes the last use. Nothing happens if the session is gone.
    async fn touch_session(&self, realm_id: RealmId, cookie_hash: &SessionIdHash, seen_at: UnixTime)
    -> StoreResult<()>;

    /// Lets a session end earlier. Nothing happens if it is gone or ends earlier already.
    async fn limit_session(
        &self,
        realm_id: RealmId,
        cookie_hash: &SessionIdHash,
        expires_at: UnixTime,
    ) -> StoreResult<()>;

    /// Ends one session; says whether there was one.
    async fn end_session(
        &self,
        realm_id: RealmId,
        cookie_hash: &SessionIdHash,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Ends every session of a user; says how many.
    async fn end_sessions_of_user(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        events: &[EventRecord],
    ) -> StoreResult<u64>;
}
