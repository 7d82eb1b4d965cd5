//! The port of pairwise salts.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use signet_core::events::EventRecord;
use signet_core::model::PairwiseSaltRecord;
use signet_core::ports::{PairwiseSalts, StoreResult};
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::column::fixed;
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::pairwise_salt;
use crate::failure::Failure;
use crate::session::Session;
use crate::work::{Ending, Work};

#[async_trait]
impl PairwiseSalts for Database {
    async fn pairwise_salts(&self, realm_id: RealmId) -> StoreResult<Vec<PairwiseSaltRecord>> {
        let find = pairwise_salt::Entity::find()
            .filter(pairwise_salt::Column::RealmId.eq(realm_id.0.to_vec()))
            .order_by_asc(pairwise_salt::Column::Id);
        self.read_all(find, salt_of).await
    }

    async fn insert_pairwise_salt(&self, salt: &PairwiseSaltRecord, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(InsertPairwiseSalt { salt: salt.clone() }, events).await
    }
}

fn salt_of(row: pairwise_salt::Model) -> Result<PairwiseSaltRecord, Failure> {
    Ok(PairwiseSaltRecord {
        realm_id: RealmId(fixed(row.realm_id, "pairwise_salts.realm_id")?),
        id: row.id,
        encrypted_salt: row.encrypted_salt,
        since: UnixTime(row.since),
    })
}

struct InsertPairwiseSalt {
    salt: PairwiseSaltRecord,
}

#[async_trait]
impl Work for InsertPairwiseSalt {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let row = pairwise_salt::ActiveModel {
            realm_id: Set(self.salt.realm_id.0.to_vec()),
            id: Set(self.salt.id),
            encrypted_salt: Set(self.salt.encrypted_salt.clone()),
            since: Set(self.salt.since.0),
        };
        let inserted = session.change(&pairwise_salt::Entity::insert(row)).await;
        inserted.map_err(|failure| failure.naming("pairwise salt", "realm"))?;
        note_change(session, self.salt.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}
