//! Storage of keys.

use async_trait::async_trait;
use signet_protocol::identifiers::{KeyId, RealmId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
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
    async fn insert_signing_key(&self, key: &SigningKeyRecord, events: &[EventRecord]) -> StoreResult<()>;

    /// Sets the state of a key, and since when it has it. If the new state is active, the active key of its algorithm becomes verifying.
    /// When the key was to begin by itself is forgotten.
    ///
    /// # Errors
    /// `Missing`; `Needed` for taking the active key of an algorithm away.
    async fn set_key_state(
        &self,
        realm_id: RealmId,
        kid: &KeyId,
        change: (KeyState, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// Deletes a key.
    ///
    /// # Errors
    /// `Missing`; `Needed` for an active key.
    async fn delete_signing_key(&self, realm_id: RealmId, kid: &KeyId, events: &[EventRecord]) -> StoreResult<()>;

    /// Every future key whose time has come, in any realm.
    async fn due_keys(&self, now: UnixTime) -> StoreResult<Vec<SigningKeyRecord>>;

    /// Makes a future key whose time has come active; says whether it still was one.
    async fn activate_due_key(
        &self,
        realm_id: RealmId,
        kid: &KeyId,
        now: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Inserts a future key with a time of its own, which is to take over from an active one; says whether that one
    /// still was active, and no other key was to take over from it.
    async fn schedule_signing_key(
        &self,
        key: &SigningKeyRecord,
        replaced: &KeyId,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Retires a key that has been verifying since a moment or longer; says whether it has.
    async fn retire_signing_key(
        &self,
        key: (RealmId, &KeyId),
        verifying_since: UnixTime,
        now: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Every sealing key of the realm, oldest first.
    async fn sealing_keys(&self, realm_id: RealmId) -> StoreResult<Vec<SealingKeyRecord>>;

    /// Inserts a sealing key.
    ///
    /// # Errors
    /// `Duplicate` if the number is taken.
    async fn insert_sealing_key(&self, key: &SealingKeyRecord) -> StoreResult<()>;
}
