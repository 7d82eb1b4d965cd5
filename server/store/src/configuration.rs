//! Whether what is remembered is still true.
//!
//! Every write of configuration leaves a row in `changes` in its own transaction. A poll reads the rows of the last 30
//! seconds again each time, because numbers are given out in another order than transactions commit in: a row counts
//! as new when its number was not there at the last poll, not when it is higher.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::failure::Failure;
use crate::moment;
use crate::session::Session;
use crate::sql;
use sea_orm::Value;
use signet_protocol::identifiers::RealmId;

/// How long a change stays visible to polls, in seconds. Far longer than any transaction may take.
const OVERLAP_SECONDS: i64 = 30;
/// A poll that comes this long after the last one may have missed changes.
const LONGEST_GAP: Duration = Duration::from_secs(20);
/// After this long without a poll, nothing may be answered from memory.
const FRESH_FOR: Duration = Duration::from_secs(2);

/// The version of the configuration as far as this process knows.
#[derive(Debug)]
pub(crate) struct Configuration {
    version: AtomicU64,
    /// Monotonic: a wall clock that jumps must not make stale memory fresh.
    started: Instant,
    /// Milliseconds from `started` to the beginning of the last successful poll, plus one; zero before the first.
    polled: AtomicU64,
    seen: Mutex<HashSet<i64>>,
}

impl Configuration {
    pub(crate) fn new() -> Self {
        Self {
            version: AtomicU64::new(1),
            started: moment::now(),
            polled: AtomicU64::new(0),
            seen: Mutex::new(HashSet::new()),
        }
    }

    /// The version, while it is known.
    pub(crate) fn version(&self) -> Option<u64> {
        let polled = self.polled.load(Ordering::Acquire).checked_sub(1)?;
        let age = self.started.elapsed().checked_sub(Duration::from_millis(polled))?;
        (age <= FRESH_FOR).then(|| self.version.load(Ordering::Acquire))
    }

    /// This process changed something.
    pub(crate) fn changed(&self) {
        self.version.fetch_add(1, Ordering::AcqRel);
    }

    /// A poll that began at `began` found the changes `sequences`.
    pub(crate) fn polled(&self, began: Instant, sequences: HashSet<i64>) {
        let mut seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if sequences.iter().any(|sequence| !seen.contains(sequence)) {
            self.changed();
        }
        *seen = sequences;
        drop(seen);
        self.polled_without_change(began);
    }

    /// A poll that began at `began` learned that nothing was written since the last one.
    pub(crate) fn polled_without_change(&self, began: Instant) {
        let began = began.duration_since(self.started);
        let began_millis = u64::try_from(began.as_millis()).unwrap_or(u64::MAX - 1);
        let previous = self.polled.load(Ordering::Acquire);
        let gap = Duration::from_millis((began_millis + 1).saturating_sub(previous));
        if previous == 0 || gap > LONGEST_GAP {
            self.changed();
        }
        self.polled.store(began_millis + 1, Ordering::Release);
    }
}

/// Leaves word of a change. The last statement of its transaction, so that its time is close to the commit's.
pub(crate) async fn note_change(session: &Session<'_>, realm_id: RealmId) -> Result<(), Failure> {
    let now = sql::now(session.backend());
    let insert = format!("INSERT INTO changes (realm_id, expires_at) VALUES (?, {now} + {OVERLAP_SECONDS})");
    session.execute(&insert, vec![sql::bytes(&realm_id.0)]).await.map(drop)
}

/// The numbers of the changes that polls must still see.
pub(crate) async fn recent_changes(session: &Session<'_>) -> Result<HashSet<i64>, Failure> {
    let now = sql::now(session.backend());
    let rows =
        session.rows(&format!("SELECT sequence FROM changes WHERE expires_at > {now}"), Vec::<Value>::new()).await?;
    rows.iter().map(|row| row.at(0)).collect()
}
