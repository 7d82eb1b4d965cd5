//! What an artefact rests on, as conditions of a statement.

use sea_orm::Value;
use signet_core::ports::{Standing, StandingQuery};
use signet_protocol::identifiers::{Lineage, RealmId};

use crate::device_secrets::forget_secrets_of;
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;

/// The kind of a denied lineage in the deny list.
pub(crate) const LINEAGE: i64 = 1;
/// The kind of a denied token in the deny list.
pub(crate) const TOKEN: i64 = 2;

/// A condition in SQL with the values of its `?`.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    fn join(mut self, operator: &str, sql: &str, values: Vec<Value>) -> Self {
        if !self.sql.is_empty() {
            self.sql.push_str(operator);
        }
        self.sql.push_str(sql);
        self.values.extend(values);
        self
    }
}

/// Holds while everything the artefact rests on is there, enabled and of the same epoch.
pub(crate) fn stands(realm_id: RealmId, query: &StandingQuery) -> Condition {
    let realm = || sql::bytes(&realm_id.0);
    let (client_id, client_epoch) = &query.client;
    let mut condition = Condition::default()
        .join(
            "",
            "EXISTS (SELECT 1 FROM realms WHERE realm_id = ? AND enabled AND epoch = ?)",
            vec![realm(), query.realm_epoch.into()],
        )
        .join(
            " AND ",
            "EXISTS (SELECT 1 FROM clients WHERE realm_id = ? AND client_id = ? AND enabled AND epoch = ?)",
            vec![realm(), client_id.as_str().into(), (*client_epoch).into()],
        );
    if let Some((user_id, epoch)) = &query.user {
        condition = condition.join(
            " AND ",
            "EXISTS (SELECT 1 FROM users WHERE realm_id = ? AND user_id = ? AND enabled AND epoch = ?)",
            vec![realm(), sql::bytes(&user_id.0), (*epoch).into()],
        );
    }
    if let Some((authorization_id, epoch)) = &query.authorization {
        condition = condition.join(
            " AND ",
            "EXISTS (SELECT 1 FROM authorizations WHERE realm_id = ? AND authorization_id = ? AND epoch = ?)",
            vec![realm(), sql::bytes(&authorization_id.0), (*epoch).into()],
        );
    }
    if let Some(sid) = &query.session {
        // A session that was ended has no row, or one of an epoch that the realm has left. One that ran out may still
        // have one: access tokens end soon by themselves, what lives longer names the limits.
        let mut values = vec![realm(), sql::bytes(&sid.0), query.realm_epoch.into()];
        let limits = query.session_limits.map_or("", |limits| {
            values.extend([limits.now.0.into(), limits.unused_since.0.into()]);
            " AND expires_at > ? AND last_seen_at > ?"
        });
        let exists =
            format!("EXISTS (SELECT 1 FROM sessions WHERE realm_id = ? AND sid = ? AND realm_epoch = ?{limits})");
        condition = condition.join(" AND ", &exists, values);
    }
    for (client_id, epoch) in query.origins.iter().filter_map(|origin| origin.client.as_ref()) {
        condition = condition.join(
            " AND ",
            "EXISTS (SELECT 1 FROM clients WHERE realm_id = ? AND client_id = ? AND enabled AND epoch = ?)",
            vec![realm(), client_id.as_str().into(), (*epoch).into()],
        );
    }
    condition
}

/// Holds while a lineage or token is on the deny list; nothing if the query names none.
pub(crate) fn denied(realm_id: RealmId, query: &StandingQuery) -> Option<Condition> {
    let exists =
        |kind: i64| format!("EXISTS (SELECT 1 FROM denials WHERE realm_id = ? AND kind = {kind} AND denied = ?)");
    let mut condition = Condition::default();
    let origins = || query.origins.iter();
    for lineage in query.lineage.iter().chain(origins().filter_map(|origin| origin.lineage.as_ref())) {
        condition = condition.join(" OR ", &exists(LINEAGE), vec![sql::bytes(&realm_id.0), sql::bytes(&lineage.0)]);
    }
    for token in query.token.iter().chain(origins().filter_map(|origin| origin.token.as_ref())) {
        condition = condition.join(" OR ", &exists(TOKEN), vec![sql::bytes(&realm_id.0), sql::bytes(token)]);
    }
    (!condition.sql.is_empty()).then_some(condition)
}

/// Both in one: stands and is not denied.
pub(crate) fn stands_undenied(realm_id: RealmId, query: &StandingQuery) -> Condition {
    let condition = stands(realm_id, query);
    match denied(realm_id, query) {
        Some(denied) => condition.join(" AND ", &format!("NOT ({})", denied.sql), denied.values),
        None => condition,
    }
}

/// Asks, in one statement.
pub(crate) async fn standing(
    session: &Session<'_>,
    realm_id: RealmId,
    query: &StandingQuery,
) -> Result<Standing, Failure> {
    let stands = stands(realm_id, query);
    let (denied, mut values) = match denied(realm_id, query) {
        Some(denied) => (format!("WHEN {} THEN 2 ", denied.sql), denied.values),
        None => (String::new(), Vec::new()),
    };
    values.extend(stands.values);
    let row = session.row(&format!("SELECT CASE {denied}WHEN {} THEN 1 ELSE 0 END", stands.sql), values).await?;
    Ok(match row.map(|row| row.at::<i32>(0)).transpose()? {
        Some(2) => Standing::Denied,
        Some(1) => Standing::Stands,
        _ => Standing::Fallen,
    })
}

/// Puts something on the deny list, or keeps it there for longer.
pub(crate) async fn deny(
    session: &Session<'_>,
    realm_id: RealmId,
    (kind, denied): (i64, &[u8]),
    until: i64,
) -> Result<(), Failure> {
    use sea_orm::DatabaseBackend;
    let insert = "INSERT INTO denials (realm_id, kind, denied, expires_at) VALUES (?, ?, ?, ?)";
    let longer = match session.backend() {
        DatabaseBackend::MySql => "ON DUPLICATE KEY UPDATE expires_at = GREATEST(expires_at, VALUES(expires_at))",
        DatabaseBackend::Postgres => {
            "ON CONFLICT (realm_id, kind, denied) \
             DO UPDATE SET expires_at = GREATEST(denials.expires_at, excluded.expires_at)"
        }
        _ => {
            "ON CONFLICT (realm_id, kind, denied) \
             DO UPDATE SET expires_at = max(denials.expires_at, excluded.expires_at)"
        }
    };
    let values = vec![sql::bytes(&realm_id.0), kind.into(), sql::bytes(denied), until.into()];
    session.execute(&format!("{insert} {longer}"), values).await.map(drop)
}

/// Puts a lineage on the deny list. Its device secret, which may live longer than that, goes.
pub(crate) async fn deny_lineage(
    session: &Session<'_>,
    realm_id: RealmId,
    lineage: Lineage,
    until: i64,
) -> Result<(), Failure> {
    forget_secrets_of(session, realm_id, lineage).await?;
    deny(session, realm_id, (LINEAGE, &lineage.0), until).await
}
