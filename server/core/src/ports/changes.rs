//! Knowing when memory is stale.

use async_trait::async_trait;
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::model::UsedKey;

/// What became of some of the marks of what was used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// How many were deleted.
    pub deleted: u64,
    /// The last mark that was looked at, if there may be more.
    pub reached: Option<UsedKey>,
}

/// Knowing when memory is stale, and keeping the database small.
#[async_trait]
pub trait Changes: Send + Sync {
    /// A number that differs once any realm, client, key or resource server changed, here or on another node.
    /// Cheap: answered from memory. `None` while the store cannot know, in which case nothing may be answered from memory.
    fn configuration_version(&self) -> Option<u64>;

    /// Deletes what expired more than 15 minutes before `now` (denials, sessions, refresh families, throttle windows),
    /// at most `batch` rows of each kind; says how many. Marks of what was used are [forgotten](Self::forget_used) apart.
    async fn clean_up(&self, now: UnixTime, batch: u64) -> StoreResult<u64>;

    /// Deletes marks of what was used that expired more than 15 minutes before `now`: those among the next `window` marks
    /// after this one, or from the first. Whoever goes on until nothing is left has seen every mark once.
    async fn forget_used(&self, now: UnixTime, after: Option<UsedKey>, window: u64) -> StoreResult<Forgotten>;

    /// Seconds the database's clock is ahead of `now`.
    async fn clock_offset(&self, now: UnixTime) -> StoreResult<i64>;
}
