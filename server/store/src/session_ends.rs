//! How browser sessions end: with their participants, and with a delivery for each client that wants to be told.

use async_trait::async_trait;
use sea_orm::Value;
use signet_core::model::{EndedSession, SessionIdHash};
use signet_core::ports::{SessionEnding, WhichSessions};
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::{ClientId, Lineage, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, parsed};
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::standing::deny_lineage;
use crate::work::{Ending, Work};

/// Most values of a list in one statement, and rows that one statement inserts.
const LONGEST_LIST: usize = 400;
/// Seconds for which a delivery is kept, given up or not.
const KEPT_SECONDS: i64 = 30 * 86_400;

pub(crate) struct EndSessions {
    pub(crate) realm_id: RealmId,
    pub(crate) ending: SessionEnding,
}

#[async_trait]
impl Work for EndSessions {
    type Outcome = Vec<EndedSession>;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<Vec<EndedSession>>, Failure> {
        let ended = end(session, self.realm_id, &self.ending).await?;
        Ok(if ended.is_empty() { Ending::RollBack(ended) } else { Ending::Commit(ended) })
    }
}

/// Ends every session of a user.
pub(crate) async fn end_all_of_user(
    session: &Session<'_>,
    realm_id: RealmId,
    user_id: UserId,
) -> Result<Vec<EndedSession>, Failure> {
    end(session, realm_id, &SessionEnding::of(WhichSessions::OfUser(user_id))).await
}

/// Ends the session of a cookie for another that begins in the same browser; says whether the new one carries on its
/// public name. Then the participants stay and nobody is told.
pub(crate) async fn replace_session(
    session: &Session<'_>,
    realm_id: RealmId,
    (cookie, successor): (SessionIdHash, SessionId),
) -> Result<bool, Failure> {
    let same = "DELETE FROM sessions WHERE realm_id = ? AND cookie_hash = ? AND sid = ?";
    let values = vec![sql::bytes(&realm_id.0), sql::bytes(&cookie.0), sql::bytes(&successor.0)];
    if session.execute(same, values).await? > 0 {
        return Ok(true);
    }
    end(session, realm_id, &SessionEnding::of(WhichSessions::OfCookie(cookie))).await?;
    Ok(false)
}

/// Takes a client out of every session of a user, and has it told where it wants to be; says whether it took part.
pub(crate) async fn leave_sessions(
    session: &Session<'_>,
    realm_id: RealmId,
    (user_id, client_id): (UserId, &ClientId),
) -> Result<bool, Failure> {
    let sessions = locked(session, realm_id, WhichSessions::OfUser(user_id)).await?;
    let mut told = Vec::new();
    let mut has_left = false;
    for some in sessions.chunks(LONGEST_LIST) {
        let sids: Vec<SessionId> = some.iter().map(|one| one.sid).collect();
        let parts = participants(session, realm_id, &sids).await?;
        let parts = parts.into_iter().filter(|part| part.is_told && part.client_id == *client_id);
        told.extend(parts.map(|part| (part.sid, user_id, part.client_id)));
        let (list, mut values) = of_sessions(realm_id, &sids);
        values.push(client_id.as_str().into());
        let delete = format!("DELETE FROM session_participants WHERE {list} AND client_id = ?");
        has_left |= session.execute(&delete, values).await? > 0;
    }
    insert_deliveries(session, realm_id, &told).await?;
    Ok(has_left)
}

async fn end(session: &Session<'_>, realm_id: RealmId, ending: &SessionEnding) -> Result<Vec<EndedSession>, Failure> {
    let mut ended = locked(session, realm_id, ending.which).await?;
    for some in ended.chunks_mut(LONGEST_LIST) {
        let sids: Vec<SessionId> = some.iter().map(|one| one.sid).collect();
        let mut told = Vec::new();
        for participant in participants(session, realm_id, &sids).await? {
            let Some(of) = some.iter_mut().find(|one| one.sid == participant.sid) else { continue };
            of.participants.push(participant.client_id.clone());
            if participant.is_told {
                told.push((of.sid, of.user_id, participant.client_id));
            }
        }
        for client_id in told_besides(session, realm_id, &ending.also_notify).await? {
            let others = some.iter().filter(|one| !one.participants.contains(&client_id));
            told.extend(others.map(|one| (one.sid, one.user_id, client_id.clone())));
        }
        insert_deliveries(session, realm_id, &told).await?;
        if let Some(denied_until) = ending.offline_access_denied_until {
            end_families(session, realm_id, (&sids, denied_until)).await?;
        }
        for table in ["device_secrets", "session_participants", "sessions"] {
            let (list, values) = of_sessions(realm_id, &sids);
            session.execute(&format!("DELETE FROM {table} WHERE {list}"), values).await?;
        }
    }
    Ok(ended)
}

