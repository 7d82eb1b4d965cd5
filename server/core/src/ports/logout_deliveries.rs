//! Storage of the back-channel logouts that wait to be sent. The rows are written by whatever ends a session, in its
//! transaction.

use async_trait::async_trait;
use signet_protocol::identifiers::RealmId;

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::LogoutDelivery;

/// Storage of the back-channel logouts that wait to be sent.
#[async_trait]
pub trait LogoutDeliveries: Send + Sync {
    /// Deliveries whose time has come by the database's clock: the first of each client only, so that a client learns of
    /// logouts in their order. Those that were never tried come first.
    async fn due_logout_deliveries(&self, limit: u64) -> StoreResult<Vec<LogoutDelivery>>;

    /// Takes a delivery for `seconds`, in which nobody else tries it, and counts the attempt; says whether it was still
    /// as it was read. One conditional write.
    async fn lease_logout_delivery(&self, delivery: &LogoutDelivery, seconds: i64) -> StoreResult<bool>;

    /// The client was told: removes the delivery, if it is still leased as given.
    async fn complete_logout_delivery(&self, leased: &LogoutDelivery) -> StoreResult<()>;

    /// The attempt failed: the next one comes in `seconds`, if the delivery is still leased as given.
    async fn postpone_logout_delivery(&self, leased: &LogoutDelivery, seconds: i64, problem: &str) -> StoreResult<()>;

    /// Gives a delivery up, if it is still leased as given; says whether it was.
    async fn bury_logout_delivery(
        &self,
        leased: &LogoutDelivery,
        problem: &str,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// The realm's deliveries by number; only those given up, or only the others, if asked for.
    async fn list_logout_deliveries(
        &self,
        realm_id: RealmId,
        dead: Option<bool>,
        page: &PageRequest,
    ) -> StoreResult<Page<LogoutDelivery>>;

    /// Begins a new round of attempts now; says whether there is such a delivery.
    async fn retry_logout_delivery(&self, realm_id: RealmId, number: i64, events: &[EventRecord]) -> StoreResult<bool>;
}
