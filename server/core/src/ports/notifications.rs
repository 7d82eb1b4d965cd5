//! Storage of what CIBA has to tell, and of whom users do not want to be asked by. The rows are written by whatever makes
//! or answers a request, in its transaction.

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::NotificationDelivery;

/// Storage of what CIBA has to tell.
#[async_trait]
pub trait Notifications: Send + Sync {
    /// Deliveries whose time has come by the database's clock.
    async fn due_notifications(&self, limit: u64) -> StoreResult<Vec<NotificationDelivery>>;

    /// Takes a delivery for `seconds`, in which nobody else tries it, and counts the attempt; says whether it was still
    /// as it was read. One conditional write.
    async fn lease_notification(&self, delivery: &NotificationDelivery, seconds: i64) -> StoreResult<bool>;

    /// It was delivered, or nobody wants it any more: removes it, if it is still leased as given.
    async fn complete_notification(&self, leased: &NotificationDelivery) -> StoreResult<()>;

    /// The attempt failed: the next one comes in `seconds`, if the delivery is still leased as given.
    async fn postpone_notification(
        &self,
        leased: &NotificationDelivery,
        seconds: i64,
        problem: &str,
    ) -> StoreResult<()>;

    /// Gives a delivery up, if it is still leased as given; says whether it was.
    async fn bury_notification(
        &self,
        leased: &NotificationDelivery,
        problem: &str,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// From now on the user is not asked by the client.
    async fn block_client(
        &self,
        realm_id: RealmId,
        user_and_client: (UserId, &ClientId),
        now: UnixTime,
    ) -> StoreResult<()>;

    /// The user may be asked by the client again.
    async fn unblock_client(&self, realm_id: RealmId, user_and_client: (UserId, &ClientId)) -> StoreResult<()>;

    /// The clients that may not ask the user.
    async fn blocked_clients(&self, realm_id: RealmId, user_id: UserId) -> StoreResult<Vec<ClientId>>;
}
