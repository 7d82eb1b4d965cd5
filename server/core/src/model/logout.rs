//! What is left to do once a browser session has ended.

use signet_protocol::identifiers::{ClientId, RealmId, RealmName, SessionId, UserId};
use signet_protocol::time::UnixTime;

/// A client that is to be told of the end of a session it took part in (OpenID Connect Back-Channel Logout 1.0).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutDelivery {
    /// Its number, by which it is named. Those of one client are delivered in this order.
    pub number: i64,
    /// The realm.
    pub realm_id: RealmId,
    /// The realm's name.
    pub realm: RealmName,
    /// The session that ended.
    pub sid: SessionId,
    /// Whose it was.
    pub user_id: UserId,
    /// Who is to be told.
    pub client_id: ClientId,
    /// When the session ended, or when somebody asked for another round of attempts.
    pub created_at: UnixTime,
    /// How often it was tried.
    pub attempts: i64,
    /// Not tried again before.
    pub next_at: UnixTime,
    /// Whether it was given up.
    pub dead: bool,
    /// Why the last attempt failed.
    pub problem: Option<String>,
}

/// A session that has just ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedSession {
    /// Its public name.
    pub sid: SessionId,
    /// Whose it was.
    pub user_id: UserId,
    /// The clients that took part in it, in the order of their identifiers.
    pub participants: Vec<ClientId>,
}
