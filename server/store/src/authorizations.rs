//! The port of stored consents.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, DatabaseBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use signet_core::events::EventRecord;
use signet_core::model::{Authorization, ClientAccess, Completion, DEFAULT_SLOT};
use signet_core::ports::{Authorizations, StoreError, StoreResult};
use signet_protocol::identifiers::{AuthorizationId, ClientId, RealmId, UserId};
use signet_protocol::time::UnixTime;

use crate::client_access::{EndClientAccess, client_access};
use crate::column::{fixed, from_json, parsed, to_json};
use crate::database::Database;
use crate::entity::authorization;
use crate::failure::Failure;
use crate::session::Session;
use crate::session_ends::leave_sessions;
use crate::single_use::complete;
use crate::sql;
use crate::text::{may_be_stored, storable};
use crate::uma::end_persisted_claims;
use crate::work::{Ending, Work};

/// Most consents that a user is shown.
const MOST: u64 = 1000;

#[async_trait]
impl Authorizations for Database {
    async fn authorization(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        client_id: &ClientId,
        slot: &str,
    ) -> StoreResult<Option<Authorization>> {
        if !may_be_stored(slot) {
            return Ok(None);
        }
        let session = self.reader();
        self.read(|| in_slot(&session, realm_id, user_id, (client_id, slot))).await
    }

    async fn authorization_by_id(&self, realm_id: RealmId, id: AuthorizationId) -> StoreResult<Option<Authorization>> {
        let find = authorization::Entity::find_by_id((realm_id.0.to_vec(), id.0.to_vec()));
        self.read_one(find, authorization_of).await
    }

    async fn record_consent(
        &self,
        form: &Completion,
        authorization: &Authorization,
        events: &[EventRecord],
    ) -> StoreResult<Option<Authorization>> {
        self.write_with(RecordConsent { form: *form, authorization: authorization.clone() }, events).await
    }

    async fn authorizations_of_user(&self, realm_id: RealmId, user_id: UserId) -> StoreResult<Vec<Authorization>> {
        let find = authorization::Entity::find()
            .filter(authorization::Column::RealmId.eq(realm_id.0.to_vec()))
            .filter(authorization::Column::UserId.eq(user_id.0.to_vec()))
            .order_by_desc(authorization::Column::UpdatedAt)
            .limit(MOST);
        self.read_all(find, authorization_of).await
    }

    async fn revoke_authorization(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        id: AuthorizationId,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(RevokeAuthorization { realm_id, user_id, id }, events).await
    }

    async fn client_access_of_user(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        now: UnixTime,
    ) -> StoreResult<Vec<ClientAccess>> {
        let session = self.reader();
        self.read(|| client_access(&session, (realm_id, user_id), now)).await
    }

    async fn end_client_access(
        &self,
        realm_id: RealmId,
        (user_id, client_id): (UserId, &ClientId),
        denied_until: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        let work = EndClientAccess { realm_id, user_id, client_id: client_id.clone(), denied_until };
        self.write_with(work, events).await
    }
}

fn authorization_of(row: authorization::Model) -> Result<Authorization, Failure> {
    Ok(Authorization {
        realm_id: RealmId(fixed(row.realm_id, "authorizations.realm_id")?),
        id: AuthorizationId(fixed(row.authorization_id, "authorizations.authorization_id")?),
        user_id: UserId(fixed(row.user_id, "authorizations.user_id")?),
        client_id: parsed(&row.client_id, "authorizations.client_id")?,
        slot: row.slot,
        scope: parsed(&row.scope, "authorizations.scope")?,
        claims: from_json(&row.claims, "authorizations.claims")?,
        resources: from_json(&row.resources, "authorizations.resources")?,
        details: row.details.map_or(Ok(Vec::new()), |details| from_json(&details, "authorizations.details"))?,
        epoch: row.epoch,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
    })
}

/// Nothing where there are none, as in rows from before.
fn details_of(authorization: &Authorization) -> Result<Option<String>, Failure> {
    let details = &authorization.details;
    (!details.is_empty()).then(|| to_json(details, "authorizations.details")).transpose()
}

async fn in_slot(
    session: &Session<'_>,
    realm_id: RealmId,
    user_id: UserId,
    (client_id, slot): (&ClientId, &str),
) -> Result<Option<Authorization>, Failure> {
    let found = authorization::Entity::find()
        .filter(authorization::Column::RealmId.eq(realm_id.0.to_vec()))
        .filter(authorization::Column::UserId.eq(user_id.0.to_vec()))
        .filter(authorization::Column::ClientId.eq(client_id.as_str()))
        .filter(authorization::Column::Slot.eq(slot));
    session.one(found).await?.map(authorization_of).transpose()
}

struct RecordConsent {
    form: Completion,
    authorization: Authorization,
}

#[async_trait]
impl Work for RecordConsent {
    type Outcome = Option<Authorization>;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<Option<Authorization>>, Failure> {
        let new = &self.authorization;
        if !complete(session, new.realm_id, &self.form).await? {
            return Ok(Ending::RollBack(None));
        }
        // A grant is not inserted over: its own key would conflict as well as that of the slot.
        if new.slot == DEFAULT_SLOT || !change_grant(session, new).await? {
            upsert(session, new).await?;
        }
        match in_slot(session, new.realm_id, new.user_id, (&new.client_id, &new.slot)).await? {
            Some(stored) => Ok(Ending::Commit(Some(stored))),
            None => Err(StoreError::Missing("authorization").into()),
        }
    }
}

