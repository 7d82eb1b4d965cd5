//! Requests for access that wait for a resource owner's answer.

use async_trait::async_trait;
use signet_core::model::{ResourceKeeper, UmaRequest, UmaRequestState};
use signet_core::ports::{StoreError, UmaAnswer, UmaRequestFilter};
use signet_protocol::identifiers::{ClientId, RealmId, UmaRequestId, UserId};
use signet_protocol::time::UnixTime;

use super::resources::{Which, edit_policies};
use crate::column::{fixed, from_json, parsed, to_json};
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

const SELECT: &str = "SELECT realm_id, id, owner_id, resource_server, user_id, client_id, permissions, state, created_at, \
                      expires_at FROM uma_requests WHERE realm_id = ?";

pub(super) async fn find(
    session: &Session<'_>,
    realm_id: RealmId,
    id: UmaRequestId,
) -> Result<Option<UmaRequest>, Failure> {
    let select = format!("{SELECT} AND id = ?");
    let row = session.row(&select, vec![sql::bytes(&realm_id.0), sql::bytes(&id.0)]).await?;
    row.as_ref().map(request_of).transpose()
}

pub(super) async fn listed(
    session: &Session<'_>,
    realm_id: RealmId,
    filter: &UmaRequestFilter,
    (after, limit): (Option<UmaRequestId>, u64),
) -> Result<Vec<UmaRequest>, Failure> {
    let (mut select, mut values) = (SELECT.to_owned(), vec![sql::bytes(&realm_id.0)]);
    if let Some(owner) = &filter.owner {
        select.push_str(" AND owner_id = ?");
        values.push(sql::bytes(&owner.0));
    }
    if let Some(user) = &filter.user {
        select.push_str(" AND user_id = ?");
        values.push(sql::bytes(&user.0));
    }
    if let Some(now) = filter.pending_at {
        select.push_str(" AND state = ? AND expires_at > ?");
        values.extend([number(UmaRequestState::Pending).into(), now.0.into()]);
    }
    if let Some(after) = after {
        select.push_str(" AND id > ?");
        values.push(sql::bytes(&after.0));
    }
    select.push_str(" ORDER BY id LIMIT ?");
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    session.rows(&select, values).await?.iter().map(request_of).collect()
}

const fn number(state: UmaRequestState) -> i64 {
    state as i16 as i64
}

fn state_of(number: i64) -> Result<UmaRequestState, Failure> {
    let states = [UmaRequestState::Pending, UmaRequestState::Granted, UmaRequestState::Denied];
    let known = states.into_iter().find(|state| self::number(*state) == number);
    known.ok_or_else(|| StoreError::Corrupt(format!("uma_requests.state {number} is not known")).into())
}

fn request_of(row: &Row) -> Result<UmaRequest, Failure> {
    let client = |column: &'static str| -> Result<ClientId, Failure> { parsed(&row.get::<String>(column)?, column) };
    Ok(UmaRequest {
        realm_id: RealmId(fixed(row.get("realm_id")?, "uma_requests.realm_id")?),
        id: UmaRequestId(fixed(row.get("id")?, "uma_requests.id")?),
        owner_id: UserId(fixed(row.get("owner_id")?, "uma_requests.owner_id")?),
        server: client("resource_server")?,
        user_id: UserId(fixed(row.get("user_id")?, "uma_requests.user_id")?),
        client_id: client("client_id")?,
        permissions: from_json(&row.get::<String>("permissions")?, "uma_requests.permissions")?,
        state: state_of(row.get("state")?)?,
        created_at: UnixTime(row.get("created_at")?),
        expires_at: UnixTime(row.get("expires_at")?),
    })
}

/// Puts a request before its owner, unless as many are there already; says whether it is there.
pub(super) async fn submit(session: &Session<'_>, (request, most): (&UmaRequest, i64)) -> Result<bool, Failure> {
    let waiting = "SELECT COUNT(*) FROM (SELECT 1 FROM uma_requests \
                   WHERE realm_id = ? AND owner_id = ? AND state = ? AND expires_at > ? LIMIT ?) AS waiting";
    let values = vec![
        sql::bytes(&request.realm_id.0),
        sql::bytes(&request.owner_id.0),
        number(UmaRequestState::Pending).into(),
        request.created_at.0.into(),
        most.into(),
    ];
    let count = session.row(waiting, values).await?.map(|row| row.at::<i64>(0)).transpose()?;
    if count.is_none_or(|count| count >= most) {
        return Ok(false);
    }
    let insert = "INSERT INTO uma_requests \
                  (realm_id, id, owner_id, resource_server, user_id, client_id, permissions, state, created_at, \
                  expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let values = vec![
        sql::bytes(&request.realm_id.0),
        sql::bytes(&request.id.0),
        sql::bytes(&request.owner_id.0),
        request.server.as_str().into(),
        sql::bytes(&request.user_id.0),
        request.client_id.as_str().into(),
        to_json(&request.permissions, "uma_requests.permissions")?.into(),
        number(request.state).into(),
        request.created_at.0.into(),
        request.expires_at.0.into(),
    ];
    let inserted = session.execute(insert, values).await;
    inserted.map_err(|failure| failure.naming("request for access", "owner, requesting party or client"))?;
    Ok(true)
}

pub(super) struct AnswerRequest {
    pub(super) realm_id: RealmId,
    pub(super) answer: UmaAnswer,
}

#[async_trait]
impl Work for AnswerRequest {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let UmaAnswer { id, owner_id, state, edits, now } = &self.answer;
        let update = "UPDATE uma_requests SET state = ? \
                      WHERE realm_id = ? AND id = ? AND owner_id = ? AND state = ? AND expires_at > ?";
        let values = vec![
            number(*state).into(),
            sql::bytes(&self.realm_id.0),
            sql::bytes(&id.0),
            sql::bytes(&owner_id.0),
            number(UmaRequestState::Pending).into(),
            now.0.into(),
        ];
        if session.execute(update, values).await? == 0 {
            return Ok(Ending::RollBack(false));
        }
        let Some(request) = find(session, self.realm_id, *id).await? else { return Ok(Ending::RollBack(false)) };
        let keeper = ResourceKeeper { server: request.server, owner: Some(*owner_id) };
        for (resource_id, edit) in edits {
            let which = Which::new(self.realm_id, (*resource_id, &keeper));
            edit_policies(session, &which, (edit, *now)).await?;
        }
        Ok(Ending::Commit(true))
    }
}

pub(super) struct DeleteRequest {
    pub(super) realm_id: RealmId,
    pub(super) id: UmaRequestId,
}

#[async_trait]
impl Work for DeleteRequest {
    type Outcome = bool;

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let delete = "DELETE FROM uma_requests WHERE realm_id = ? AND id = ?";
        let values = vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)];
        Ok(if session.execute(delete, values).await? > 0 { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
