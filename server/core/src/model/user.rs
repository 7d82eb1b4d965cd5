//! An end user.

use serde_json::{Map, Value};
use signet_protocol::identifiers::{CredentialId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::Epoch;

/// A user as stored.
#[derive(Debug, Clone, PartialEq)]
pub struct User {
    /// The realm the user belongs to.
    pub realm_id: RealmId,
    /// For ever; the public `sub`.
    pub id: UserId,
    /// The login name as the user writes it.
    pub username: String,
    /// The form of it that is unique in the realm; see [`normalise_username`].
    pub username_normalised: String,
    /// A disabled user cannot log in and has no live token.
    pub enabled: bool,
    /// Standard claims (OpenID Connect Core 5.1), without `sub`; checked on writing.
    pub claims: Map<String, Value>,
    /// What the organization knows besides, by names of its own; only scripts are told.
    pub attributes: Map<String, Value>,
    /// Everything issued under an older value is dead.
    pub epoch: Epoch,
    /// When the user was made.
    pub created_at: UnixTime,
    /// When the user last changed; the `updated_at` claim.
    pub updated_at: UnixTime,
    /// How often it was changed; whoever changes it names the revision they decided on.
    pub revision: i64,
}

/// A password credential. A user has at most one.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordCredential {
    /// Its identifier.
    pub id: CredentialId,
    /// An Argon2id string in PHC form.
    pub hash: String,
    /// When it was set.
    pub updated_at: UnixTime,
}

impl std::fmt::Debug for PasswordCredential {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("PasswordCredential").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The form of a login name that is compared and counted: trimmed and in lower case.
pub fn normalise_username(username: &str) -> String {
    username.trim().to_lowercase()
}
