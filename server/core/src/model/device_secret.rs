//! Device secrets (OpenID Connect Native SSO for Mobile Apps 3.2).

use signet_protocol::identifiers::{Lineage, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

/// SHA-256 of a device secret; the secret itself is stored nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceSecretHash(pub [u8; 32]);

/// A device secret as stored. A lineage of tokens has one at a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceSecret {
    /// The realm.
    pub realm_id: RealmId,
    /// The tokens that it came with; with them it is revoked.
    pub lineage: Lineage,
    /// The secret.
    pub hash: DeviceSecretHash,
    /// The session that it is good in, and ends with.
    pub sid: SessionId,
    /// The user of that session.
    pub user_id: UserId,
    /// The apps that it is for, by the name of their group.
    pub group: String,
    /// The end of the session, whatever happens.
    pub expires_at: UnixTime,
}
