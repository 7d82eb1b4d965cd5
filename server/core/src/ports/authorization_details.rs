//! Storage of types of authorization details, and of details that are too long for a sealed value.

use async_trait::async_trait;
use signet_protocol::identifiers::{AuthorizationDetailsTypeId, RealmId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::AuthorizationDetailsType;

/// Storage of types of authorization details. A realm has at most 100.
#[async_trait]
pub trait AuthorizationDetailsTypes: Send + Sync {
    /// Inserts a type.
    ///
    /// # Errors
    /// `Duplicate` if the name is taken in the realm.
    async fn insert_details_type(&self, kind: &AuthorizationDetailsType, events: &[EventRecord]) -> StoreResult<()>;

    /// The realm's types by name.
    async fn details_types(&self, realm_id: RealmId) -> StoreResult<Vec<AuthorizationDetailsType>>;

    /// Replaces name, definition and `updated_at`, if the stored revision is the one given, which then goes up by one.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another; `Duplicate` if the new name is taken.
    async fn update_details_type(&self, kind: &AuthorizationDetailsType, events: &[EventRecord]) -> StoreResult<()>;

    /// Deletes a type.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_details_type(
        &self,
        realm_id: RealmId,
        id: AuthorizationDetailsTypeId,
        events: &[EventRecord],
    ) -> StoreResult<()>;
}

/// Storage of details that are too long for a sealed value.
#[async_trait]
pub trait KeptDetails: Send + Sync {
    /// Keeps a text under its hash until `expires_at`. Where it is kept already it stays, and for the longer time.
    async fn keep_details(&self, realm_id: RealmId, kept: (&[u8; 32], &str), expires_at: UnixTime) -> StoreResult<()>;

    /// The text of a hash.
    async fn kept_details(&self, realm_id: RealmId, key: &[u8; 32]) -> StoreResult<Option<String>>;
}
