//! A browser session: the single sign-on.

use signet_protocol::identifiers::{RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use super::Epoch;

/// SHA-256 of the session cookie; the cookie itself is stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionIdHash(pub [u8; 32]);

/// A browser session as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSession {
    /// The realm.
    pub realm_id: RealmId,
    /// The key of the row.
    pub cookie_hash: SessionIdHash,
    /// The `sid` claim.
    pub sid: SessionId,
    /// Who is logged in.
    pub user_id: UserId,
    /// The user's epoch at login.
    pub user_epoch: Epoch,
    /// The realm's epoch at login.
    pub realm_epoch: Epoch,
    /// When the user proved who they are.
    pub authenticated_at: UnixTime,
    /// How: authentication method references (RFC 8176), space-delimited.
    pub amr: String,
    /// Last use, kept to the minute.
    pub last_seen_at: UnixTime,
    /// The end, whatever happens.
    pub expires_at: UnixTime,
}
