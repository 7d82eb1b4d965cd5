//! The port of realms.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::{Realm, SealingKeyRecord, SigningKeyRecord};
use signet_core::ports::{Page, PageRequest, Realms, StoreError, StoreResult};
use signet_protocol::identifiers::{RealmId, RealmName};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, parsed, to_json, was_changed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::realm;
use crate::failure::Failure;
use crate::keys::{insert_sealing_key, insert_signing_key};
use crate::session::Session;
use crate::sql;
use crate::text::{may_be_stored, storable};
use crate::work::{Ending, Patience, Work};

/// Tables that no foreign key empties when a realm goes.
const UNREFERENCED: [&str; 16] = [
    "refresh_families",
    "logout_deliveries",
    "session_participants",
    "sessions",
    "used_records",
    "kept_details",
    "pushed_requests",
    "deferred_requests",
    "backchannel_notifications",
    "denials",
    "throttles",
    "script_recordings",
    "script_cursors",
    "client_traffic",
    "uma_tickets",
    "device_secrets",
];

#[async_trait]
impl Realms for Database {
    async fn insert_realm(
        &self,
        realm: &Realm,
        signing: &[SigningKeyRecord],
        sealing: &SealingKeyRecord,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(
            InsertRealm { realm: realm.clone(), signing: signing.to_vec(), sealing: sealing.clone() },
            events,
        )
        .await
    }

    async fn realm_by_name(&self, name: &RealmName) -> StoreResult<Option<Realm>> {
        let find = realm::Entity::find().filter(realm::Column::Name.eq(name.as_str()));
        self.read_one(find, realm_of).await
    }

    async fn list_realms(&self, page: &PageRequest) -> StoreResult<Page<Realm>> {
        let after = page.after.clone().unwrap_or_default();
        if !may_be_stored(&after) {
            return Err(StoreError::Missing("page"));
        }
        let find = realm::Entity::find()
            .filter(realm::Column::Name.gt(after.as_str()))
            .order_by_asc(realm::Column::Name)
            .limit(page.limit.saturating_add(1));
        let rows = self.read_all(find, realm_of).await?;
        Ok(page_of(rows, page, |realm: &Realm| realm.name.to_string()))
    }

    async fn update_realm(&self, realm: &Realm, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(UpdateRealm { realm: realm.clone() }, events).await
    }

    async fn raise_realm_epoch(&self, realm_id: RealmId, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(RaiseEpoch { realm_id }, events).await
    }

    async fn delete_realm(&self, realm_id: RealmId, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(DeleteRealm { realm_id }, events).await
    }

    async fn canary(&self) -> StoreResult<Option<Vec<u8>>> {
        let session = self.reader();
        self.read(|| stored_canary(&session)).await
    }

    async fn insert_canary(&self, canary: &[u8]) -> StoreResult<Vec<u8>> {
        self.write(InsertCanary { canary: canary.to_vec() }).await
    }
}

/// Cuts a listing that was asked for one item more than the page takes.
pub(crate) fn page_of<T>(mut items: Vec<T>, page: &PageRequest, key: impl Fn(&T) -> String) -> Page<T> {
    let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(key) } else { None };
    Page { items, next }
}

fn realm_of(row: realm::Model) -> Result<Realm, Failure> {
    Ok(Realm {
        id: RealmId(fixed(row.realm_id, "realms.realm_id")?),
        name: parsed(&row.name, "realms.name")?,
        display_name: row.display_name,
        enabled: row.enabled,
        settings: from_json(&row.settings, "realms.settings")?,
        epoch: row.epoch,
        timeline: row.timeline,
        wrapped_data_key: row.wrapped_data_key,
        root_key_id: row.root_key_id,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
        revision: row.revision,
    })
}

/// Everything that an update may change.
fn changeable(realm: &Realm) -> Result<realm::ActiveModel, Failure> {
    Ok(realm::ActiveModel {
        name: Set(realm.name.to_string()),
        display_name: Set(storable(&realm.display_name, 512, "realms.display_name")?),
        enabled: Set(realm.enabled),
        settings: Set(to_json(&realm.settings, "realms.settings")?),
        timeline: Set(realm.timeline),
        wrapped_data_key: Set(realm.wrapped_data_key.clone()),
        root_key_id: Set(storable(&realm.root_key_id, 128, "realms.root_key_id")?),
        created_at: Set(realm.created_at.0),
        updated_at: Set(realm.updated_at.0),
        ..realm::ActiveModel::default()
    })
}

