//! The port of back-channel logouts that wait to be sent. Time is the database's: nodes agree on it.

use async_trait::async_trait;
use signet_core::events::EventRecord;
use signet_core::model::LogoutDelivery;
use signet_core::ports::{LogoutDeliveries, Page, PageRequest, StoreError, StoreResult};
use signet_protocol::identifiers::{RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::database::Database;
use crate::failure::Failure;
use crate::outbox::Change;
use crate::realms::page_of;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

const COLUMNS: &str = "d.sequence, d.realm_id, r.name, d.sid, d.user_id, d.client_id, d.created_at, d.attempts, \
                       d.next_at, d.dead, d.problem";
const FROM: &str = "FROM logout_deliveries d JOIN realms r ON r.realm_id = d.realm_id";
#[async_trait]
impl LogoutDeliveries for Database {
    async fn due_logout_deliveries(&self, limit: u64) -> StoreResult<Vec<LogoutDelivery>> {
        let session = self.reader();
        let now = sql::now(session.backend());
        let select = format!(
            "SELECT {COLUMNS} {FROM} WHERE NOT d.dead AND d.next_at <= {now} AND NOT EXISTS \
             (SELECT 1 FROM logout_deliveries e WHERE e.realm_id = d.realm_id AND e.client_id = d.client_id \
             AND e.sequence < d.sequence AND NOT e.dead) \
             ORDER BY CASE WHEN d.attempts = 0 THEN 0 ELSE 1 END, d.next_at, d.sequence LIMIT ?"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|| async { session.rows(&select, vec![limit.into()]).await?.iter().map(delivery_of).collect() }).await
    }

    async fn lease_logout_delivery(&self, delivery: &LogoutDelivery, seconds: i64) -> StoreResult<bool> {
        let change = Change::Lease { seconds };
        self.write(ChangeDelivery { delivery: delivery.clone(), change }).await
    }

    async fn complete_logout_delivery(&self, leased: &LogoutDelivery) -> StoreResult<()> {
        self.write(ChangeDelivery { delivery: leased.clone(), change: Change::Complete }).await.map(drop)
    }

    async fn postpone_logout_delivery(&self, leased: &LogoutDelivery, seconds: i64, problem: &str) -> StoreResult<()> {
        let change = Change::postpone(seconds, problem);
        self.write(ChangeDelivery { delivery: leased.clone(), change }).await.map(drop)
    }

    async fn bury_logout_delivery(
        &self,
        leased: &LogoutDelivery,
        problem: &str,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        let change = Change::bury(problem);
        self.write_with(ChangeDelivery { delivery: leased.clone(), change }, events).await
    }

    async fn list_logout_deliveries(
        &self,
        realm_id: RealmId,
        dead: Option<bool>,
        page: &PageRequest,
    ) -> StoreResult<Page<LogoutDelivery>> {
        let after: Option<i64> =
            page.after.as_deref().map(str::parse).transpose().map_err(|_| StoreError::Missing("page"))?;
        let only = match dead {
            None => "",
            Some(true) => " AND d.dead",
            Some(false) => " AND NOT d.dead",
        };
        let select = format!(
            "SELECT {COLUMNS} {FROM} WHERE d.realm_id = ? AND d.sequence > ?{only} ORDER BY d.sequence LIMIT ?"
        );
        let limit = i64::try_from(page.limit).unwrap_or(i64::MAX).saturating_add(1);
        let values = vec![sql::bytes(&realm_id.0), after.unwrap_or(0).into(), limit.into()];
        let session = self.reader();
        let found: Vec<LogoutDelivery> = self
            .read(|| async { session.rows(&select, values.clone()).await?.iter().map(delivery_of).collect() })
            .await?;
        Ok(page_of(found, page, |delivery: &LogoutDelivery| delivery.number.to_string()))
    }

    async fn retry_logout_delivery(&self, realm_id: RealmId, number: i64, events: &[EventRecord]) -> StoreResult<bool> {
        self.write_with(Retry { realm_id, number }, events).await
    }
}

fn delivery_of(row: &Row) -> Result<LogoutDelivery, Failure> {
    Ok(LogoutDelivery {
        number: row.get("sequence")?,
        realm_id: RealmId(fixed(row.get("realm_id")?, "logout_deliveries.realm_id")?),
        realm: parsed(&row.get::<String>("name")?, "realms.name")?,
        sid: SessionId(fixed(row.get("sid")?, "logout_deliveries.sid")?),
        user_id: UserId(fixed(row.get("user_id")?, "logout_deliveries.user_id")?),
        client_id: parsed(&row.get::<String>("client_id")?, "logout_deliveries.client_id")?,
        created_at: UnixTime(row.get("created_at")?),
        attempts: row.get("attempts")?,
        next_at: UnixTime(row.get("next_at")?),
        dead: row.get("dead")?,
        problem: row.get("problem")?,
    })
}

/// Changes a delivery that is still as it was read: each attempt counts one up, so that the number tells.
struct ChangeDelivery {
    delivery: LogoutDelivery,
    change: Change,
}

#[async_trait]
impl Work for ChangeDelivery {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let now = sql::now(session.backend());
        let (statement, mut values) = self.change.statement("logout_deliveries", now);
        values.extend([self.delivery.number.into(), self.delivery.attempts.into(), self.delivery.next_at.0.into()]);
        // Whoever holds the lease knows the number of attempts, but not the second in which the database granted it.
        let as_read = if matches!(self.change, Change::Lease { .. }) {
            " AND next_at = ?"
        } else {
            values.pop();
            ""
        };
        let sql = format!("{statement} WHERE sequence = ? AND attempts = ? AND NOT dead{as_read}");
        let changed = session.execute(&sql, values).await? > 0;
        Ok(if changed { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

struct Retry {
    realm_id: RealmId,
    number: i64,
}

#[async_trait]
impl Work for Retry {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let now = sql::now(session.backend());
        let update = format!(
            "UPDATE logout_deliveries SET attempts = 0, created_at = {now}, next_at = {now}, dead = FALSE, \
             problem = NULL WHERE realm_id = ? AND sequence = ?"
        );
        let changed = session.execute(&update, vec![sql::bytes(&self.realm_id.0), self.number.into()]).await? > 0;
        Ok(if changed { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