/// The sessions that are to end. Their rows are held from here on: whoever else would end them waits and finds none,
/// whoever would join them waits and finds them gone.
async fn locked(session: &Session<'_>, realm_id: RealmId, which: WhichSessions) -> Result<Vec<EndedSession>, Failure> {
    let mut order = "sid".to_owned();
    let (condition, value) = match which {
        WhichSessions::OfCookie(cookie) => ("cookie_hash = ?", sql::bytes(&cookie.0)),
        WhichSessions::Named(sid) => ("sid = ?", sql::bytes(&sid.0)),
        WhichSessions::OfUser(user_id) => ("user_id = ?", sql::bytes(&user_id.0)),
        WhichSessions::Fallen { most: limit } => {
            // The order of their index: none is looked at that does not end.
            order = format!("realm_epoch, sid LIMIT {limit}");
            ("realm_epoch < (SELECT epoch FROM realms WHERE realm_id = ?)", sql::bytes(&realm_id.0))
        }
    };
    let lock = sql::for_update(session.backend());
    let select = format!("SELECT sid, user_id FROM sessions WHERE realm_id = ? AND {condition} ORDER BY {order}{lock}");
    let rows = session.rows(&select, vec![sql::bytes(&realm_id.0), value]).await?;
    let of = |row: &Row| {
        Ok(EndedSession {
            sid: SessionId(fixed(row.get("sid")?, "sessions.sid")?),
            user_id: UserId(fixed(row.get("user_id")?, "sessions.user_id")?),
            participants: Vec::new(),
        })
    };
    rows.iter().map(of).collect()
}

/// A condition that names sessions, with its values.
fn of_sessions(realm_id: RealmId, sids: &[SessionId]) -> (String, Vec<Value>) {
    let mut values = vec![sql::bytes(&realm_id.0)];
    values.extend(sids.iter().map(|sid| sql::bytes(&sid.0)));
    (format!("realm_id = ? AND sid IN ({})", vec!["?"; sids.len()].join(", ")), values)
}

/// A client that takes part in a session.
struct Participant {
    sid: SessionId,
    client_id: ClientId,
    /// Whether it is told by the back channel.
    is_told: bool,
}

async fn participants(
    session: &Session<'_>,
    realm_id: RealmId,
    sids: &[SessionId],
) -> Result<Vec<Participant>, Failure> {
    let marks = vec!["?"; sids.len()].join(", ");
    let select = format!(
        "SELECT p.sid, p.client_id, c.metadata FROM session_participants p \
         JOIN clients c ON c.realm_id = p.realm_id AND c.client_id = p.client_id \
         WHERE p.realm_id = ? AND p.sid IN ({marks}) ORDER BY p.client_id"
    );
    let (_, values) = of_sessions(realm_id, sids);
    let of = |row: &Row| {
        Ok(Participant {
            sid: SessionId(fixed(row.get("sid")?, "session_participants.sid")?),
            client_id: client_id_of(row)?,
            is_told: is_told(row)?,
        })
    };
    session.rows(&select, values).await?.iter().map(of).collect()
}

/// Those of other clients that are told by the back channel.
async fn told_besides(session: &Session<'_>, realm_id: RealmId, others: &[ClientId]) -> Result<Vec<ClientId>, Failure> {
    let mut told = Vec::new();
    for some in others.chunks(LONGEST_LIST) {
        let marks = vec!["?"; some.len()].join(", ");
        let select = format!("SELECT client_id, metadata FROM clients WHERE realm_id = ? AND client_id IN ({marks})");
        let mut values = vec![sql::bytes(&realm_id.0)];
        values.extend(some.iter().map(|client_id| Value::from(client_id.as_str())));
        for row in session.rows(&select, values).await? {
            if is_told(&row)? {
                told.push(client_id_of(&row)?);
            }
        }
    }
    Ok(told)
}

fn client_id_of(row: &Row) -> Result<ClientId, Failure> {
    parsed(&row.get::<String>("client_id")?, "clients.client_id")
}

fn is_told(row: &Row) -> Result<bool, Failure> {
    let metadata: ClientMetadata = from_json(&row.get::<String>("metadata")?, "clients.metadata")?;
    Ok(metadata.backchannel_logout_uri.is_some())
}

async fn insert_deliveries(
    session: &Session<'_>,
    realm_id: RealmId,
    told: &[(SessionId, UserId, ClientId)],
) -> Result<(), Failure> {
    let now = sql::now(session.backend());
    let row = format!("(?, ?, ?, ?, {now}, 0, {now}, FALSE, {now} + {KEPT_SECONDS})");
    for some in told.chunks(LONGEST_LIST) {
        let rows = vec![row.as_str(); some.len()].join(", ");
        let insert = format!(
            "INSERT INTO logout_deliveries \
             (realm_id, sid, user_id, client_id, created_at, attempts, next_at, dead, expires_at) VALUES {rows}"
        );
        let values = some.iter().flat_map(|(sid, user_id, client_id)| {
            [sql::bytes(&realm_id.0), sql::bytes(&sid.0), sql::bytes(&user_id.0), client_id.as_str().into()]
        });
        session.execute(&insert, values.collect()).await?;
    }
    Ok(())
}

/// Ends what outlives the sessions, although it began in them.
async fn end_families(
    session: &Session<'_>,
    realm_id: RealmId,
    (sids, denied_until): (&[SessionId], UnixTime),
) -> Result<(), Failure> {
    let (list, values) = of_sessions(realm_id, sids);
    let select = format!("SELECT lineage FROM refresh_families WHERE {list} AND active ORDER BY lineage");
    for row in session.rows(&select, values.clone()).await? {
        let lineage = Lineage(fixed(row.get("lineage")?, "refresh_families.lineage")?);
        deny_lineage(session, realm_id, lineage, denied_until.0).await?;
    }
    session.execute(&format!("UPDATE refresh_families SET active = FALSE WHERE {list} AND active"), values).await?;
    Ok(())
}
