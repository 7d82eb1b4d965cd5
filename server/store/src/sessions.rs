//! The port of browser sessions; how they end is in `session_ends.rs`.

use async_trait::async_trait;
use sea_orm::DatabaseBackend;
use signet_core::events::EventRecord;
use signet_core::model::{BrowserSession, EndedSession, SessionIdHash};
use signet_core::ports::{Login, LoginOutcome, Page, PageRequest, SessionEnding, Sessions, StoreError, StoreResult};
use signet_protocol::identifiers::{ClientId, RealmId, SessionId, UserId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::database::Database;
use crate::failure::Failure;
use crate::realms::page_of;
use crate::row::Row;
use crate::session::Session;
use crate::session_ends::{EndSessions, replace_session};
use crate::sql;
use crate::text::storable;
use crate::used_records::insert_used_record;
use crate::users::insert_account;
use crate::work::{Ending, Work};

/// The sessions that count, as far as the realm is concerned: those of its epoch.
const OF_THE_EPOCH: &str = "SELECT s.realm_id, s.cookie_hash, s.sid, s.user_id, s.user_epoch, s.realm_epoch, \
                            s.authenticated_at, s.amr, s.last_seen_at, s.expires_at FROM sessions s \
                            JOIN realms r ON r.realm_id = s.realm_id AND r.epoch = s.realm_epoch";
const PARTICIPANT: &str = "session_participants.client_id";

#[async_trait]
impl Sessions for Database {
    async fn open_session(&self, login: &Login, events: &[EventRecord]) -> StoreResult<LoginOutcome> {
        self.write_with(OpenSession { login: login.clone() }, events).await
    }

    async fn session(&self, realm_id: RealmId, cookie_hash: &SessionIdHash) -> StoreResult<Option<BrowserSession>> {
        let select = format!(
            "{OF_THE_EPOCH} JOIN users u ON u.realm_id = s.realm_id AND u.user_id = s.user_id \
             WHERE s.realm_id = ? AND s.cookie_hash = ? AND u.enabled AND u.epoch = s.user_epoch"
        );
        let session = self.reader();
        self.read(|| async {
            let row = session.row(&select, vec![sql::bytes(&realm_id.0), sql::bytes(&cookie_hash.0)]).await?;
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

    async fn session_named(&self, realm_id: RealmId, sid: SessionId) -> StoreResult<Option<BrowserSession>> {
        let select = format!("{OF_THE_EPOCH} WHERE s.realm_id = ? AND s.sid = ?");
        let session = self.reader();
        self.read(|| async {
            let row = session.row(&select, vec![sql::bytes(&realm_id.0), sql::bytes(&sid.0)]).await?;
            row.as_ref().map(session_of).transpose()
        })
        .await
    }

    async fn session_participants(&self, realm_id: RealmId, sid: SessionId) -> StoreResult<Vec<ClientId>> {
        let select = "SELECT client_id FROM session_participants WHERE realm_id = ? AND sid = ? ORDER BY client_id";
        let session = self.reader();
        self.read(|| async {
            let rows = session.rows(select, vec![sql::bytes(&realm_id.0), sql::bytes(&sid.0)]).await?;
            rows.iter().map(|row| parsed(&row.get::<String>("client_id")?, PARTICIPANT)).collect()
        })
        .await
    }

    async fn list_sessions(
        &self,
        realm_id: RealmId,
        (user_id, now): (Option<UserId>, UnixTime),
        page: &PageRequest,
    ) -> StoreResult<Page<BrowserSession>> {
        let after: Option<SessionId> =
            page.after.as_deref().map(str::parse).transpose().map_err(|_| StoreError::Missing("page"))?;
        let mut select = format!("{OF_THE_EPOCH} WHERE s.realm_id = ? AND s.sid > ? AND s.expires_at > ?");
        let after = after.map_or_else(Vec::new, |sid| sid.0.to_vec());
        let mut values = vec![sql::bytes(&realm_id.0), sql::bytes(&after), now.0.into()];
        if let Some(user_id) = user_id {
            select.push_str(" AND s.user_id = ?");
            values.push(sql::bytes(&user_id.0));
        }
        select.push_str(" ORDER BY s.sid LIMIT ?");
        values.push(i64::try_from(page.limit).unwrap_or(i64::MAX).saturating_add(1).into());
        let session = self.reader();
        let found: Vec<BrowserSession> = self
            .read(|| async { session.rows(&select, values.clone()).await?.iter().map(session_of).collect() })
            .await?;
        Ok(page_of(found, page, |session: &BrowserSession| session.sid.to_string()))
    }

    async fn realms_with_fallen_sessions(&self, limit: u64) -> StoreResult<Vec<RealmId>> {
        // Each realm looks once into the index of epochs.
        let select = "SELECT r.realm_id FROM realms r WHERE EXISTS \
                      (SELECT 1 FROM sessions s WHERE s.realm_id = r.realm_id AND s.realm_epoch < r.epoch) LIMIT ?";
        let session = self.reader();
        self.read(|| async {
            let rows = session.rows(select, vec![i64::try_from(limit).unwrap_or(i64::MAX).into()]).await?;
            rows.iter().map(|row| Ok(RealmId(fixed(row.get("realm_id")?, "realms.realm_id")?))).collect()
        })
        .await
    }

    async fn end_sessions(
        &self,
        realm_id: RealmId,
        ending: &SessionEnding,
        events: &[EventRecord],
    ) -> StoreResult<Vec<EndedSession>> {
        self.write_with(EndSessions { realm_id, ending: ending.clone() }, events).await
    }
}

fn session_of(row: &Row) -> Result<BrowserSession, Failure> {
    Ok(BrowserSession {
        realm_id: RealmId(fixed(row.get("realm_id")?, "sessions.realm_id")?),
        cookie_hash: SessionIdHash(fixed(row.get("cookie_hash")?, "sessions.cookie_hash")?),
        sid: SessionId(fixed(row.get("sid")?, "sessions.sid")?),
        user_id: UserId(fixed(row.get("user_id")?, "sessions.user_id")?),
        user_epoch: row.get("user_epoch")?,
        realm_epoch: row.get("realm_epoch")?,
        authenticated_at: UnixTime(row.get("authenticated_at")?),
        amr: row.get("amr")?,
        last_seen_at: UnixTime(row.get("last_seen_at")?),
        expires_at: UnixTime(row.get("expires_at")?),
    })
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
        if let Some(account) = &self.login.account {
            insert_account(session, &account.user, Some(&account.password)).await?;
        }
        // First, because the new session may carry the public name of the old one.
        if let Some(replaced) = self.login.replaces
            && replace_session(session, new.realm_id, (replaced, new.sid)).await?
        {
            let prolong = "UPDATE session_participants SET expires_at = ? WHERE realm_id = ? AND sid = ?";
            let values = vec![new.expires_at.0.into(), sql::bytes(&new.realm_id.0), sql::bytes(&new.sid.0)];
            session.execute(prolong, values).await?;
        }
        // MariaDB and MySQL want a table to select from.
        let from = if session.backend() == DatabaseBackend::MySql { " FROM DUAL" } else { "" };
        let insert = format!(
            "INSERT INTO sessions (realm_id, cookie_hash, sid, user_id, user_epoch, realm_epoch, authenticated_at, amr, \
             last_seen_at, expires_at) SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{from} WHERE EXISTS \
             (SELECT 1 FROM users WHERE realm_id = ? AND user_id = ? AND enabled AND epoch = ?) AND EXISTS \
             (SELECT 1 FROM realms WHERE realm_id = ? AND epoch = ?)"
        );
        let values = vec![
            sql::bytes(&new.realm_id.0),
            sql::bytes(&new.cookie_hash.0),
            sql::bytes(&new.sid.0),
            sql::bytes(&new.user_id.0),
            new.user_epoch.into(),
            new.realm_epoch.into(),
            new.authenticated_at.0.into(),
            storable(&new.amr, 255, "sessions.amr")?.into(),
            new.last_seen_at.0.into(),
            new.expires_at.0.into(),
            sql::bytes(&new.realm_id.0),
            sql::bytes(&new.user_id.0),
            new.user_epoch.into(),
            sql::bytes(&new.realm_id.0),
            new.realm_epoch.into(),
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
