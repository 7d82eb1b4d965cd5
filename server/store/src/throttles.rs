//! The port of counters against guessing.

use async_trait::async_trait;
use sea_orm::{DatabaseBackend, Value};
use signet_core::ports::{Attempts, StoreError, StoreResult, Throttles};
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::database::Database;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

#[async_trait]
impl Throttles for Database {
    async fn count_attempts(
        &self,
        realm_id: RealmId,
        keys: &[[u8; 32]],
        now: UnixTime,
        window_seconds: i64,
    ) -> StoreResult<Vec<Attempts>> {
        let window_ends_at = now.plus(window_seconds);
        self.write(CountAttempts { realm_id, keys: keys.to_vec(), now, window_ends_at }).await
    }

    async fn forgive_attempt(&self, realm_id: RealmId, keys: &[[u8; 32]]) -> StoreResult<()> {
        if keys.is_empty() {
            return Ok(());
        }
        self.write(ForgiveAttempt { realm_id, keys: keys.to_vec() }).await
    }
}

struct CountAttempts {
    realm_id: RealmId,
    keys: Vec<[u8; 32]>,
    now: UnixTime,
    window_ends_at: UnixTime,
}

#[async_trait]
impl Work for CountAttempts {
    type Outcome = Vec<Attempts>;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<Vec<Attempts>>, Failure> {
        // In the order of the keys: two logins that share two counters wait for each other instead of blocking each
        // other.
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        order.sort_unstable_by_key(|&position| self.keys[position]);
        let mut counted = Vec::with_capacity(order.len());
        for position in order {
            counted.push((position, self.count(session, &self.keys[position]).await?));
        }
        counted.sort_unstable_by_key(|(position, _)| *position);
        Ok(Ending::Commit(counted.into_iter().map(|(_, attempts)| attempts).collect()))
    }
}

impl CountAttempts {
    async fn count(&self, session: &Session<'_>, key: &[u8; 32]) -> Result<Attempts, Failure> {
        let insert = "INSERT INTO throttles (realm_id, throttled, attempts, expires_at) VALUES (?, ?, 1, ?)";
        let now = || Value::from(self.now.0);
        let mut values =
            vec![sql::bytes(&self.realm_id.0), sql::bytes(key), self.window_ends_at.0.into(), now(), now()];
        if session.backend() == DatabaseBackend::MySql {
            // Assignments run from left to right: the count looks at the window before it is replaced.
            let upsert = format!(
                "{insert} ON DUPLICATE KEY UPDATE attempts = IF(expires_at <= ?, 1, attempts + 1), \
                 expires_at = IF(expires_at <= ?, VALUES(expires_at), expires_at)"
            );
            session.execute(&upsert, values).await?;
            // Nobody else changes the row before this transaction ends.
            let select = "SELECT attempts, expires_at FROM throttles WHERE realm_id = ? AND throttled = ?";
            let row = session.row(select, vec![sql::bytes(&self.realm_id.0), sql::bytes(key)]).await?;
            return attempts_of(row);
        }
        let upsert = format!(
            "{insert} ON CONFLICT (realm_id, throttled) DO UPDATE SET \
             attempts = CASE WHEN throttles.expires_at <= ? THEN 1 ELSE throttles.attempts + 1 END, \
             expires_at = CASE WHEN throttles.expires_at <= ? THEN excluded.expires_at ELSE throttles.expires_at END \
             RETURNING attempts, expires_at"
        );
        attempts_of(session.row(&upsert, std::mem::take(&mut values)).await?)
    }
}

fn attempts_of(row: Option<Row>) -> Result<Attempts, Failure> {
    let Some(row) = row else {
        return Err(StoreError::Corrupt("a counter is gone right after it was written".to_owned()).into());
    };
    Ok(Attempts { count: row.get("attempts")?, window_ends_at: UnixTime(row.get("expires_at")?) })
}

struct ForgiveAttempt {
    realm_id: RealmId,
    keys: Vec<[u8; 32]>,
}

#[async_trait]
impl Work for ForgiveAttempt {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let marks = vec!["?"; self.keys.len()].join(", ");
        let update = format!(
            "UPDATE throttles SET attempts = attempts - 1 WHERE realm_id = ? AND attempts > 0 AND throttled IN ({marks})"
        );
        let mut values = vec![sql::bytes(&self.realm_id.0)];
        values.extend(self.keys.iter().map(|key| sql::bytes(key)));
        session.execute(&update, values).await?;
        Ok(Ending::Commit(()))
    }
}
