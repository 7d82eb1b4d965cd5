//! Daily counts of what clients do.

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, RealmId};

use super::StoreResult;
use crate::model::TrafficCount;

/// Daily counts of what clients do. Rows go eight days after the day they are of.
#[async_trait]
pub trait Traffic: Send + Sync {
    /// Adds to the counts of days, in one transaction. Nodes add to the same rows.
    async fn add_traffic(&self, counts: &[TrafficCount]) -> StoreResult<()>;

    /// The counts of a client, of a day (since 1970) and those after it.
    async fn traffic_of(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        since_day: i64,
    ) -> StoreResult<Vec<TrafficCount>>;
}
