//! The port of trusted issuers.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::TrustedIssuer;
use signet_core::ports::{StoreError, StoreResult, TrustedIssuers};
use signet_protocol::identifiers::{RealmId, TrustedIssuerId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, to_json, was_changed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::trusted_issuer as entity;
use crate::failure::Failure;
use crate::session::Session;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

/// Most trusted issuers of a realm.
const MOST: u64 = 100;
/// What a row is called in errors.
const ROW: &str = "trusted issuer";

#[async_trait]
impl TrustedIssuers for Database {
    async fn insert_trusted_issuer(&self, trusted: &TrustedIssuer, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(InsertIssuer { trusted: trusted.clone() }, events).await
    }

    async fn trusted_issuers(&self, realm_id: RealmId) -> StoreResult<Vec<TrustedIssuer>> {
        let of_realm = entity::Entity::find().filter(entity::Column::RealmId.eq(realm_id.0.to_vec()));
        self.read_all(of_realm.order_by_asc(entity::Column::Issuer).limit(MOST), trusted_issuer_of).await
    }

    async fn update_trusted_issuer(&self, trusted: &TrustedIssuer, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(UpdateIssuer { trusted: trusted.clone() }, events).await
    }

    async fn delete_trusted_issuer(
        &self,
        realm_id: RealmId,
        id: TrustedIssuerId,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(DeleteIssuer { realm_id, id }, events).await
    }
}

fn trusted_issuer_of(row: entity::Model) -> Result<TrustedIssuer, Failure> {
    Ok(TrustedIssuer {
        realm_id: RealmId(fixed(row.realm_id, "trusted_issuers.realm_id")?),
        id: TrustedIssuerId(fixed(row.id, "trusted_issuers.id")?),
        issuer: row.issuer,
        definition: from_json(&row.definition, "trusted_issuers.definition")?,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
        revision: row.revision,
    })
}

/// Everything that an update may change.
fn changeable(trusted: &TrustedIssuer) -> Result<entity::ActiveModel, Failure> {
    Ok(entity::ActiveModel {
        issuer: Set(storable(&trusted.issuer, 500, "trusted_issuers.issuer")?),
        definition: Set(to_json(&trusted.definition, "trusted_issuers.definition")?),
        updated_at: Set(trusted.updated_at.0),
        ..entity::ActiveModel::default()
    })
}

struct InsertIssuer {
    trusted: TrustedIssuer,
}

#[async_trait]
impl Work for InsertIssuer {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.trusted)?;
        row.realm_id = Set(self.trusted.realm_id.0.to_vec());
        row.id = Set(self.trusted.id.0.to_vec());
        row.revision = Set(self.trusted.revision);
        row.created_at = Set(self.trusted.created_at.0);
        let inserted = session.change(&entity::Entity::insert(row)).await;
        inserted.map_err(|failure| failure.naming(ROW, "realm"))?;
        note_change(session, self.trusted.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct UpdateIssuer {
    trusted: TrustedIssuer,
}

#[async_trait]
impl Work for UpdateIssuer {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.trusted)?;
        row.revision = Set(self.trusted.revision + 1);
        let update = entity::Entity::update_many()
            .set(row)
            .filter(entity::Column::RealmId.eq(self.trusted.realm_id.0.to_vec()))
            .filter(entity::Column::Id.eq(self.trusted.id.0.to_vec()))
            .filter(entity::Column::Revision.eq(self.trusted.revision));
        let updated = session.change(&update).await.map_err(|failure| failure.naming(ROW, "realm"))?;
        let issuer = vec![sql::bytes(&self.trusted.realm_id.0), sql::bytes(&self.trusted.id.0)];
        let stored = ("trusted_issuers WHERE realm_id = ? AND id = ?", issuer);
        was_changed(session, (updated, ROW), stored).await?;
        note_change(session, self.trusted.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteIssuer {
    realm_id: RealmId,
    id: TrustedIssuerId,
}

#[async_trait]
impl Work for DeleteIssuer {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let delete = "DELETE FROM trusted_issuers WHERE realm_id = ? AND id = ?";
        if session.execute(delete, vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)]).await? == 0 {
            return Err(StoreError::Missing(ROW).into());
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}
