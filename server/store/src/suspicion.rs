//! Dead connections that nobody has told us about.
//!
//! When a machine or a network disappears, connections to it stay open on our side for a quarter of an hour and every
//! statement on them waits in vain. So after work ran out of time, the next connections that come back to the pool
//! must answer within a second or are thrown away; while all is well nothing is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use sea_orm::sqlx;
use tokio::time::timeout;

/// How long a suspected connection has to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many of the connections that come back are still to be tested.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suspicion {
    tests: Arc<AtomicU32>,
}

impl Suspicion {
    /// Work ran out of time: suspect as many connections as the pool has, twice over.
    pub(crate) fn raise(&self, connections: u32) {
        self.tests.store(connections.saturating_mul(2), Ordering::Release);
    }

    /// Whether a connection that comes back may be used again.
    pub(crate) async fn clears<C: sqlx::Connection>(&self, connection: &mut C) -> Result<bool, sqlx::Error> {
        let counted = self.tests.try_update(Ordering::AcqRel, Ordering::Acquire, |tests| tests.checked_sub(1));
        if counted.is_err() {
            return Ok(true);
        }
        // An error makes the pool drop the connection at once instead of saying goodbye to a server that is not there.
        timeout(PATIENCE, connection.ping()).await.unwrap_or(Err(sqlx::Error::PoolTimedOut)).map(|()| true)
    }
}
