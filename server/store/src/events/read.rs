//! Reading events.

use sea_orm::Value;
use signet_core::events::{ChainHash, EventRecord, ListedRecord, SealedRecord, first_event_id};
use signet_core::ports::{Chain, EventQuery};
use signet_protocol::identifiers::{EventId, RealmId, SessionId, UserId};
use signet_protocol::time::{UnixMilliseconds, UnixTime};

use crate::column::fixed;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;

const COLUMNS: &str = "realm_id, id, recorded_at, request_id, kind, user_id, client_id, session_id, address, details, \
                       mac, sequence, link";

fn record_of(row: &Row) -> Result<EventRecord, Failure> {
    let id = |column: &'static str| -> Result<Option<[u8; 16]>, Failure> {
        let bytes: Option<Vec<u8>> = row.get(column)?;
        bytes.map(|bytes| fixed(bytes, "audit_events")).transpose()
    };
    Ok(EventRecord {
        realm_id: RealmId(fixed(row.get("realm_id")?, "audit_events.realm_id")?),
        id: EventId(fixed(row.get("id")?, "audit_events.id")?),
        recorded_at: UnixMilliseconds(row.get("recorded_at")?),
        request_id: row.get("request_id")?,
        kind: row.get("kind")?,
        user_id: id("user_id")?.map(UserId),
        client_id: row.get("client_id")?,
        session_id: id("session_id")?.map(SessionId),
        address: row.get("address")?,
        details: row.get("details")?,
        mac: fixed(row.get("mac")?, "audit_events.mac")?,
    })
}

fn count(limit: u64) -> Value {
    i64::try_from(limit).unwrap_or(i64::MAX).into()
}

/// Events that meet a query, sealed or not.
pub(super) async fn listed(
    session: &Session<'_>,
    realm_id: RealmId,
    query: &EventQuery,
    limit: u64,
) -> Result<Vec<ListedRecord>, Failure> {
    let mut conditions = vec!["realm_id = ?"];
    let mut values = vec![sql::bytes(&realm_id.0)];
    let mut only = |condition: &'static str, value: Option<Value>| {
        if let Some(value) = value {
            conditions.push(condition);
            values.push(value);
        }
    };
    let first = |at: UnixMilliseconds| sql::bytes(&first_event_id(at).0);
    only("id >= ?", query.since.map(first));
    only("id < ?", query.until.map(first));
    only(if query.newest_first { "id < ?" } else { "id > ?" }, query.after.map(|id| sql::bytes(&id.0)));
    only("kind = ?", query.kind.map(|kind| kind.as_str().into()));
    only("user_id = ?", query.user.map(|user| sql::bytes(&user.0)));
    only("client_id = ?", query.client.as_ref().map(|client| client.as_str().into()));
    only("request_id = ?", query.request.as_ref().map(|request| request.as_str().into()));
    values.push(count(limit));
    let direction = if query.newest_first { "DESC" } else { "ASC" };
    let conditions = conditions.join(" AND ");
    let select = format!("SELECT {COLUMNS} FROM audit_events WHERE {conditions} ORDER BY id {direction} LIMIT ?");
    let rows = session.rows(&select, values).await?;
    let listed = |row: &Row| Ok(ListedRecord { sequence: row.get("sequence")?, record: record_of(row)? });
    rows.iter().map(listed).collect()
}

/// Sealed events after a number. A row that does not read any more is there all the same: it was tampered with.
pub(super) async fn sealed(
    session: &Session<'_>,
    (realm_id, after): (RealmId, i64),
    limit: u64,
) -> Result<Vec<SealedRecord>, Failure> {
    let select =
        format!("SELECT {COLUMNS} FROM audit_events WHERE realm_id = ? AND sequence > ? ORDER BY sequence LIMIT ?");
    let rows = session.rows(&select, vec![sql::bytes(&realm_id.0), after.into(), count(limit)]).await?;
    let sealed = |row: &Row| {
        let hash: Option<Vec<u8>> = row.get("link")?;
        Ok(SealedRecord { sequence: row.get("sequence")?, hash: hash.unwrap_or_default(), record: record_of(row).ok() })
    };
    rows.iter().map(sealed).collect()
}

