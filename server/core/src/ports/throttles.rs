//! Shared counters against guessing.

use async_trait::async_trait;
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::StoreResult;

/// A counter after an increment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many in the current window, this one included.
    pub count: i64,
    /// When the window ends and the count starts anew.
    pub window_ends_at: UnixTime,
}

/// Shared counters against guessing: rows with atomic increments, so that no node and no restart forgets.
#[async_trait]
pub trait Throttles: Send + Sync {
    /// Adds one to each counter (a window that has ended starts anew) and answers them in order, in one transaction.
    /// Two tasks never get the same count.
    async fn count_attempts(
        &self,
        realm_id: RealmId,
        keys: &[[u8; 32]],
        now: UnixTime,
        window_seconds: i64,
    ) -> StoreResult<Vec<Attempts>>;

    /// Takes one off each counter that is above zero: an attempt turned out to be legitimate.
    async fn forgive_attempt(&self, realm_id: RealmId, keys: &[[u8; 32]]) -> StoreResult<()>;
}