/// Holds the realm's row until the end of the transaction, so that changes that concern several rows of the realm
/// happen one after the other.
pub(crate) async fn lock_realm(session: &Session<'_>, realm_id: RealmId) -> Result<(), Failure> {
    let lock = sql::for_update(session.backend());
    let select = format!("SELECT epoch FROM realms WHERE realm_id = ?{lock}");
    match session.row(&select, vec![sql::bytes(&realm_id.0)]).await? {
        Some(_) => Ok(()),
        None => Err(StoreError::Missing("realm").into()),
    }
}

struct InsertRealm {
    realm: Realm,
    signing: Vec<SigningKeyRecord>,
    sealing: SealingKeyRecord,
}

#[async_trait]
impl Work for InsertRealm {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.realm)?;
        row.realm_id = Set(self.realm.id.0.to_vec());
        row.epoch = Set(self.realm.epoch);
        row.revision = Set(self.realm.revision);
        let inserted = session.change(&realm::Entity::insert(row)).await;
        inserted.map_err(|failure| failure.naming("realm", "realm"))?;
        for key in &self.signing {
            insert_signing_key(session, key).await?;
        }
        insert_sealing_key(session, &self.sealing).await?;
        note_change(session, self.realm.id).await?;
        Ok(Ending::Commit(()))
    }
}

struct UpdateRealm {
    realm: Realm,
}

#[async_trait]
impl Work for UpdateRealm {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let mut row = changeable(&self.realm)?;
        row.revision = Set(self.realm.revision + 1);
        let update = realm::Entity::update_many()
            .set(row)
            .filter(realm::Column::RealmId.eq(self.realm.id.0.to_vec()))
            .filter(realm::Column::Revision.eq(self.realm.revision));
        let updated = session.change(&update).await.map_err(|failure| failure.naming("realm", "realm"))?;
        let stored = ("realms WHERE realm_id = ?", vec![sql::bytes(&self.realm.id.0)]);
        was_changed(session, (updated, "realm"), stored).await?;
        note_change(session, self.realm.id).await?;
        Ok(Ending::Commit(()))
    }
}

struct RaiseEpoch {
    realm_id: RealmId,
}

#[async_trait]
impl Work for RaiseEpoch {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let update = "UPDATE realms SET epoch = epoch + 1 WHERE realm_id = ?";
        if session.execute(update, vec![sql::bytes(&self.realm_id.0)]).await? == 0 {
            return Err(StoreError::Missing("realm").into());
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteRealm {
    realm_id: RealmId,
}

#[async_trait]
impl Work for DeleteRealm {
    type Outcome = ();
    const PATIENCE: Patience = Patience::Long;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        if session.backend() == DatabaseBackend::Postgres {
            session.execute("SET LOCAL statement_timeout = '60s'", Vec::new()).await?;
        }
        // Users, clients, keys, resource servers and consents go by their foreign keys.
        if session.execute("DELETE FROM realms WHERE realm_id = ?", vec![sql::bytes(&self.realm_id.0)]).await? == 0 {
            return Err(StoreError::Missing("realm").into());
        }
        for table in UNREFERENCED {
            let delete = format!("DELETE FROM {table} WHERE realm_id = ?");
            session.execute(&delete, vec![sql::bytes(&self.realm_id.0)]).await?;
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct InsertCanary {
    canary: Vec<u8>,
}

#[async_trait]
impl Work for InsertCanary {
    type Outcome = Vec<u8>;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<Vec<u8>>, Failure> {
        let insert = "INSERT INTO installation (id, canary) VALUES (1, ?)";
        session.insert_once(insert, vec![sql::bytes(&self.canary)]).await?;
        match stored_canary(session).await? {
            Some(stored) => Ok(Ending::Commit(stored)),
            None => Err(StoreError::Corrupt("the canary is gone right after it was written".to_owned()).into()),
        }
    }
}

async fn stored_canary(session: &Session<'_>) -> Result<Option<Vec<u8>>, Failure> {
    let row = session.row("SELECT canary FROM installation WHERE id = 1", Vec::new()).await?;
    row.map(|row| row.at(0)).transpose()
}
