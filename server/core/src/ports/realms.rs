//! Storage of realms.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, RealmName};

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::{Realm, SealingKeyRecord, SigningKeyRecord};

/// Storage of realms.
#[async_trait]
pub trait Realms: Send + Sync {
    /// Inserts a realm with its first keys, in one transaction.
    ///
    /// # Errors
    /// `Duplicate` if the name is taken.
    async fn insert_realm(
        &self,
        realm: &Realm,
        signing: &[SigningKeyRecord],
        sealing: &SealingKeyRecord,
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// The realm of this name, enabled or not.
    async fn realm_by_name(&self, name: &RealmName) -> StoreResult<Option<Realm>>;

    /// All realms by name.
    async fn list_realms(&self, page: &PageRequest) -> StoreResult<Page<Realm>>;

    /// Replaces everything but `id`, `epoch` (only ever raised through [`Realms::raise_realm_epoch`]) and keys, if
    /// the stored revision is the one given, which then goes up by one.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another; `Duplicate` if the new name is taken.
    async fn update_realm(&self, realm: &Realm, events: &[EventRecord]) -> StoreResult<()>;

    /// Adds one to the epoch: everything issued before is dead, sessions included, whose rows go later
    /// ([`WhichSessions::Fallen`](super::WhichSessions::Fallen)). One write, however much there is.
    ///
    /// # Errors
    /// `Missing`.
    async fn raise_realm_epoch(&self, realm_id: RealmId, events: &[EventRecord]) -> StoreResult<()>;

    /// Deletes the realm and everything in it, in one transaction.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_realm(&self, realm_id: RealmId, events: &[EventRecord]) -> StoreResult<()>;

    /// The value that proves the root key is the right one (design section 6); nothing in a new database.
    async fn canary(&self) -> StoreResult<Option<Vec<u8>>>;

    /// Stores the canary unless one is there; answers what is stored afterwards.
    async fn insert_canary(&self, canary: &[u8]) -> StoreResult<Vec<u8>>;
}
