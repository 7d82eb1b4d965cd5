//! The port of daily counts of what clients do.

use async_trait::async_trait;
use sea_orm::{DatabaseBackend, Value};
use signet_core::model::TrafficCount;
use signet_core::ports::{StoreResult, Traffic};
use signet_core::profile::ProfileName;
use signet_protocol::identifiers::{ClientId, RealmId};

use crate::column::{fixed, parsed};
use crate::database::Database;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// Days that counts are kept after the one they are of.
const KEPT_DAYS: i64 = 8;
/// Seconds of a day.
const DAY: i64 = 86_400;
/// Rows of a statement. Seven values each; no database takes fewer than 32,766.
const ROWS: usize = 200;

#[async_trait]
impl Traffic for Database {
    async fn add_traffic(&self, counts: &[TrafficCount]) -> StoreResult<()> {
        if counts.is_empty() {
            return Ok(());
        }
        let mut counts = counts.to_vec();
        // In one order: nodes that add to the same rows wait for each other instead of blocking each other.
        counts.sort_unstable_by(|one, other| key(one).cmp(&key(other)));
        self.write(AddTraffic(counts)).await
    }

    async fn traffic_of(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        since_day: i64,
    ) -> StoreResult<Vec<TrafficCount>> {
        let select = "SELECT realm_id, client_id, on_day, profile, subject, requests FROM client_traffic \
                      WHERE realm_id = ? AND client_id = ? AND on_day >= ?";
        let session = self.reader();
        self.read(|| async {
            let values = vec![sql::bytes(&realm_id.0), client_id.as_str().into(), since_day.into()];
            session.rows(select, values).await?.iter().map(count_of).collect()
        })
        .await
    }
}

fn key(count: &TrafficCount) -> (RealmId, &ClientId, i64, &'static str, &str) {
    let profile = count.profile.map_or("", ProfileName::as_str);
    (count.realm_id, &count.client_id, count.day, profile, &count.subject)
}

fn count_of(row: &Row) -> Result<TrafficCount, Failure> {
    let client_id: String = row.get("client_id")?;
    let profile: String = row.get("profile")?;
    let profile = if profile.is_empty() { None } else { Some(parsed(&profile, "client_traffic.profile")?) };
    Ok(TrafficCount {
        realm_id: RealmId(fixed(row.get("realm_id")?, "client_traffic.realm_id")?),
        client_id: parsed(&client_id, "client_traffic.client_id")?,
        day: row.get("on_day")?,
        profile,
        subject: row.get("subject")?,
        requests: row.get("requests")?,
    })
}

struct AddTraffic(Vec<TrafficCount>);

#[async_trait]
impl Work for AddTraffic {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let ending = if session.backend() == DatabaseBackend::MySql {
            "ON DUPLICATE KEY UPDATE requests = requests + VALUES(requests)"
        } else {
            "ON CONFLICT (realm_id, client_id, on_day, profile, subject) DO UPDATE SET \
             requests = client_traffic.requests + excluded.requests"
        };
        for rows in self.0.chunks(ROWS) {
            let marks = vec!["(?, ?, ?, ?, ?, ?, ?)"; rows.len()].join(", ");
            let upsert = format!(
                "INSERT INTO client_traffic (realm_id, client_id, on_day, profile, subject, requests, expires_at) \
                 VALUES {marks} {ending}"
            );
            session.execute(&upsert, rows.iter().flat_map(values_of).collect()).await?;
        }
        Ok(Ending::Commit(()))
    }
}

fn values_of(count: &TrafficCount) -> [Value; 7] {
    let (realm_id, client_id, day, profile, subject) = key(count);
    [
        sql::bytes(&realm_id.0),
        client_id.as_str().into(),
        day.into(),
        profile.into(),
        subject.into(),
        count.requests.into(),
        ((day + 1 + KEPT_DAYS) * DAY).into(),
    ]
}