/// Events without a number, oldest first. What does not read is left out, so that it does not keep the rest.
pub(super) async fn waiting(session: &Session<'_>, realm_id: RealmId, limit: u64) -> Result<Vec<EventRecord>, Failure> {
    let select =
        format!("SELECT {COLUMNS} FROM audit_events WHERE realm_id = ? AND sequence IS NULL ORDER BY id LIMIT ?");
    let rows = session.rows(&select, vec![sql::bytes(&realm_id.0), count(limit)]).await?;
    let read = |row: &Row| {
        record_of(row)
            .inspect_err(|_| tracing::error!(realm = %realm_id, "an event does not read and is not sealed"))
            .ok()
    };
    Ok(rows.iter().filter_map(read).collect())
}

pub(super) async fn count_waiting(session: &Session<'_>, realm_id: RealmId) -> Result<u64, Failure> {
    let select = "SELECT COUNT(*) FROM audit_events WHERE realm_id = ? AND sequence IS NULL";
    let counted = session.rows(select, vec![sql::bytes(&realm_id.0)]).await?;
    let number: i64 = counted.first().map(|row| row.at(0)).transpose()?.unwrap_or_default();
    Ok(number.unsigned_abs())
}

fn realm_ids(rows: &[Row]) -> Result<Vec<RealmId>, Failure> {
    rows.iter().map(|row| Ok(RealmId(fixed(row.at(0)?, "realm_id")?))).collect()
}

pub(super) async fn realms_to_seal(session: &Session<'_>, limit: i64) -> Result<Vec<RealmId>, Failure> {
    let select = "SELECT DISTINCT realm_id FROM audit_events WHERE sequence IS NULL LIMIT ?";
    realm_ids(&session.rows(select, vec![limit.into()]).await?)
}

pub(super) async fn chained_realms(
    session: &Session<'_>,
    after: Option<RealmId>,
    limit: i64,
) -> Result<Vec<RealmId>, Failure> {
    let select = "SELECT realm_id FROM audit_chains WHERE realm_id > ? ORDER BY realm_id LIMIT ?";
    let after = after.map_or_else(Vec::new, |realm_id| realm_id.0.to_vec());
    realm_ids(&session.rows(select, vec![sql::bytes(&after), limit.into()]).await?)
}

/// The last of the oldest kept events that are all from before a moment. Numbers follow the time only roughly: events
/// of a slow transaction are sealed after younger ones, and stay with those.
pub(super) async fn outdated(
    session: &Session<'_>,
    chain: &Chain,
    before: UnixTime,
    limit: u64,
) -> Result<Option<(i64, ChainHash)>, Failure> {
    let realm = || sql::bytes(&chain.realm_id.0);
    let before = UnixMilliseconds::from(before).0;
    let end = chain.first.saturating_add_unsigned(limit).min(chain.sealed + 1);
    let select = "SELECT sequence FROM audit_events WHERE realm_id = ? AND sequence >= ? AND sequence < ? \
                  AND recorded_at >= ? ORDER BY sequence LIMIT 1";
    let values = vec![realm(), chain.first.into(), end.into(), before.into()];
    let young: Option<i64> = session.rows(select, values).await?.first().map(|row| row.at(0)).transpose()?;
    let last = young.unwrap_or(end) - 1;
    let select = "SELECT link FROM audit_events WHERE realm_id = ? AND sequence = ?";
    if last < chain.first {
        return Ok(None);
    }
    let row = session.row(select, vec![realm(), last.into()]).await?;
    let link: Option<Vec<u8>> = row.map(|row| row.at(0)).transpose()?.flatten();
    Ok(Some((last, fixed(link.unwrap_or_default(), "audit_events.link")?)))
}
