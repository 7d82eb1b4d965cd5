//! The ports of types of authorization details, and of details that are too long for a sealed value.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::AuthorizationDetailsType;
use signet_core::ports::{AuthorizationDetailsTypes, KeptDetails, StoreError, StoreResult};
use signet_protocol::identifiers::{AuthorizationDetailsTypeId, RealmId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, to_json, was_changed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::authorization_details_type as entity;
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

/// Most types of a realm.
const MOST: u64 = 100;
/// What a row is called in errors.
const ROW: &str = "type of authorization details";

#[async_trait]
impl AuthorizationDetailsTypes for Database {
    async fn insert_details_type(&self, kind: &AuthorizationDetailsType, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(InsertType { kind: kind.clone() }, events).await
    }

    async fn details_types(&self, realm_id: RealmId) -> StoreResult<Vec<AuthorizationDetailsType>> {
        let of_realm = entity::Entity::find().filter(entity::Column::RealmId.eq(realm_id.0.to_vec()));
        self.read_all(of_realm.order_by_asc(entity::Column::Name).limit(MOST), type_of).await
    }

    async fn update_details_type(&self, kind: &AuthorizationDetailsType, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(UpdateType { kind: kind.clone() }, events).await
    }

    async fn delete_details_type(
        &self,
        realm_id: RealmId,
        id: AuthorizationDetailsTypeId,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(DeleteType { realm_id, id }, events).await
    }
}

fn type_of(row: entity::Model) -> Result<AuthorizationDetailsType, Failure> {
    Ok(AuthorizationDetailsType {
        realm_id: RealmId(fixed(row.realm_id, "authorization_details_types.realm_id")?),
        id: AuthorizationDetailsTypeId(fixed(row.id, "authorization_details_types.id")?),
        name: row.name,
        definition: from_json(&row.definition, "authorization_details_types.definition")?,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
        revision: row.revision,
    })
}

/// Everything that an update may change.
fn changeable(kind: &AuthorizationDetailsType) -> Result<entity::ActiveModel, Failure> {
    Ok(entity::ActiveModel {
        name: Set(storable(&kind.name, 200, "authorization_details_types.name")?),
        definition: Set(to_json(&kind.definition, "authorization_details_types.definition")?),
        updated_at: Set(kind.updated_at.0),
        ..entity::ActiveModel::default()
    })
}

struct InsertType {
    kind: AuthorizationDetailsType,
}

#[async_trait]
impl Work for InsertType {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.kind)?;
        row.realm_id = Set(self.kind.realm_id.0.to_vec());
        row.id = Set(self.kind.id.0.to_vec());
        row.revision = Set(self.kind.revision);
        row.created_at = Set(self.kind.created_at.0);
        let inserted = session.change(&entity::Entity::insert(row)).await;
        inserted.map_err(|failure| failure.naming(ROW, "realm"))?;
        note_change(session, self.kind.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct UpdateType {
    kind: AuthorizationDetailsType,
}

#[async_trait]
impl Work for UpdateType {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.kind)?;
        row.revision = Set(self.kind.revision + 1);
        let update = entity::Entity::update_many()
            .set(row)
            .filter(entity::Column::RealmId.eq(self.kind.realm_id.0.to_vec()))
            .filter(entity::Column::Id.eq(self.kind.id.0.to_vec()))
            .filter(entity::Column::Revision.eq(self.kind.revision));
        let updated = session.change(&update).await.map_err(|failure| failure.naming(ROW, "realm"))?;
        let kind = vec![sql::bytes(&self.kind.realm_id.0), sql::bytes(&self.kind.id.0)];
        let stored = ("authorization_details_types WHERE realm_id = ? AND id = ?", kind);
        was_changed(session, (updated, ROW), stored).await?;
        note_change(session, self.kind.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteType {
    realm_id: RealmId,
    id: AuthorizationDetailsTypeId,
}

#[async_trait]
impl Work for DeleteType {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let delete = "DELETE FROM authorization_details_types WHERE realm_id = ? AND id = ?";
        if session.execute(delete, vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)]).await? == 0 {
            return Err(StoreError::Missing(ROW).into());
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

#[async_trait]
impl KeptDetails for Database {
    async fn keep_details(
        &self,
        realm_id: RealmId,
        (key, text): (&[u8; 32], &str),
        expires_at: UnixTime,
    ) -> StoreResult<()> {
        self.write(Keep { realm_id, key: *key, text: text.to_owned(), expires_at }).await
    }

    async fn kept_details(&self, realm_id: RealmId, key: &[u8; 32]) -> StoreResult<Option<String>> {
        let session = self.reader();
        let values = || vec![sql::bytes(&realm_id.0), sql::bytes(key)];
        self.read(|| async {
            let select = "SELECT content FROM kept_details WHERE realm_id = ? AND kept = ?";
            match session.row(select, values()).await? {
                Some(row) => Ok(Some(row.at::<String>(0)?)),
                None => Ok(None),
            }
        })
        .await
    }
}

struct Keep {
    realm_id: RealmId,
    key: [u8; 32],
    text: String,
    expires_at: UnixTime,
}

#[async_trait]
impl Work for Keep {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        // The key is the hash of the text: whoever was first kept the same.
        let longer = match session.backend() {
            DatabaseBackend::MySql => "ON DUPLICATE KEY UPDATE expires_at = GREATEST(expires_at, VALUES(expires_at))",
            DatabaseBackend::Postgres => {
                "ON CONFLICT (realm_id, kept) DO UPDATE \
                 SET expires_at = GREATEST(kept_details.expires_at, excluded.expires_at)"
            }
            _ => {
                "ON CONFLICT (realm_id, kept) DO UPDATE \
                 SET expires_at = MAX(kept_details.expires_at, excluded.expires_at)"
            }
        };
        let insert =
            format!("INSERT INTO kept_details (realm_id, kept, content, expires_at) VALUES (?, ?, ?, ?) {longer}");
        let values = vec![
            sql::bytes(&self.realm_id.0),
            sql::bytes(&self.key),
            self.text.as_str().into(),
            self.expires_at.0.into(),
        ];
        session.execute(&insert, values).await?;
        Ok(Ending::Commit(()))
    }
}
