//! The port of what CIBA has to tell. Time is the database's: nodes agree on it.

use async_trait::async_trait;
use signet_core::events::EventRecord;
use signet_core::model::{DeferredReference, DeferredRequest, Notification, NotificationDelivery};
use signet_core::ports::{Notifications, StoreResult};
use signet_protocol::identifiers::{ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::database::Database;
use crate::failure::{Failure, corrupt};
use crate::outbox::Change;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

#[async_trait]
impl Notifications for Database {
    async fn due_notifications(&self, limit: u64) -> StoreResult<Vec<NotificationDelivery>> {
        let session = self.reader();
        let now = sql::now(session.backend());
        let select = format!(
            "SELECT n.sequence, n.realm_id, r.name, n.reference, n.kind, n.client_id, n.attempts \
             FROM backchannel_notifications n JOIN realms r ON r.realm_id = n.realm_id \
             WHERE NOT n.dead AND n.next_at <= {now} ORDER BY n.next_at, n.sequence LIMIT ?"
        );
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|| async { session.rows(&select, vec![limit.into()]).await?.iter().map(delivery_of).collect() }).await
    }

    async fn lease_notification(&self, delivery: &NotificationDelivery, seconds: i64) -> StoreResult<bool> {
        self.write(ChangeDelivery { delivery: delivery.clone(), change: Change::Lease { seconds } }).await
    }

    async fn complete_notification(&self, leased: &NotificationDelivery) -> StoreResult<()> {
        self.write(ChangeDelivery { delivery: leased.clone(), change: Change::Complete }).await.map(drop)
    }

    async fn postpone_notification(
        &self,
        leased: &NotificationDelivery,
        seconds: i64,
        problem: &str,
    ) -> StoreResult<()> {
        let change = Change::postpone(seconds, problem);
        self.write(ChangeDelivery { delivery: leased.clone(), change }).await.map(drop)
    }

    async fn bury_notification(
        &self,
        leased: &NotificationDelivery,
        problem: &str,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        let change = Change::bury(problem);
        self.write_with(ChangeDelivery { delivery: leased.clone(), change }, events).await
    }

    async fn block_client(
        &self,
        realm_id: RealmId,
        (user_id, client_id): (UserId, &ClientId),
        now: UnixTime,
    ) -> StoreResult<()> {
        self.write(Block { realm_id, user_id, client_id: client_id.clone(), now }).await
    }

    async fn unblock_client(&self, realm_id: RealmId, (user_id, client_id): (UserId, &ClientId)) -> StoreResult<()> {
        self.write(Unblock { realm: realm_id, user: user_id, client: client_id.clone() }).await
    }

    async fn blocked_clients(&self, realm_id: RealmId, user_id: UserId) -> StoreResult<Vec<ClientId>> {
        let select = "SELECT client_id FROM backchannel_blocks WHERE realm_id = ? AND user_id = ? ORDER BY client_id";
        let session = self.reader();
        let of_row = |row: &Row| {
            let client_id: String = row.get("client_id")?;
            parsed::<ClientId>(&client_id, "backchannel_blocks.client_id")
        };
        self.read(|| async {
            let values = vec![sql::bytes(&realm_id.0), sql::bytes(&user_id.0)];
            session.rows(select, values).await?.iter().map(of_row).collect()
        })
        .await
    }
}

fn delivery_of(row: &Row) -> Result<NotificationDelivery, Failure> {
    Ok(NotificationDelivery {
        number: row.get("sequence")?,
        realm_id: RealmId(fixed(row.get("realm_id")?, "backchannel_notifications.realm_id")?),
        realm: parsed(&row.get::<String>("name")?, "realms.name")?,
        reference: DeferredReference(fixed(row.get("reference")?, "backchannel_notifications.reference")?),
        notification: notification_of(row.get("kind")?)?,
        client_id: parsed(&row.get::<String>("client_id")?, "backchannel_notifications.client_id")?,
        attempts: row.get("attempts")?,
    })
}

fn notification_of(number: i64) -> Result<Notification, Failure> {
    match number {
        1 => Ok(Notification::Device),
        2 => Ok(Notification::Ping),
        3 => Ok(Notification::Push),
        _ => Err(corrupt("backchannel_notifications.kind")),
    }
}

/// Writes what is to be told, in the transaction of what it tells of.
pub(crate) async fn insert_notification(
    session: &Session<'_>,
    request: (RealmId, DeferredReference),
    notification: Notification,
) -> Result<(), Failure> {
    let now = sql::now(session.backend());
    let (realm_id, reference) = request;
    let insert = format!(
        "INSERT INTO backchannel_notifications \
         (realm_id, reference, kind, client_id, attempts, next_at, dead, expires_at) \
         SELECT realm_id, reference, ?, client_id, 0, {now}, FALSE, expires_at FROM deferred_requests \
         WHERE realm_id = ? AND reference = ?"
    );
    let values = vec![i64::from(notification as i16).into(), sql::bytes(&realm_id.0), sql::bytes(&reference.0)];
    session.execute(&insert, values).await.map(drop)
}

/// Whether a user does not want to be asked by a client.
pub(crate) async fn is_blocked(session: &Session<'_>, request: &DeferredRequest) -> Result<bool, Failure> {
    let Some(user_id) = request.user_id else { return Ok(false) };
    let select = "SELECT 1 FROM backchannel_blocks WHERE realm_id = ? AND user_id = ? AND client_id = ?";
    let values = vec![sql::bytes(&request.realm_id.0), sql::bytes(&user_id.0), request.client_id.as_str().into()];
    Ok(session.row(select, values).await?.is_some())
}

/// Changes a delivery that is still as it was read: each attempt counts one up, so that the number tells.
struct ChangeDelivery {
    delivery: NotificationDelivery,
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
        let (statement, mut values) = self.change.statement("backchannel_notifications", now);
        values.extend([self.delivery.number.into(), self.delivery.attempts.into()]);
        let changed =
            session.execute(&format!("{statement} WHERE sequence = ? AND attempts = ? AND NOT dead"), values).await?;
        Ok(if changed == 1 { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

struct Block {
    realm_id: RealmId,
    user_id: UserId,
    client_id: ClientId,
    now: UnixTime,
}

#[async_trait]
impl Work for Block {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let insert = "INSERT INTO backchannel_blocks (realm_id, user_id, client_id, created_at) VALUES (?, ?, ?, ?)";
        let values = vec![
            sql::bytes(&self.realm_id.0),
            sql::bytes(&self.user_id.0),
            self.client_id.as_str().into(),
            self.now.0.into(),
        ];
        session.insert_once(insert, values).await?;
        Ok(Ending::Commit(()))
    }
}

struct Unblock {
    realm: RealmId,
    user: UserId,
    client: ClientId,
}

#[async_trait]
impl Work for Unblock {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let delete = "DELETE FROM backchannel_blocks WHERE realm_id = ? AND user_id = ? AND client_id = ?";
        let values = vec![sql::bytes(&self.realm.0), sql::bytes(&self.user.0), self.client.as_str().into()];
        session.execute(delete, values).await?;
        Ok(Ending::Commit(()))
    }
}
