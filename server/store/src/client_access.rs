//! What clients have of a user beside consent: refresh families, parts in sessions, and claims that persist.

use std::collections::BTreeMap;

use async_trait::async_trait;
use signet_core::model::{ClientAccess, TokenBasis};
use signet_protocol::identifiers::{ClientId, Lineage, RealmId, UserId};
use signet_protocol::scope::Scope;
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, parsed};
use crate::failure::Failure;
use crate::row::Row;
use crate::session::Session;
use crate::session_ends::leave_sessions;
use crate::sql;
use crate::standing::deny_lineage;
use crate::uma::end_persisted_claims;
use crate::work::{Ending, Work};

/// Most families and most parts in sessions that are looked at.
const MOST: u64 = 1_000;

/// The clients, by identifier.
pub(crate) async fn client_access(
    session: &Session<'_>,
    (realm_id, user_id): (RealmId, UserId),
    now: UnixTime,
) -> Result<Vec<ClientAccess>, Failure> {
    let of_user = || vec![sql::bytes(&realm_id.0), sql::bytes(&user_id.0), now.0.into()];
    let families = format!(
        "SELECT client_id, content FROM refresh_families \
         WHERE realm_id = ? AND user_id = ? AND active AND idle_expires_at > ? AND expires_at > ? LIMIT {MOST}"
    );
    let mut values = of_user();
    values.push(now.0.into());
    let mut found = BTreeMap::new();
    for row in session.rows(&families, values).await? {
        let basis: TokenBasis = from_json(&row.get::<String>("content")?, "refresh_families.content")?;
        let access = access_of(&mut found, client_id_of(&row)?, basis.authenticated_at);
        access.scope = access.scope.union(&basis.scope);
        let more = basis.resources.into_iter().filter(|resource| !access.resources.contains(resource));
        let more: Vec<String> = more.collect();
        access.resources.extend(more);
    }
    let parts = format!(
        "SELECT p.client_id, s.authenticated_at FROM sessions s \
         JOIN session_participants p ON p.realm_id = s.realm_id AND p.sid = s.sid \
         WHERE s.realm_id = ? AND s.user_id = ? AND s.expires_at > ? LIMIT {MOST}"
    );
    for row in session.rows(&parts, of_user()).await? {
        access_of(&mut found, client_id_of(&row)?, UnixTime(row.get("authenticated_at")?));
    }
    let persisted = format!(
        "SELECT client_id, created_at FROM uma_claims \
         WHERE realm_id = ? AND user_id = ? AND expires_at > ? AND NOT used LIMIT {MOST}"
    );
    for row in session.rows(&persisted, of_user()).await? {
        access_of(&mut found, client_id_of(&row)?, UnixTime(row.get("created_at")?));
    }
    Ok(found.into_values().collect())
}

fn client_id_of(row: &Row) -> Result<ClientId, Failure> {
    parsed(&row.get::<String>("client_id")?, "client_id")
}

/// The entry of a client, which began with this login or an earlier one.
fn access_of(found: &mut BTreeMap<String, ClientAccess>, client_id: ClientId, login: UnixTime) -> &mut ClientAccess {
    let access = found.entry(client_id.to_string()).or_insert_with(|| ClientAccess {
        client_id,
        scope: Scope::default(),
        resources: Vec::new(),
        since: login,
    });
    access.since = access.since.min(login);
    access
}

pub(crate) struct EndClientAccess {
    pub(crate) realm_id: RealmId,
    pub(crate) user_id: UserId,
    pub(crate) client_id: ClientId,
    pub(crate) denied_until: UnixTime,
}

#[async_trait]
impl Work for EndClientAccess {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let (realm_id, user_id, client_id) = (self.realm_id, self.user_id, &self.client_id);
        let whose = "realm_id = ? AND user_id = ? AND client_id = ?";
        let values = || vec![sql::bytes(&realm_id.0), sql::bytes(&user_id.0), client_id.as_str().into()];
        let select = format!("SELECT lineage FROM refresh_families WHERE {whose} AND active ORDER BY lineage");
        for row in session.rows(&select, values()).await? {
            let lineage = Lineage(fixed(row.get("lineage")?, "refresh_families.lineage")?);
            deny_lineage(session, realm_id, lineage, self.denied_until.0).await?;
        }
        let families = session.execute(&format!("DELETE FROM refresh_families WHERE {whose}"), values()).await?;
        let has_left = leave_sessions(session, realm_id, (user_id, client_id)).await?;
        let has_forgotten = end_persisted_claims(session, realm_id, (user_id, client_id)).await?;
        Ok(if families > 0 || has_left || has_forgotten { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
