//! Storage of clients.

use std::sync::Arc;

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, RealmId};

use super::{Page, PageRequest, StoreResult};
use crate::model::Client;

/// Storage of clients.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Inserts a client.
    ///
    /// # Errors
    /// `Duplicate` if the identifier is taken in the realm.
    async fn insert_client(&self, client: &Client) -> StoreResult<()>;

    /// The client, enabled or not. Answered from memory where the memory is known to be fresh.
    async fn client(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Arc<Client>>>;

    /// The realm's clients by identifier.
    async fn list_clients(&self, realm_id: RealmId, page: &PageRequest) -> StoreResult<Page<Client>>;

    /// Replaces everything but the identifiers and `created_at`; the epoch is stored as given, but never lowered.
    ///
    /// # Errors
    /// `Missing`.
    async fn update_client(&self, client: &Client) -> StoreResult<()>;

    /// Deletes the client with its authorizations, refresh families and session participations, in one transaction.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_client(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<()>;
}
