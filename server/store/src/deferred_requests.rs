//! The port of requests that are answered elsewhere.

use async_trait::async_trait;
use sea_orm::Value;
use signet_core::events::EventRecord;
use signet_core::model::{
    DeferredKind, DeferredReference, DeferredRequest, DeferredState, Epoch, Epochs, Notification,
};
use signet_core::ports::{
    Deferral, DeferralOutcome, DeferredApproval, DeferredApprovalOutcome, DeferredRequests, StandingQuery, StoreResult,
};
use signet_protocol::identifiers::{ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use crate::backchannel_notifications::{insert_notification, is_blocked};
use crate::column::{fixed, parsed};
use crate::database::Database;
use crate::failure::{Failure, corrupt};
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::standing::stands_undenied;
use crate::used_records::insert_proofs;
use crate::work::{Ending, Work};

const COLUMNS: &str = "realm_id, reference, kind, user_code, client_id, user_id, content, realm_epoch, client_epoch, \
                       state, poll_interval, answer, expires_at";

#[async_trait]
impl DeferredRequests for Database {
    async fn defer(&self, deferral: &Deferral, events: &[EventRecord]) -> StoreResult<DeferralOutcome> {
        self.write_with(Defer { deferral: deferral.clone() }, events).await
    }

    async fn deferred_request(
        &self,
        realm_id: RealmId,
        reference: DeferredReference,
    ) -> StoreResult<Option<DeferredRequest>> {
        let session = self.reader();
        self.read(|| find(&session, "reference", key(realm_id, reference))).await
    }

    async fn deferred_requests_of_user(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        now: UnixTime,
        limit: u64,
    ) -> StoreResult<Vec<DeferredRequest>> {
        let select = format!(
            "SELECT {COLUMNS} FROM deferred_requests WHERE realm_id = ? AND user_id = ? AND expires_at > ? \
             AND state = ? ORDER BY expires_at, reference LIMIT ?"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let values = vec![
            sql::bytes(&realm_id.0),
            sql::bytes(&user_id.0),
            now.0.into(),
            state(DeferredState::Pending),
            limit.into(),
        ];
        let session = self.reader();
        self.read(|| async { session.rows(&select, values.clone()).await?.iter().map(deferred_request_of).collect() })
            .await
    }

    async fn deferred_request_of_code(
        &self,
        realm_id: RealmId,
        user_code: &[u8; 32],
    ) -> StoreResult<Option<DeferredRequest>> {
        let session = self.reader();
        self.read(|| find(&session, "user_code", vec![sql::bytes(&realm_id.0), sql::bytes(user_code)])).await
    }

    async fn approve_deferred_request(
        &self,
        realm_id: RealmId,
        approval: &DeferredApproval,
        events: &[EventRecord],
    ) -> StoreResult<DeferredApprovalOutcome> {
        self.write_with(Approve { realm_id, approval: approval.clone() }, events).await
    }

    async fn deny_deferred_request(
        &self,
        realm_id: RealmId,
        reference: DeferredReference,
        notification: Option<Notification>,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(Deny { realm_id, reference, notification }, events).await
    }

    async fn slow_deferred_request(
        &self,
        realm_id: RealmId,
        reference: DeferredReference,
        interval: i64,
    ) -> StoreResult<()> {
        self.write(Slow { realm_id, reference, interval }).await
    }
}

fn key(realm_id: RealmId, reference: DeferredReference) -> Vec<Value> {
    vec![sql::bytes(&realm_id.0), sql::bytes(&reference.0)]
}

fn state(state: DeferredState) -> Value {
    i64::from(state as i16).into()
}

async fn find(session: &Session<'_>, column: &str, values: Vec<Value>) -> Result<Option<DeferredRequest>, Failure> {
    let select = format!("SELECT {COLUMNS} FROM deferred_requests WHERE realm_id = ? AND {column} = ?");
    let row = session.row(&select, values).await?;
    row.as_ref().map(deferred_request_of).transpose()
}

fn deferred_request_of(row: &Row) -> Result<DeferredRequest, Failure> {
    let client_id: String = row.get("client_id")?;
    let user_code: Option<Vec<u8>> = row.get("user_code")?;
    let user_id: Option<Vec<u8>> = row.get("user_id")?;
    let epochs: (Option<Epoch>, Option<Epoch>) = (row.get("realm_epoch")?, row.get("client_epoch")?);
    Ok(DeferredRequest {
        realm_id: RealmId(fixed(row.get("realm_id")?, "deferred_requests.realm_id")?),
        reference: DeferredReference(fixed(row.get("reference")?, "deferred_requests.reference")?),
        kind: kind_of(row.get("kind")?)?,
        user_code: user_code.map(|code| fixed(code, "deferred_requests.user_code")).transpose()?,
        client_id: parsed::<ClientId>(&client_id, "deferred_requests.client_id")?,
        user_id: user_id.map(|id| fixed(id, "deferred_requests.user_id").map(UserId)).transpose()?,
        content: row.get("content")?,
        epochs: epochs.0.zip(epochs.1).map(|(realm, client)| Epochs { realm, client }),
        state: state_of(row.get("state")?)?,
        interval: row.get("poll_interval")?,
        answer: row.get("answer")?,
        expires_at: UnixTime(row.get("expires_at")?),
    })
}

fn kind_of(number: i64) -> Result<DeferredKind, Failure> {
    match number {
        1 => Ok(DeferredKind::Device),
        2 => Ok(DeferredKind::Backchannel),
        _ => Err(corrupt("deferred_requests.kind")),
    }
}

fn state_of(number: i64) -> Result<DeferredState, Failure> {
    match number {
        0 => Ok(DeferredState::Pending),
        1 => Ok(DeferredState::Approved),
        2 => Ok(DeferredState::Denied),
        3 => Ok(DeferredState::Redeemed),
        _ => Err(corrupt("deferred_requests.state")),
    }
}

/// Takes what was approved, once, if what it rests on stands; says whether it was taken. The answer goes with it.
pub(crate) async fn redeem_deferred_request(
    session: &Session<'_>,
    realm_id: RealmId,
    reference: DeferredReference,
    query: &StandingQuery,
) -> Result<bool, Failure> {
    let condition = stands_undenied(realm_id, query);
    let update = format!(
        "UPDATE deferred_requests SET state = ?, answer = NULL \
         WHERE realm_id = ? AND reference = ? AND state = ? AND {}",
        condition.sql
    );
    let mut values = vec![state(DeferredState::Redeemed)];
    values.extend(key(realm_id, reference));
    values.push(state(DeferredState::Approved));
    values.extend(condition.values);
    Ok(session.execute(&update, values).await? == 1)
}

/// Whether a request is in a state.
pub(crate) async fn is_in_state(
    session: &Session<'_>,
    realm_id: RealmId,
    reference: DeferredReference,
    wanted: DeferredState,
) -> Result<bool, Failure> {
    let select = "SELECT 1 FROM deferred_requests WHERE realm_id = ? AND reference = ? AND state = ?";
    let mut values = key(realm_id, reference);
    values.push(state(wanted));
    Ok(session.row(select, values).await?.is_some())
}

struct Defer {
    deferral: Deferral,
}

impl Defer {
    /// Whether the client or the user has as many requests as there may be. The look ends at the bound.
    async fn is_too_much(&self, session: &Session<'_>) -> Result<bool, Failure> {
        let Deferral { request, most, most_of_user, .. } = &self.deferral;
        let client = request.client_id.as_str().into();
        if self.count(session, ("client_id = ?", client), *most).await? >= *most {
            return Ok(true);
        }
        let (Some(most), Some(user_id)) = (most_of_user, request.user_id) else { return Ok(false) };
        let user = sql::bytes(&user_id.0);
        Ok(self.count(session, ("state = 0 AND user_id = ?", user), *most).await? >= *most)
    }

    async fn count(&self, session: &Session<'_>, (whose, value): (&str, Value), most: i64) -> Result<i64, Failure> {
        let select = format!(
            "SELECT COUNT(*) FROM (SELECT 1 FROM deferred_requests \
             WHERE realm_id = ? AND {whose} AND expires_at > ? LIMIT ?) AS open_requests"
        );
        let values =
            vec![sql::bytes(&self.deferral.request.realm_id.0), value, self.deferral.now.0.into(), most.into()];
        let row = session.row(&select, values).await?;
        Ok(row.map(|row| row.at::<i64>(0)).transpose()?.unwrap_or(most))
    }

    async fn insert(&self, session: &Session<'_>) -> Result<bool, Failure> {
        let request = &self.deferral.request;
        let insert = "INSERT INTO deferred_requests (realm_id, reference, kind, user_code, client_id, user_id, \
                      content, realm_epoch, client_epoch, state, poll_interval, expires_at) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        let mut values = key(request.realm_id, request.reference);
        values.extend([
            i64::from(request.kind as i16).into(),
            request.user_code.map(|code| code.to_vec()).into(),
            request.client_id.as_str().into(),
            request.user_id.map(|id| id.0.to_vec()).into(),
            sql::bytes(&request.content),
            request.epochs.map(|epochs| epochs.realm).into(),
            request.epochs.map(|epochs| epochs.client).into(),
            state(request.state),
            request.interval.into(),
            request.expires_at.0.into(),
        ]);
        session.insert_once(insert, values).await
    }
}

#[async_trait]
impl Work for Defer {
    type Outcome = DeferralOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<DeferralOutcome>, Failure> {
        let Deferral { request, proofs, notification, .. } = &self.deferral;
        if let Some(replayed) = insert_proofs(session, request.realm_id, proofs).await? {
            return Ok(Ending::RollBack(DeferralOutcome::Replayed(replayed)));
        }
        if self.is_too_much(session).await? {
            return Ok(Ending::Commit(DeferralOutcome::TooMany));
        }
        if is_blocked(session, request).await? {
            return Ok(Ending::Commit(DeferralOutcome::Blocked));
        }
        // Secrets of 256 bits do not meet: it is the user code that was there before.
        let is_new = self.insert(session).await?;
        if !is_new {
            return Ok(Ending::RollBack(DeferralOutcome::CodeTaken));
        }
        if let Some(notification) = notification {
            insert_notification(session, (request.realm_id, request.reference), *notification).await?;
        }
        Ok(Ending::Commit(DeferralOutcome::Deferred))
    }
}

struct Approve {
    realm_id: RealmId,
    approval: DeferredApproval,
}

#[async_trait]
impl Work for Approve {
    type Outcome = DeferredApprovalOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<DeferredApprovalOutcome>, Failure> {
        let DeferredApproval { reference, user_id, answer, standing, now, notification } = &self.approval;
        let condition = stands_undenied(self.realm_id, standing);
        let update = format!(
            "UPDATE deferred_requests SET state = ?, user_id = ?, answer = ? \
             WHERE realm_id = ? AND reference = ? AND state = ? AND expires_at > ? AND {}",
            condition.sql
        );
        let mut values = vec![state(DeferredState::Approved), sql::bytes(&user_id.0), sql::bytes(answer)];
        values.extend(key(self.realm_id, *reference));
        values.extend([state(DeferredState::Pending), now.0.into()]);
        values.extend(condition.values);
        if session.execute(&update, values).await? == 1 {
            if let Some(notification) = notification {
                insert_notification(session, (self.realm_id, *reference), *notification).await?;
            }
            return Ok(Ending::Commit(DeferredApprovalOutcome::Approved));
        }
        // Which of the two it was is asked only here, where nothing is won by speed.
        let select = "SELECT 1 FROM deferred_requests WHERE realm_id = ? AND reference = ? AND state = ? \
                      AND expires_at > ?";
        let mut values = key(self.realm_id, *reference);
        values.extend([state(DeferredState::Pending), now.0.into()]);
        let is_pending = session.row(select, values).await?.is_some();
        let fallen = DeferredApprovalOutcome::Fallen;
        Ok(Ending::RollBack(if is_pending { fallen } else { DeferredApprovalOutcome::NotPending }))
    }
}

struct Deny {
    realm_id: RealmId,
    reference: DeferredReference,
    notification: Option<Notification>,
}

#[async_trait]
impl Work for Deny {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        self.notification.is_none()
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let update = "UPDATE deferred_requests SET state = ? WHERE realm_id = ? AND reference = ? AND state = ?";
        let mut values = vec![state(DeferredState::Denied)];
        values.extend(key(self.realm_id, self.reference));
        values.push(state(DeferredState::Pending));
        let was_pending = session.execute(update, values).await? == 1;
        if let Some(notification) = self.notification.filter(|_| was_pending) {
            insert_notification(session, (self.realm_id, self.reference), notification).await?;
        }
        Ok(if was_pending { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

struct Slow {
    realm_id: RealmId,
    reference: DeferredReference,
    interval: i64,
}

#[async_trait]
impl Work for Slow {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let update = "UPDATE deferred_requests SET poll_interval = ? \
                      WHERE realm_id = ? AND reference = ? AND poll_interval < ?";
        let mut values = vec![self.interval.into()];
        values.extend(key(self.realm_id, self.reference));
        values.push(self.interval.into());
        session.execute(update, values).await?;
        Ok(Ending::Commit(()))
    }
}
