//! The port of browser sessions.

use async_trait::async_trait;
use sea_orm::{ConnectionTrait, DatabaseBackend, QueryResult};
use signet_core::events::EventRecord;
use signet_core::model::{BrowserSession, SessionIdHash};
use signet_core::ports::{Login, LoginOutcome, Sessions, StoreResult};
use signet_protocol::identifiers::{RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::fixed;
use crate::database::Database;
use crate::failure::Failure;
use crate::session::Session;
use crate::single_use::insert_used_record;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

#[async_trait]
impl Sessions for Database {
    async fn open_session(&self, login: &Login, events: &[EventRecord]) -> StoreResult<LoginOutcome> {
        self.write_with(OpenSession { login: login.clone() }, events).await
    }

    async fn session(&self, realm_id: RealmId, cookie_hash: &SessionIdHash) -> StoreResult<Option<BrowserSession>> {
        let select = "SELECT s.realm_id, s.cookie_hash, s.sid, s.user_id, s.user_epoch, s.authenticated_at, s.amr, \
                      s.last_seen_at, s.expires_at FROM sessions s \
                      JOIN users u ON u.realm_id = s.realm_id AND u.user_id = s.user_id \
                      WHERE s.realm_id = ? AND s.cookie_hash = ? AND u.enabled AND u.epoch = s.user_epoch";
        let session = self.reader();
        self.read(|| async {
            let row = session.row(select, vec![sql::bytes(&realm_id.0), sql::bytes(&cookie_hash.0)]).await?;
            row.as_ref().map(session_of).transpose()
        })
        .await
    }

    async fn touch_session(
        &self,
        realm_id: RealmId,
        cookie_hash: &SessionIdHash,
        seen_at: UnixTime,
    ) -> StoreResult<()> {
        self.write(TouchSession { realm_id, cookie_hash: *cookie_hash, seen_at }).await
    }

    async fn limit_session(
        &self,
        realm_id: RealmId,
        cookie_hash: &SessionIdHash,
        expires_at: UnixTime,
    ) -> StoreResult<()> {
        self.write(LimitSession { realm_id, cookie_hash: *cookie_hash, expires_at }).await
    }

    async fn end_session(
        &self,
        realm_id: RealmId,
        cookie_hash: &SessionIdHash,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(EndSession { realm_id, cookie_hash: *cookie_hash }, events).await
    }

    async fn end_sessions_of_user(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        events: &[EventRecord],
    ) -> StoreResult<u64> {
        self.write_with(EndSessionsOfUser { realm_id, user_id }, events).await
    }
}

fn session_of(row: &QueryResult) -> Result<BrowserSession, Failure> {
    Ok(BrowserSession {
        realm_id: RealmId(fixed(row.try_get("", "realm_id")?, "sessions.realm_id")?),
        cookie_hash: SessionIdHash(fixed(row.try_get("", "cookie_hash")?, "sessions.cookie_hash")?),
        sid: SessionId(fixed(row.try_get("", "sid")?, "sessions.sid")?),
        user_id: UserId(fixed(row.try_get("", "user_id")?, "sessions.user_id")?),
        user_epoch: row.try_get("", "user_epoch")?,
        authenticated_at: UnixTime(row.try_get("", "authenticated_at")?),
        amr: row.try_get("", "amr")?,
        last_seen_at: UnixTime(row.try_get("", "last_seen_at")?),
        expires_at: UnixTime(row.try_get("", "expires_at")?),
    })
}

/// Ends every session of a user with its participants; says how many.
pub(crate) async fn end_sessions_of_user(
    session: &Session<'_>,
    realm_id: RealmId,
    user_id: UserId,
) -> Result<u64, Failure> {
    let (realm, user) = (|| sql::bytes(&realm_id.0), || sql::bytes(&user_id.0));
    let participants = "DELETE FROM session_participants WHERE realm_id = ? \
                        AND sid IN (SELECT sid FROM sessions WHERE realm_id = ? AND user_id = ?)";
    session.execute(participants, vec![realm(), realm(), user()]).await?;
    session.execute("DELETE FROM sessions WHERE realm_id = ? AND user_id = ?", vec![realm(), user()]).await
}

/// Ends one session with its participants; says whether there was one. Where a successor carries on its public name,
/// the participants stay.
async fn end_session(
    session: &Session<'_>,
    realm_id: RealmId,
    (cookie, successor): (SessionIdHash, Option<SessionId>),
) -> Result<bool, Failure> {
    let (realm, cookie) = (|| sql::bytes(&realm_id.0), || sql::bytes(&cookie.0));
    let kept = successor.map_or_else(Vec::new, |sid| sid.0.to_vec());
    let participants = "DELETE FROM session_participants WHERE realm_id = ? \
                        AND sid IN (SELECT sid FROM sessions WHERE realm_id = ? AND cookie_hash = ? AND sid <> ?)";
    session.execute(participants, vec![realm(), realm(), cookie(), sql::bytes(&kept)]).await?;
    let delete = "DELETE FROM sessions WHERE realm_id = ? AND cookie_hash = ?";
    session.execute(delete, vec![realm(), cookie()]).await.map(|rows| rows > 0)
}

struct OpenSession {
    login: Login,
}

#[async_trait]
impl Work for OpenSession {
    type Outcome = LoginOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<LoginOutcome>, Failure> {
        let new = &self.login.session;
        if !insert_used_record(session, new.realm_id, &self.login.form).await? {
            return Ok(Ending::RollBack(LoginOutcome::FormAlreadyUsed));
        }
        // First, because the new session may carry the public name of the old one.
        if let Some(replaced) = self.login.replaces {
            end_session(session, new.realm_id, (replaced, Some(new.sid))).await?;
            let prolong = "UPDATE session_participants SET expires_at = ? WHERE realm_id = ? AND sid = ?";
            let values = vec![new.expires_at.0.into(), sql::bytes(&new.realm_id.0), sql::bytes(&new.sid.0)];
            session.execute(prolong, values).await?;
        }
        // MariaDB and MySQL want a table to select from.
        let from = if session.get_database_backend() == DatabaseBackend::MySql { " FROM DUAL" } else { "" };
        let insert = format!(
            "INSERT INTO sessions (realm_id, cookie_hash, sid, user_id, user_epoch, authenticated_at, amr, \
             last_seen_at, expires_at) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?{from} WHERE EXISTS \
             (SELECT 1 FROM users WHERE realm_id = ? AND user_id = ? AND enabled AND epoch = ?)"
        );
        let values = vec![
            sql::bytes(&new.realm_id.0),
            sql::bytes(&new.cookie_hash.0),
            sql::bytes(&new.sid.0),
            sql::bytes(&new.user_id.0),
            new.user_epoch.into(),
            new.authenticated_at.0.into(),
            storable(&new.amr, 255, "sessions.amr")?.into(),
            new.last_seen_at.0.into(),
            new.expires_at.0.into(),
            sql::bytes(&new.realm_id.0),
            sql::bytes(&new.user_id.0),
            new.user_epoch.into(),
        ];
        if session.execute(&insert, values).await? == 0 {
            return Ok(Ending::RollBack(LoginOutcome::UserChanged));
        }
        Ok(Ending::Commit(LoginOutcome::Opened))
    }
}

struct TouchSession {
    realm_id: RealmId,
    cookie_hash: SessionIdHash,
    seen_at: UnixTime,
}

#[async_trait]
impl Work for TouchSession {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        // Two requests of one browser may arrive in either order.
        let update = "UPDATE sessions SET last_seen_at = ? WHERE realm_id = ? AND cookie_hash = ? AND last_seen_at < ?";
        let values = vec![
            self.seen_at.0.into(),
            sql::bytes(&self.realm_id.0),
            sql::bytes(&self.cookie_hash.0),
            self.seen_at.0.into(),
        ];
        session.execute(update, values).await?;
        Ok(Ending::Commit(()))
    }
}

struct LimitSession {
    realm_id: RealmId,
    cookie_hash: SessionIdHash,
    expires_at: UnixTime,
}

#[async_trait]
impl Work for LimitSession {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let update = "UPDATE sessions SET expires_at = ? WHERE realm_id = ? AND cookie_hash = ? AND expires_at > ?";
        let values = vec![
            self.expires_at.0.into(),
            sql::bytes(&self.realm_id.0),
            sql::bytes(&self.cookie_hash.0),
            self.expires_at.0.into(),
        ];
        session.execute(update, values).await?;
        Ok(Ending::Commit(()))
    }
}

struct EndSession {
    realm_id: RealmId,
    cookie_hash: SessionIdHash,
}

#[async_trait]
impl Work for EndSession {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let ended = end_session(session, self.realm_id, (self.cookie_hash, None)).await?;
        Ok(if ended { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}

struct EndSessionsOfUser {
    realm_id: RealmId,
    user_id: UserId,
}

#[async_trait]
impl Work for EndSessionsOfUser {
    type Outcome = u64;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<u64>, Failure> {
        Ok(match end_sessions_of_user(session, self.realm_id, self.user_id).await? {
            0 => Ending::RollBack(0),
            ended => Ending::Commit(ended),
        })
    }
}
