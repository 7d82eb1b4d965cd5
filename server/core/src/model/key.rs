//! Keys of a realm.

use signet_protocol::identifiers::{KeyId, RealmId};
use signet_protocol::time::UnixTime;

/// Where a signing key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Published, not used yet.
    Future,
    /// Signs. One per algorithm.
    Active,
    /// Published for verification only.
    Verifying,
    /// No longer published.
    Retired,
}

impl KeyState {
    /// The stored text.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Future => "future",
            Self::Active => "active",
            Self::Verifying => "verifying",
            Self::Retired => "retired",
        }
    }
}

impl std::str::FromStr for KeyState {
    type Err = signet_protocol::names::UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "future" => Ok(Self::Future),
            "active" => Ok(Self::Active),
            "verifying" => Ok(Self::Verifying),
            "retired" => Ok(Self::Retired),
            _ => Err(signet_protocol::names::UnknownName("key state")),
        }
    }
}

/// A signing key as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKeyRecord {
    /// The realm.
    pub realm_id: RealmId,
    /// Unique in the realm.
    pub kid: KeyId,
    /// JOSE algorithm name.
    pub algorithm: String,
    /// Where in its life.
    pub state: KeyState,
    /// PKCS #8, encrypted under the realm's data key.
    pub encrypted_private_key: Vec<u8>,
    /// When it was made.
    pub created_at: UnixTime,
    /// When the state last changed.
    pub state_since: UnixTime,
    /// When a future key begins to sign by itself; nothing where an administrator decides that.
    pub activates_at: Option<UnixTime>,
}

/// A sealing key as stored: what codes, interactions and opaque tokens are sealed under.
#[derive(Clone, PartialEq, Eq)]
pub struct SealingKeyRecord {
    /// The realm.
    pub realm_id: RealmId,
    /// Number within the realm, from 1.
    pub id: i64,
    /// 32 bytes, encrypted under the realm's data key.
    pub encrypted_key: Vec<u8>,
    /// When it was made; it seals from 5 minutes later on, or at once if it is the first.
    pub created_at: UnixTime,
}

impl std::fmt::Debug for SigningKeyRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("SigningKeyRecord")
            .field("kid", &self.kid)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SealingKeyRecord {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("SealingKeyRecord").field("id", &self.id).finish_non_exhaustive()
    }
}
