//! The port of freshness and cleanliness.

use async_trait::async_trait;
use sea_orm::DatabaseBackend;
use signet_core::model::UsedKey;
use signet_core::ports::{Changes, Forgotten, StoreError, StoreResult};
use signet_protocol::time::UnixTime;

use crate::database::Database;
use crate::failure::Failure;
use crate::scripts::trim_recordings;
use crate::session::Session;
use crate::sql;
use crate::used_records::{ForgetUsed, window_end};
use crate::work::{Ending, Work};

/// How long things are kept after they expired, in seconds: clocks of nodes differ, and a mark that goes too early
/// makes something usable twice.
const KEPT_AFTER_EXPIRY: i64 = 15 * 60;

/// Tables whose rows expire and that have an index of when, with the columns of their key.
const EXPIRING: [(&str, &str); 19] = [
    ("kept_details", "realm_id, kept"),
    ("pushed_requests", "realm_id, reference"),
    ("deferred_requests", "realm_id, reference"),
    ("backchannel_notifications", "sequence"),
    ("denials", "realm_id, kind, denied"),
    ("sessions", "realm_id, cookie_hash"),
    ("session_participants", "realm_id, sid, client_id"),
    ("refresh_families", "realm_id, lineage"),
    ("throttles", "realm_id, throttled"),
    ("script_recordings", "realm_id, id"),
    ("initial_access_tokens", "realm_id, id"),
    ("logout_deliveries", "sequence"),
    ("client_traffic", "realm_id, client_id, on_day, profile, subject"),
    ("changes", "sequence"),
    ("uma_tickets", "realm_id, reference"),
    ("uma_claims", "realm_id, reference"),
    ("uma_requests", "realm_id, id"),
    ("uma_spontaneous_scopes", "realm_id, resource_id, scope"),
    ("device_secrets", "realm_id, lineage"),
];

#[async_trait]
impl Changes for Database {
    fn configuration_version(&self) -> Option<u64> {
        self.configuration().version()
    }

    async fn clean_up(&self, now: UnixTime, batch: u64) -> StoreResult<u64> {
        let before = now.minus(KEPT_AFTER_EXPIRY);
        let mut deleted = 0;
        // A transaction each: locks stay short, and what is done is done.
        for (table, key) in EXPIRING {
            deleted += self.write(DeleteExpired { table, key, before, batch }).await?;
        }
        deleted += self.write(trim_recordings(batch)).await?;
        Ok(deleted)
    }

    async fn forget_used(&self, now: UnixTime, after: Option<UsedKey>, window: u64) -> StoreResult<Forgotten> {
        let session = self.reader();
        let reached = self.read(|| window_end(&session, after.as_ref(), window)).await?;
        let before = now.minus(KEPT_AFTER_EXPIRY);
        let deleted = self.write(ForgetUsed { after, reached: reached.clone(), before }).await?;
        Ok(Forgotten { deleted, reached })
    }

    async fn clock_offset(&self, now: UnixTime) -> StoreResult<i64> {
        let session = self.reader();
        let clock = self.read(|| async {
            let select = format!("SELECT {}", sql::now(session.backend()));
            match session.row(&select, Vec::new()).await? {
                Some(row) => Ok(row.at::<i64>(0)?),
                None => Err(StoreError::Corrupt("the database does not tell the time".to_owned()).into()),
            }
        });
        Ok(UnixTime(clock.await?).since(now))
    }
}

struct DeleteExpired {
    table: &'static str,
    key: &'static str,
    before: UnixTime,
    batch: u64,
}

#[async_trait]
impl Work for DeleteExpired {
    type Outcome = u64;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<u64>, Failure> {
        let Self { table, key, .. } = self;
        let expired = "WHERE expires_at < ? ORDER BY expires_at LIMIT ?";
        let delete = match session.backend() {
            DatabaseBackend::MySql => format!("DELETE FROM {table} {expired}"),
            // Nodes that clean up at the same time take different rows.
            DatabaseBackend::Postgres => format!(
                "DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} {expired} FOR UPDATE SKIP LOCKED)"
            ),
            _ => format!("DELETE FROM {table} WHERE ({key}) IN (SELECT {key} FROM {table} {expired})"),
        };
        let batch = i64::try_from(self.batch).unwrap_or(i64::MAX);
        Ok(match session.execute(&delete, vec![self.before.0.into(), batch.into()]).await? {
            0 => Ending::RollBack(0),
            rows => Ending::Commit(rows),
        })
    }
}
