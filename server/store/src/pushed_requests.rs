//! The port of pushed authorization requests.

use async_trait::async_trait;
use sea_orm::{DatabaseBackend, Value};
use signet_core::events::EventRecord;
use signet_core::model::{PushedReference, PushedRequest};
use signet_core::ports::{Push, PushOutcome, PushedRequests, StandingQuery, StoreResult};
use signet_protocol::identifiers::{ClientId, RealmId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::database::Database;
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::standing::stands_undenied;
use crate::used_records::insert_proofs;
use crate::work::{Ending, Work};

#[async_trait]
impl PushedRequests for Database {
    async fn push(&self, push: &Push, events: &[EventRecord]) -> StoreResult<PushOutcome> {
        self.write_with(KeepPush { push: push.clone() }, events).await
    }

    async fn pushed_request(
        &self,
        realm_id: RealmId,
        reference: PushedReference,
    ) -> StoreResult<Option<PushedRequest>> {
        let select = "SELECT realm_id, reference, client_id, content, completed, opens_until, expires_at \
                      FROM pushed_requests WHERE realm_id = ? AND reference = ?";
        let session = self.reader();
        self.read(|| async {
            let row = session.row(select, key(realm_id, reference)).await?;
            row.as_ref().map(pushed_request_of).transpose()
        })
        .await
    }
}

fn key(realm_id: RealmId, reference: PushedReference) -> Vec<Value> {
    vec![sql::bytes(&realm_id.0), sql::bytes(&reference.0)]
}

fn pushed_request_of(row: &Row) -> Result<PushedRequest, Failure> {
    let client_id: String = row.get("client_id")?;
    Ok(PushedRequest {
        realm_id: RealmId(fixed(row.get("realm_id")?, "pushed_requests.realm_id")?),
        reference: PushedReference(fixed(row.get("reference")?, "pushed_requests.reference")?),
        client_id: parsed::<ClientId>(&client_id, "pushed_requests.client_id")?,
        content: row.get("content")?,
        completed: row.get("completed")?,
        opens_until: UnixTime(row.get("opens_until")?),
        expires_at: UnixTime(row.get("expires_at")?),
    })
}

/// Marks a request as answered; says whether this answer is the first. Where something must stand for it, it does.
pub(crate) async fn complete_pushed_request(
    session: &Session<'_>,
    realm_id: RealmId,
    (reference, standing): (PushedReference, Option<&StandingQuery>),
) -> Result<bool, Failure> {
    let mut update =
        "UPDATE pushed_requests SET completed = TRUE WHERE realm_id = ? AND reference = ? AND NOT completed".to_owned();
    let mut values = key(realm_id, reference);
    if let Some(query) = standing {
        let condition = stands_undenied(realm_id, query);
        update.push_str(" AND ");
        update.push_str(&condition.sql);
        values.extend(condition.values);
    }
    Ok(session.execute(&update, values).await? == 1)
}

/// Whether a request can be answered no more.
pub(crate) async fn is_completed(
    session: &Session<'_>,
    realm_id: RealmId,
    reference: PushedReference,
) -> Result<bool, Failure> {
    let select = "SELECT 1 FROM pushed_requests WHERE realm_id = ? AND reference = ? AND NOT completed";
    Ok(session.row(select, key(realm_id, reference)).await?.is_none())
}

struct KeepPush {
    push: Push,
}

impl KeepPush {
    /// Keeps the request, unless as many of its client wait for an answer as may; says whether it was kept. The look
    /// ends at the bound, and does not pass what is answered.
    async fn insert(&self, session: &Session<'_>) -> Result<bool, Failure> {
        let Push { request, now, most, .. } = &self.push;
        let from = if session.backend() == DatabaseBackend::MySql { " FROM DUAL" } else { "" };
        let insert = format!(
            "INSERT INTO pushed_requests \
             (realm_id, reference, client_id, content, completed, opens_until, expires_at) \
             SELECT ?, ?, ?, ?, ?, ?, ?{from} \
             WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM pushed_requests WHERE realm_id = ? AND client_id = ? \
             AND NOT completed AND opens_until > ? LIMIT ?) AS open_requests) < ?"
        );
        let mut values = key(request.realm_id, request.reference);
        values.extend([
            request.client_id.as_str().into(),
            sql::bytes(&request.content),
            request.completed.into(),
            request.opens_until.0.into(),
            request.expires_at.0.into(),
            sql::bytes(&request.realm_id.0),
            request.client_id.as_str().into(),
            now.0.into(),
            (*most).into(),
            (*most).into(),
        ]);
        let inserted = session.execute(&insert, values).await;
        inserted.map(|rows| rows == 1).map_err(|failure| failure.naming("pushed request", "realm"))
    }
}

#[async_trait]
impl Work for KeepPush {
    type Outcome = PushOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<PushOutcome>, Failure> {
        let Push { request, proofs, .. } = &self.push;
        if let Some(replayed) = insert_proofs(session, request.realm_id, proofs).await? {
            return Ok(Ending::RollBack(PushOutcome::Replayed(replayed)));
        }
        let kept = self.insert(session).await?;
        Ok(Ending::Commit(if kept { PushOutcome::Pushed } else { PushOutcome::TooMany }))
    }
}
