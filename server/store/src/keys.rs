//! The port of keys.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set};
use signet_core::events::EventRecord;
use signet_core::model::{KeyState, SealingKeyRecord, SigningKeyRecord};
use signet_core::ports::{Keys, StoreError, StoreResult};
use signet_protocol::identifiers::{KeyId, RealmId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, parsed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::{sealing_key, signing_key};
use crate::failure::Failure;
use crate::realms::lock_realm;
use crate::session::Session;
use crate::sql;
use crate::text::storable;
use crate::work::{Ending, Work};

/// Why a key stays as it is.
const SIGNS: &str = "this key is in use; rotate it first, then the old key may be retired or deleted";

#[async_trait]
impl Keys for Database {
    async fn signing_keys(&self, realm_id: RealmId) -> StoreResult<Vec<SigningKeyRecord>> {
        let find = signing_key::Entity::find()
            .filter(signing_key::Column::RealmId.eq(realm_id.0.to_vec()))
            .order_by_asc(signing_key::Column::CreatedAt)
            .order_by_asc(signing_key::Column::Kid);
        self.read_all(find, signing_key_of).await
    }

    async fn insert_signing_key(&self, key: &SigningKeyRecord, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(InsertSigningKey { key: key.clone() }, events).await
    }

    async fn set_key_state(
        &self,
        realm_id: RealmId,
        kid: &KeyId,
        (state, since): (KeyState, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(SetKeyState { realm_id, kid: kid.clone(), state, since }, events).await
    }

    async fn delete_signing_key(&self, realm_id: RealmId, kid: &KeyId, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(DeleteSigningKey { realm_id, kid: kid.clone() }, events).await
    }

    async fn due_keys(&self, now: UnixTime) -> StoreResult<Vec<SigningKeyRecord>> {
        let due = signing_key::Entity::find()
            .filter(signing_key::Column::State.eq(KeyState::Future.as_str()))
            .filter(signing_key::Column::ActivatesAt.lte(now.0))
            .order_by_asc(signing_key::Column::ActivatesAt);
        self.read_all(due, signing_key_of).await
    }

    async fn activate_due_key(
        &self,
        realm_id: RealmId,
        kid: &KeyId,
        now: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.configure_with(ActivateDueKey { realm_id, kid: kid.clone(), now }, events).await
    }

    async fn schedule_signing_key(
        &self,
        key: &SigningKeyRecord,
        replaced: &KeyId,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.configure_with(ScheduleSigningKey { key: key.clone(), replaced: replaced.clone() }, events).await
    }

    async fn retire_signing_key(
        &self,
        (realm_id, kid): (RealmId, &KeyId),
        verifying_since: UnixTime,
        now: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.configure_with(RetireSigningKey { realm_id, kid: kid.clone(), verifying_since, now }, events).await
    }

    async fn sealing_keys(&self, realm_id: RealmId) -> StoreResult<Vec<SealingKeyRecord>> {
        let find = sealing_key::Entity::find()
            .filter(sealing_key::Column::RealmId.eq(realm_id.0.to_vec()))
            .order_by_asc(sealing_key::Column::Id);
        self.read_all(find, sealing_key_of).await
    }

    async fn insert_sealing_key(&self, key: &SealingKeyRecord) -> StoreResult<()> {
        self.configure(InsertSealingKey { key: key.clone() }).await
    }
}

fn signing_key_of(row: signing_key::Model) -> Result<SigningKeyRecord, Failure> {
    Ok(SigningKeyRecord {
        realm_id: RealmId(fixed(row.realm_id, "signing_keys.realm_id")?),
        kid: parsed(&row.kid, "signing_keys.kid")?,
        algorithm: row.algorithm,
        state: parsed(&row.state, "signing_keys.state")?,
        encrypted_private_key: row.encrypted_private_key,
        created_at: UnixTime(row.created_at),
        state_since: UnixTime(row.state_since),
        activates_at: row.activates_at.map(UnixTime),
    })
}

fn sealing_key_of(row: sealing_key::Model) -> Result<SealingKeyRecord, Failure> {
    Ok(SealingKeyRecord {
        realm_id: RealmId(fixed(row.realm_id, "sealing_keys.realm_id")?),
        id: row.id,
        encrypted_key: row.encrypted_key,
        created_at: UnixTime(row.created_at),
    })
}

/// Inserts a signing key; what else must happen with an active one is the caller's to do.
pub(crate) async fn insert_signing_key(session: &Session<'_>, key: &SigningKeyRecord) -> Result<(), Failure> {
    let row = signing_key::ActiveModel {
        realm_id: Set(key.realm_id.0.to_vec()),
        kid: Set(key.kid.to_string()),
        algorithm: Set(storable(&key.algorithm, 32, "signing_keys.algorithm")?),
        state: Set(key.state.as_str().to_owned()),
        encrypted_private_key: Set(key.encrypted_private_key.clone()),
        created_at: Set(key.created_at.0),
        state_since: Set(key.state_since.0),
        activates_at: Set(key.activates_at.map(|at| at.0)),
    };
    let inserted = session.change(&signing_key::Entity::insert(row)).await;
    inserted.map(drop).map_err(|failure| failure.naming("signing key", "realm"))
}

/// Inserts a sealing key.
pub(crate) async fn insert_sealing_key(session: &Session<'_>, key: &SealingKeyRecord) -> Result<(), Failure> {
    let row = sealing_key::ActiveModel {
        realm_id: Set(key.realm_id.0.to_vec()),
        id: Set(key.id),
        encrypted_key: Set(key.encrypted_key.clone()),
        created_at: Set(key.created_at.0),
    };
    let inserted = session.change(&sealing_key::Entity::insert(row)).await;
    inserted.map(drop).map_err(|failure| failure.naming("sealing key", "realm"))
}

/// The active key of an algorithm becomes verifying.
async fn replace_active(
    session: &Session<'_>,
    realm_id: RealmId,
    algorithm: &str,
    since: UnixTime,
) -> Result<(), Failure> {
    let update = "UPDATE signing_keys SET state = 'verifying', state_since = ? \
                  WHERE realm_id = ? AND algorithm = ? AND state = 'active'";
    let values = vec![since.0.into(), sql::bytes(&realm_id.0), algorithm.into()];
    session.execute(update, values).await.map(drop)
}

struct InsertSigningKey {
    key: SigningKeyRecord,
}

#[async_trait]
impl Work for InsertSigningKey {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        // Two keys that become active at once must not both end up active.
        lock_realm(session, self.key.realm_id).await?;
        if self.key.state == KeyState::Active {
            replace_active(session, self.key.realm_id, &self.key.algorithm, self.key.state_since).await?;
        }
        insert_signing_key(session, &self.key).await?;
        note_change(session, self.key.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

async fn set_state(
    session: &Session<'_>,
    (realm_id, kid): (RealmId, &KeyId),
    state: KeyState,
    since: UnixTime,
) -> Result<(), Failure> {
    let update = "UPDATE signing_keys SET state = ?, state_since = ?, activates_at = NULL \
                  WHERE realm_id = ? AND kid = ?";
    let values = vec![state.as_str().into(), since.0.into(), sql::bytes(&realm_id.0), kid.as_str().into()];
    session.execute(update, values).await.map(drop)
}

struct ActivateDueKey {
    realm_id: RealmId,
    kid: KeyId,
    now: UnixTime,
}

#[async_trait]
impl Work for ActivateDueKey {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        lock_realm(session, self.realm_id).await?;
        // Another node, or an administrator, may have been faster.
        let due = signing_key::Entity::find_by_id((self.realm_id.0.to_vec(), self.kid.to_string()))
            .filter(signing_key::Column::State.eq(KeyState::Future.as_str()))
            .filter(signing_key::Column::ActivatesAt.lte(self.now.0));
        let Some(key) = session.one(due).await? else { return Ok(Ending::RollBack(false)) };
        replace_active(session, self.realm_id, &key.algorithm, self.now).await?;
        set_state(session, (self.realm_id, &self.kid), KeyState::Active, self.now).await?;
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(true))
    }
}

struct ScheduleSigningKey {
    key: SigningKeyRecord,
    replaced: KeyId,
}

#[async_trait]
impl Work for ScheduleSigningKey {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        lock_realm(session, self.key.realm_id).await?;
        let replaced = signing_key::Entity::find_by_id((self.key.realm_id.0.to_vec(), self.replaced.to_string()))
            .filter(signing_key::Column::State.eq(KeyState::Active.as_str()));
        let scheduled = signing_key::Entity::find()
            .filter(signing_key::Column::RealmId.eq(self.key.realm_id.0.to_vec()))
            .filter(signing_key::Column::Algorithm.eq(self.key.algorithm.as_str()))
            .filter(signing_key::Column::State.eq(KeyState::Future.as_str()))
            .filter(signing_key::Column::ActivatesAt.is_not_null());
        // Another node, or an administrator, may have been faster.
        if session.one(replaced).await?.is_none() || session.one(scheduled).await?.is_some() {
            return Ok(Ending::RollBack(false));
        }
        insert_signing_key(session, &self.key).await?;
        note_change(session, self.key.realm_id).await?;
        Ok(Ending::Commit(true))
    }
}

struct RetireSigningKey {
    realm_id: RealmId,
    kid: KeyId,
    verifying_since: UnixTime,
    now: UnixTime,
}

#[async_trait]
impl Work for RetireSigningKey {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        lock_realm(session, self.realm_id).await?;
        let replaced = signing_key::Entity::find_by_id((self.realm_id.0.to_vec(), self.kid.to_string()))
            .filter(signing_key::Column::State.eq(KeyState::Verifying.as_str()))
            .filter(signing_key::Column::StateSince.lte(self.verifying_since.0));
        if session.one(replaced).await?.is_none() {
            return Ok(Ending::RollBack(false));
        }
        set_state(session, (self.realm_id, &self.kid), KeyState::Retired, self.now).await?;
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(true))
    }
}