/// Changes a grant that the client manages, if it is there. What rests on it ends.
async fn change_grant(session: &Session<'_>, grant: &Authorization) -> Result<bool, Failure> {
    let update = "UPDATE authorizations SET scope = ?, claims = ?, resources = ?, details = ?, epoch = epoch + 1, \
                  updated_at = ? WHERE realm_id = ? AND user_id = ? AND client_id = ? AND slot = ?";
    let values = vec![
        grant.scope.to_string().into(),
        to_json(&grant.claims, "authorizations.claims")?.into(),
        to_json(&grant.resources, "authorizations.resources")?.into(),
        details_of(grant)?.into(),
        grant.updated_at.0.into(),
        sql::bytes(&grant.realm_id.0),
        sql::bytes(&grant.user_id.0),
        grant.client_id.as_str().into(),
        storable(&grant.slot, 64, "authorizations.slot")?.into(),
    ];
    Ok(session.execute(update, values).await? > 0)
}

/// Inserts an authorization, or puts it in the place of the one in its slot, whose id, epoch and creation stay.
async fn upsert(session: &Session<'_>, new: &Authorization) -> Result<(), Failure> {
    let update = match session.backend() {
        DatabaseBackend::MySql => {
            "ON DUPLICATE KEY UPDATE scope = VALUES(scope), claims = VALUES(claims), resources = VALUES(resources), \
             details = VALUES(details), updated_at = VALUES(updated_at)"
        }
        _ => {
            "ON CONFLICT (realm_id, user_id, client_id, slot) DO UPDATE \
             SET scope = excluded.scope, claims = excluded.claims, resources = excluded.resources, \
             details = excluded.details, updated_at = excluded.updated_at"
        }
    };
    let upsert = format!(
        "INSERT INTO authorizations (realm_id, authorization_id, user_id, client_id, slot, scope, claims, \
         resources, details, epoch, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) {update}"
    );
    let values = vec![
        sql::bytes(&new.realm_id.0),
        sql::bytes(&new.id.0),
        sql::bytes(&new.user_id.0),
        new.client_id.as_str().into(),
        storable(&new.slot, 64, "authorizations.slot")?.into(),
        new.scope.to_string().into(),
        to_json(&new.claims, "authorizations.claims")?.into(),
        to_json(&new.resources, "authorizations.resources")?.into(),
        details_of(new)?.into(),
        new.epoch.into(),
        new.created_at.0.into(),
        new.updated_at.0.into(),
    ];
    let stored = session.execute(&upsert, values).await;
    stored.map(drop).map_err(|failure| failure.naming("authorization", "user or client"))
}

/// Whether a client manages grants of a user.
async fn manages_grants(
    session: &Session<'_>,
    realm_id: RealmId,
    (user_id, client_id): (UserId, &ClientId),
) -> Result<bool, Failure> {
    let select = "SELECT 1 FROM authorizations WHERE realm_id = ? AND user_id = ? AND client_id = ? AND slot <> ?";
    let of_client =
        vec![sql::bytes(&realm_id.0), sql::bytes(&user_id.0), client_id.as_str().into(), DEFAULT_SLOT.into()];
    Ok(session.row(select, of_client).await?.is_some())
}

struct RevokeAuthorization {
    realm_id: RealmId,
    user_id: UserId,
    id: AuthorizationId,
}

#[async_trait]
impl Work for RevokeAuthorization {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let (realm_id, user_id) = (self.realm_id, self.user_id);
        let (realm, user, id) = (|| sql::bytes(&realm_id.0), || sql::bytes(&user_id.0), || sql::bytes(&self.id.0));
        let whose = "realm_id = ? AND authorization_id = ? AND user_id = ?";
        let select = format!("SELECT client_id, slot FROM authorizations WHERE {whose}");
        let Some(row) = session.row(&select, vec![realm(), id(), user()]).await? else {
            return Ok(Ending::RollBack(false));
        };
        let client_id: ClientId = parsed(&row.get::<String>("client_id")?, "authorizations.client_id")?;
        let is_default = row.get::<String>("slot")? == DEFAULT_SLOT;
        if is_default && !manages_grants(session, realm_id, (user_id, &client_id)).await? {
            let families = "DELETE FROM refresh_families WHERE realm_id = ? AND user_id = ? AND client_id = ?";
            session.execute(families, vec![realm(), user(), client_id.as_str().into()]).await?;
            leave_sessions(session, realm_id, (user_id, &client_id)).await?;
            end_persisted_claims(session, realm_id, (user_id, &client_id)).await?;
        }
        let consent = format!("DELETE FROM authorizations WHERE {whose}");
        let deleted = session.execute(&consent, vec![realm(), id(), user()]).await? > 0;
        Ok(if deleted { Ending::Commit(true) } else { Ending::RollBack(false) })
    }
}
