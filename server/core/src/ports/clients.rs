//! Storage of clients.

use std::sync::Arc;

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, RealmId};

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::Client;

/// A kind of client that a realm which has one must not be left without.
#[derive(Debug, Clone, Copy)]
pub struct KeptClient {
    /// Whether a client is one.
    pub is_one: fn(&Client) -> bool,
    /// Why there must be one, and what to do.
    pub why: &'static str,
}

/// Storage of clients.
#[async_trait]
pub trait Clients: Send + Sync {
    /// Inserts a client.
    ///
    /// # Errors
    /// `Duplicate` if the identifier is taken in the realm.
    async fn insert_client(&self, client: &Client, events: &[EventRecord]) -> StoreResult<()>;

    /// The client, enabled or not. Answered from memory where the memory is known to be fresh.
    async fn client(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Arc<Client>>>;

    /// The client, enabled or not, as it is in the database at this moment: what a change is decided on.
    async fn client_as_stored(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Client>>;

    /// The realm's clients by identifier.
    async fn list_clients(&self, realm_id: RealmId, page: &PageRequest) -> StoreResult<Page<Client>>;

    /// Whether an origin is that of a redirect URI of any enabled client of the realm
    /// ([`Client::web_origins`]).
    async fn is_client_origin(&self, realm_id: RealmId, origin: &str) -> StoreResult<bool>;

    /// Replaces everything but the identifiers and `created_at`; the epoch is stored as given, but never lowered.
    /// Only if the stored revision is the one given, which then goes up by one.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the revision is another; `Needed` if no client of the kind to keep would be left.
    async fn update_client(&self, client: &Client, keep: Option<KeptClient>, events: &[EventRecord])
    -> StoreResult<()>;

    /// Adds one to the epoch: everything issued to the client before is dead. Its revision goes up by one.
    ///
    /// # Errors
    /// `Missing`.
    async fn raise_client_epoch(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// Deletes the client with its authorizations, refresh families and session participations, in one transaction.
    ///
    /// # Errors
    /// `Missing`; `Needed` if no client of the kind to keep would be left.
    async fn delete_client(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        keep: Option<KeptClient>,
        events: &[EventRecord],
    ) -> StoreResult<()>;
}
