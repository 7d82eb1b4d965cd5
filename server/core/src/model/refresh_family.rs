//! A refresh token family: every refresh token that descends from one authorization code.

use signet_protocol::identifiers::{ClientId, Lineage, RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::TokenBasis;

/// A family as stored. The tokens themselves are recomputed from lineage and generation, never stored.
#[derive(Debug, Clone, PartialEq)]
pub struct RefreshFamily {
    /// The realm.
    pub realm_id: RealmId,
    /// Identifies the family.
    pub lineage: Lineage,
    /// To whom it was issued.
    pub client_id: ClientId,
    /// For whom.
    pub user_id: UserId,
    /// Number of the current token, from 1.
    pub generation: i64,
    /// When the current generation began.
    pub rotated_at: UnixTime,
    /// Whether it still yields tokens.
    pub active: bool,
    /// What the tokens stand for.
    pub content: TokenBasis,
    /// Version of the key that authenticates the tokens.
    pub key_version: i64,
    /// The end unless used before.
    pub idle_expires_at: UnixTime,
    /// The end, whatever happens.
    pub expires_at: UnixTime,
}
