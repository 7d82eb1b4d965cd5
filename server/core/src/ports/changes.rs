//! Knowing when memory is stale.

use async_trait::async_trait;
use signet_protocol::time::UnixTime;

use super::StoreResult;

/// Knowing when memory is stale, and keeping the database small.
#[async_trait]
pub trait Changes: Send + Sync {
    /// A number that differs once any realm, client, key or resource server changed, here or on another node.
    /// Cheap: answered from memory. `None` while the store cannot know, in which case nothing may be answered from memory.
    fn configuration_version(&self) -> Option<u64>;

    /// Deletes what expired more than 15 minutes before `now` (used-records, denials, sessions, refresh families,
    /// throttle windows), at most `batch` rows of each kind; says how many.
    async fn clean_up(&self, now: UnixTime, batch: u64) -> StoreResult<u64>;

    /// Seconds the database's clock is ahead of `now`.
    async fn clock_offset(&self, now: UnixTime) -> StoreResult<i64>;
}