struct SetKeyState {
    realm_id: RealmId,
    kid: KeyId,
    state: KeyState,
    since: UnixTime,
}

#[async_trait]
impl Work for SetKeyState {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        lock_realm(session, self.realm_id).await?;
        let key = signing_key::Entity::find_by_id((self.realm_id.0.to_vec(), self.kid.to_string()));
        let Some(key) = session.one(key).await? else {
            return Err(StoreError::Missing("signing key").into());
        };
        let (was_active, is_active) = (key.state == KeyState::Active.as_str(), self.state == KeyState::Active);
        if was_active && !is_active {
            return Err(StoreError::Needed(SIGNS).into());
        }
        if is_active && !was_active {
            replace_active(session, self.realm_id, &key.algorithm, self.since).await?;
        }
        set_state(session, (self.realm_id, &self.kid), self.state, self.since).await?;
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteSigningKey {
    realm_id: RealmId,
    kid: KeyId,
}

#[async_trait]
impl Work for DeleteSigningKey {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        lock_realm(session, self.realm_id).await?;
        let key = signing_key::Entity::find_by_id((self.realm_id.0.to_vec(), self.kid.to_string()));
        match session.one(key).await? {
            None => return Err(StoreError::Missing("signing key").into()),
            Some(key) if key.state == KeyState::Active.as_str() => return Err(StoreError::Needed(SIGNS).into()),
            Some(_) => {}
        }
        let delete = "DELETE FROM signing_keys WHERE realm_id = ? AND kid = ?";
        session.execute(delete, vec![sql::bytes(&self.realm_id.0), self.kid.as_str().into()]).await?;
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct InsertSealingKey {
    key: SealingKeyRecord,
}

#[async_trait]
impl Work for InsertSealingKey {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        insert_sealing_key(session, &self.key).await?;
        note_change(session, self.key.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}
