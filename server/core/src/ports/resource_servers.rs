//! Storage of resource servers.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, ResourceServerId};

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::ResourceServer;

/// Storage of resource servers. A realm has at most 1000.
#[async_trait]
pub trait ResourceServers: Send + Sync {
    /// Inserts a resource server.
    ///
    /// # Errors
    /// `Duplicate` if the identifier is taken in the realm.
    async fn insert_resource_server(&self, server: &ResourceServer, events: &[EventRecord]) -> StoreResult<()>;

    /// The realm's resource servers by identifier.
    async fn resource_servers(&self, realm_id: RealmId) -> StoreResult<Vec<ResourceServer>>;

    /// Replaces everything but the identifiers of the row and `created_at`, if the stored revision is the one given, which
    /// then goes up by one.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another; `Duplicate` if the new identifier is taken.
    async fn update_resource_server(&self, server: &ResourceServer, events: &[EventRecord]) -> StoreResult<()>;

    /// Deletes a resource server.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_resource_server(
        &self,
        realm_id: RealmId,
        id: ResourceServerId,
        events: &[EventRecord],
    ) -> StoreResult<()>;
}
