//! Keys of a realm.

use signet_jose::{KeyManagementAlgorithm, SignatureAlgorithm, UnknownAlgorithm};
use signet_protocol::identifiers::{KeyId, RealmId};
use signet_protocol::time::UnixTime;

/// What a key of a realm is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// The realm signs with it (JWK `use`: `sig`).
    Signature(SignatureAlgorithm),
    /// Clients encrypt to it (JWK `use`: `enc`).
    Encryption(KeyManagementAlgorithm),
}

impl KeyAlgorithm {
    /// The JOSE name, which is the stored text: no algorithm of one kind has the name of one of the other.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Signature(algorithm) => algorithm.as_str(),
            Self::Encryption(algorithm) => algorithm.as_str(),
        }
    }

    /// Whether it uses the secret of a client instead of a key of the realm.
    pub const fn is_symmetric(self) -> bool {
        match self {
            Self::Signature(algorithm) => algorithm.is_symmetric(),
            Self::Encryption(algorithm) => algorithm.is_symmetric(),
        }
    }
}

impl From<SignatureAlgorithm> for KeyAlgorithm {
    fn from(algorithm: SignatureAlgorithm) -> Self {
        Self::Signature(algorithm)
    }
}

impl From<KeyManagementAlgorithm> for KeyAlgorithm {
    fn from(algorithm: KeyManagementAlgorithm) -> Self {
        Self::Encryption(algorithm)
    }
}

impl std::str::FromStr for KeyAlgorithm {
    type Err = UnknownAlgorithm;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        name.parse().map(Self::Signature).or_else(|_| name.parse().map(Self::Encryption))
    }
}

/// Where a key is in its life. Who signs must publish a key before using it, who decrypts must be ready before
/// publishing it (OpenID Connect Core 10.1.1 and 10.2.1): the two kinds differ in what they do with a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// Not used yet. A signing key is published; an encryption key decrypts, on every node, but is not published.
    Future,
    /// Signs, or is published to encrypt to. One per algorithm.
    Active,
    /// Of the past. A signing key is published for verification; an encryption key still decrypts.
    Verifying,
    /// Neither published nor used.
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

/// A key that signs or decrypts, as stored.
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
