//! What scripts may use.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use signet_core::model::{ScriptValue, ScriptValueContent, ScriptValueKind};
use signet_core::ports::StoreError;
use signet_protocol::identifiers::{RealmId, ScriptName};
use signet_protocol::time::UnixTime;

use super::MOST;
use crate::column::{fixed, from_json, parsed, to_json};
use crate::configuration::note_change;
use crate::entity::script_value::{Column, Entity, Model};
use crate::failure::{Failure, corrupt};
use crate::realms::lock_realm;
use crate::session::Session;
use crate::sql;
use crate::work::{Ending, Work};

/// The query for every value of a realm.
pub(super) fn of_realm(realm_id: RealmId) -> Select<Entity> {
    let values = Entity::find().filter(Column::RealmId.eq(realm_id.0.to_vec()));
    values.order_by_asc(Column::Kind).order_by_asc(Column::Name).limit(MOST)
}

pub(super) fn value_of(row: Model) -> Result<ScriptValue, Failure> {
    let kind = parsed(&row.kind, "script_values.kind")?;
    let content = match (kind, row.secret, row.document) {
        (ScriptValueKind::Secret, Some(encrypted), None) => ScriptValueContent::Secret(encrypted),
        (ScriptValueKind::Document, None, Some(json)) => {
            ScriptValueContent::Document(from_json(&json, "script_values.document")?)
        }
        (ScriptValueKind::Connection, None, Some(json)) => {
            ScriptValueContent::Connection(from_json(&json, "script_values.document")?)
        }
        _ => return Err(corrupt("script_values.kind")),
    };
    Ok(ScriptValue {
        realm_id: RealmId(fixed(row.realm_id, "script_values.realm_id")?),
        name: parsed(&row.name, "script_values.name")?,
        content,
        updated_at: UnixTime(row.updated_at),
    })
}

/// The columns of a value's content.
fn columns_of(content: &ScriptValueContent) -> Result<(Option<Vec<u8>>, Option<String>), Failure> {
    Ok(match content {
        ScriptValueContent::Secret(encrypted) => (Some(encrypted.clone()), None),
        ScriptValueContent::Document(document) => (None, Some(to_json(document, "script_values.document")?)),
        ScriptValueContent::Connection(connection) => (None, Some(to_json(connection, "script_values.document")?)),
    })
}

pub(super) struct Store {
    pub(super) value: ScriptValue,
}

#[async_trait]
impl Work for Store {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let ScriptValue { realm_id, name, content, updated_at } = &self.value;
        lock_realm(session, *realm_id).await?;
        let (secret, document) = columns_of(content)?;
        let update = match session.backend() {
            DatabaseBackend::MySql => {
                "ON DUPLICATE KEY UPDATE secret = VALUES(secret), document = VALUES(document), \
                 updated_at = VALUES(updated_at)"
            }
            _ => {
                "ON CONFLICT (realm_id, kind, name) DO UPDATE SET secret = excluded.secret, \
                 document = excluded.document, updated_at = excluded.updated_at"
            }
        };
        let upsert = format!(
            "INSERT INTO script_values (realm_id, kind, name, secret, document, updated_at) \
             VALUES (?, ?, ?, ?, ?, ?) {update}"
        );
        let values = vec![
            sql::bytes(&realm_id.0),
            content.kind().as_str().into(),
            name.as_str().into(),
            secret.into(),
            document.into(),
            updated_at.0.into(),
        ];
        session.execute(&upsert, values).await?;
        let count = "SELECT COUNT(*) FROM script_values WHERE realm_id = ?";
        let count = session.row(count, vec![sql::bytes(&realm_id.0)]).await?;
        let count = count.map_or(Ok(0), |row| row.at::<i64>(0))?;
        if u64::try_from(count).is_ok_and(|count| count > MOST) {
            return Err(StoreError::Needed("a realm has at most 1000 script values; delete one first").into());
        }
        note_change(session, *realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

pub(super) struct Delete {
    pub(super) realm_id: RealmId,
    pub(super) kind: ScriptValueKind,
    pub(super) name: ScriptName,
}

#[async_trait]
impl Work for Delete {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let delete = "DELETE FROM script_values WHERE realm_id = ? AND kind = ? AND name = ?";
        let values = vec![sql::bytes(&self.realm_id.0), self.kind.as_str().into(), self.name.as_str().into()];
        if session.execute(delete, values).await? == 0 {
            return Err(StoreError::Missing("script value").into());
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}
