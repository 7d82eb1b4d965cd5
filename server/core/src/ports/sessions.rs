//! Storage of browser sessions.

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::{BrowserSession, EndedSession, PasswordCredential, SessionIdHash, UsedRecord, User};

/// A login that is to be recorded.
#[derive(Debug, Clone)]
pub struct Login {
    /// The form that was answered; closes it.
    pub form: UsedRecord,
    /// The new session.
    pub session: BrowserSession,
    /// The session this browser had before; it ends (session fixation). Its participants go with it, and are told by the
    /// back channel, unless the new session carries the same `sid`.
    pub replaces: Option<SessionIdHash>,
    /// The account that is made by it, where its user had none: both are there afterwards, or neither.
    pub account: Option<NewAccount>,
}

/// An account that begins with its first login.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Who has it.
    pub user: User,
    /// Their password.
    pub password: PasswordCredential,
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOutcome {
    /// The session exists.
    Opened,
    /// The form had been answered before; nothing changed.
    FormAlreadyUsed,
    /// The user was disabled, deleted or changed since the password was checked, or everything in the realm was revoked;
    /// nothing changed.
    UserChanged,
}

/// Which sessions are to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichSessions {
    /// The one of a cookie.
    OfCookie(SessionIdHash),
    /// The one of a public name.
    Named(SessionId),
    /// Every one of a user.
    OfUser(UserId),
    /// Those that began under an epoch that the realm has left, at most so many.
    Fallen {
        /// How many.
        most: u64,
    },
}

/// How sessions are to end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionEnding {
    /// Which.
    pub which: WhichSessions,
    /// Clients that are to be told although they did not take part.
    pub also_notify: Vec<ClientId>,
    /// Whether offline access that began in the sessions ends too; its lineages are denied until then.
    pub offline_access_denied_until: Option<UnixTime>,
}

impl SessionEnding {
    /// Nothing but the sessions and what is bound to them.
    pub const fn of(which: WhichSessions) -> Self {
        Self { which, also_notify: Vec::new(), offline_access_denied_until: None }
    }
}

/// Storage of browser sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Closes the form, checks that user is enabled with the session's `user_epoch` and that the realm has its
    /// `realm_epoch`, deletes the replaced session and inserts the new one: one transaction.
    async fn open_session(&self, login: &Login, events: &[EventRecord]) -> StoreResult<LoginOutcome>;

    /// The session of a cookie if its user is enabled and user and realm have the session's epochs; expiry is the
    /// caller's to check.
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

    /// The session of a public name if the realm has the session's epoch; expiry is the caller's to check.
    async fn session_named(&self, realm_id: RealmId, sid: SessionId) -> StoreResult<Option<BrowserSession>>;

    /// The clients that take part in a session, in the order of their identifiers.
    async fn session_participants(&self, realm_id: RealmId, sid: SessionId) -> StoreResult<Vec<ClientId>>;

    /// Sessions of the realm's epoch, or those of one user, that end after `now`, by public name.
    async fn list_sessions(
        &self,
        realm_id: RealmId,
        (user_id, now): (Option<UserId>, UnixTime),
        page: &PageRequest,
    ) -> StoreResult<Page<BrowserSession>>;

    /// Realms that have sessions of an epoch that they have left, at most so many. They count for nothing any more, and
    /// their clients are yet to be told.
    async fn realms_with_fallen_sessions(&self, limit: u64) -> StoreResult<Vec<RealmId>>;

    /// Ends sessions with everything that hangs on them: one transaction, in which each participant that wants to be
    /// told by the back channel gets its delivery. Answers the sessions that this call ended; somebody else may have
    /// been faster.
    async fn end_sessions(
        &self,
        realm_id: RealmId,
        ending: &SessionEnding,
        events: &[EventRecord],
    ) -> StoreResult<Vec<EndedSession>>;
}
