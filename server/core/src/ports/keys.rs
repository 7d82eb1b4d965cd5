//! Storage of keys.

use async_trait::async_trait;
use signet_protocol::identifiers::{KeyId, RealmId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::model::{KeyState, SealingKeyRecord, SigningKeyRecord};

/// Storage of keys.
#[async_trait]
pub trait Keys: Send + Sync {
    /// Every signing key of the realm, oldest first.
    async fn signing_keys(&self, realm_id: RealmId) -> StoreResult<Vec<SigningKeyRecord>>;

    /// Inserts a signing key. If it is active, the active key of its algorithm becomes verifying, in one transaction.
    ///
    /// # Errors
    /// `Duplicate` if the `kid` is taken.
    async fn insert_signing_key(&self, key: &SigningKeyRecord) -> StoreResult<()>;

    /// Sets the state of a key. If the new state is active, the active key of its algorithm becomes verifying.
    ///
    /// # Errors
    /// `Missing`.
    async fn set_key_state(&self, realm_id: RealmId, kid: &KeyId, state: KeyState, since: UnixTime) -> StoreResult<()>;

    /// Deletes a key.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_signing_key(&self, realm_id: RealmId, kid: &KeyId) -> StoreResult<()>;

    /// Every sealing key of the realm, oldest first.
    async fn sealing_keys(&self, realm_id: RealmId) -> StoreResult<Vec<SealingKeyRecord>>;

    /// Inserts a sealing key.
    ///
    /// # Errors
    /// `Duplicate` if the number is taken.
    async fn insert_sealing_key(&self, key: &SealingKeyRecord) -> StoreResult<()>;
}
