//! The port of clients.

use std::sync::Arc;

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::{Client, ClientSecret, SecretLife};
use signet_core::ports::{Clients, KeptClient, Page, PageRequest, StoreError, StoreResult};
use signet_protocol::identifiers::{ClientId, RealmId};
use signet_protocol::time::UnixTime;

use crate::column::{fixed, from_json, never_lower, parsed, to_json, was_changed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::client;
use crate::failure::{Failure, corrupt};
use crate::realms::{lock_realm, page_of};
use crate::scripts::delete_scripts_of_client;
use crate::session::Session;
use crate::sql;
use crate::text::may_be_stored;
use crate::work::{Ending, Work};

const KEYED: &str = "keyed";
const SLOW: &str = "slow";
const RECOVERABLE: &str = "recoverable";
/// Longest origin that is looked for, in characters: scheme, host name (RFC 1035 section 2.3.4) and port.
const LONGEST_ORIGIN: usize = 300;

#[async_trait]
impl Clients for Database {
    async fn insert_client(&self, client: &Client, events: &[EventRecord]) -> StoreResult<()> {
        self.configure_with(InsertClient { client: client.clone() }, events).await
    }

    async fn client(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Arc<Client>>> {
        // Asked before the client is read; see ClientCache::insert.
        let version = self.configuration().version();
        if let Some(version) = version
            && let Some(client) = self.remembered_clients().get(version, realm_id, client_id)
        {
            return Ok(Some(client));
        }
        let Some(client) = self.client_as_stored(realm_id, client_id).await?.map(Arc::new) else { return Ok(None) };
        if let Some(version) = version {
            self.remembered_clients().insert(version, &client);
        }
        Ok(Some(client))
    }

    async fn client_as_stored(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Client>> {
        let find = client::Entity::find_by_id((realm_id.0.to_vec(), client_id.to_string()));
        self.read_one(find, client_of).await
    }

    async fn list_clients(&self, realm_id: RealmId, page: &PageRequest) -> StoreResult<Page<Client>> {
        let after = page.after.clone().unwrap_or_default();
        if !may_be_stored(&after) {
            return Err(StoreError::Missing("page"));
        }
        let find = client::Entity::find()
            .filter(client::Column::RealmId.eq(realm_id.0.to_vec()))
            .filter(client::Column::ClientId.gt(after.as_str()))
            .order_by_asc(client::Column::ClientId)
            .limit(page.limit.saturating_add(1));
        let rows = self.read_all(find, client_of).await?;
        Ok(page_of(rows, page, |client: &Client| client.client_id.to_string()))
    }

    async fn is_client_origin(&self, realm_id: RealmId, origin: &str) -> StoreResult<bool> {
        if !may_be_stored(origin) {
            return Ok(false);
        }
        let select = "SELECT 1 FROM client_origins o \
            JOIN clients c ON c.realm_id = o.realm_id AND c.client_id = o.client_id \
            WHERE o.realm_id = ? AND o.origin = ? AND c.enabled = ? LIMIT 1";
        let values = || vec![sql::bytes(&realm_id.0), origin.into(), true.into()];
        let session = self.reader();
        let found = self.read(|| async { session.row(select, values()).await }).await?;
        Ok(found.is_some())
    }

    async fn update_client(
        &self,
        client: &Client,
        keep: Option<KeptClient>,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(UpdateClient { client: client.clone(), keep }, events).await
    }

    async fn raise_client_epoch(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(RaiseEpoch { realm_id, client_id: client_id.clone() }, events).await
    }

    async fn delete_client(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        keep: Option<KeptClient>,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.configure_with(DeleteClient { realm_id, client_id: client_id.clone(), keep }, events).await
    }
}

fn client_of(row: client::Model) -> Result<Client, Failure> {
    let previous = secret_of(row.previous_secret_kind.as_deref(), row.previous_secret)?;
    let secret_life = SecretLife {
        expires_at: row.secret_expires_at.map(UnixTime),
        previous: previous.zip(row.previous_secret_expires_at.map(UnixTime)),
    };
    Ok(Client {
        realm_id: RealmId(fixed(row.realm_id, "clients.realm_id")?),
        client_id: parsed(&row.client_id, "clients.client_id")?,
        enabled: row.enabled,
        metadata: from_json(&row.metadata, "clients.metadata")?,
        settings: from_json(&row.settings, "clients.settings")?,
        secret: secret_of(row.secret_kind.as_deref(), row.secret)?,
        secret_life,
        epoch: row.epoch,
        created_at: UnixTime(row.created_at),
        updated_at: UnixTime(row.updated_at),
        revision: row.revision,
    })
}

fn secret_of(kind: Option<&str>, bytes: Option<Vec<u8>>) -> Result<Option<ClientSecret>, Failure> {
    Ok(match (kind, bytes) {
        (None, None) => None,
        (Some(KEYED), Some(bytes)) => Some(ClientSecret::Keyed(fixed(bytes, "clients.secret")?)),
        (Some(SLOW), Some(bytes)) => {
            Some(ClientSecret::Slow(String::from_utf8(bytes).map_err(|_| corrupt("clients.secret"))?))
        }
        (Some(RECOVERABLE), Some(bytes)) => Some(ClientSecret::Recoverable(bytes)),
        _ => return Err(corrupt("clients.secret_kind")),
    })
}

fn secret_columns(secret: Option<&ClientSecret>) -> (Option<&'static str>, Option<Vec<u8>>) {
    match secret {
        None => (None, None),
        Some(ClientSecret::Keyed(hash)) => (Some(KEYED), Some(hash.to_vec())),
        Some(ClientSecret::Slow(text)) => (Some(SLOW), Some(text.clone().into_bytes())),
        Some(ClientSecret::Recoverable(encrypted)) => (Some(RECOVERABLE), Some(encrypted.clone())),
    }
}

/// Everything that an update may change.
fn changeable(client: &Client) -> Result<client::ActiveModel, Failure> {
    let (kind, secret) = secret_columns(client.secret.as_ref());
    let SecretLife { expires_at, previous } = &client.secret_life;
    let (previous_kind, previous_secret) = secret_columns(previous.as_ref().map(|(secret, _)| secret));
    Ok(client::ActiveModel {
        enabled: Set(client.enabled),
        metadata: Set(to_json(&client.metadata, "clients.metadata")?),
        settings: Set(to_json(&client.settings, "clients.settings")?),
        secret_kind: Set(kind.map(str::to_owned)),
        secret: Set(secret),
        secret_expires_at: Set(expires_at.map(|end| end.0)),
        previous_secret_kind: Set(previous_kind.map(str::to_owned)),
        previous_secret: Set(previous_secret),
        previous_secret_expires_at: Set(previous.as_ref().map(|(_, end)| end.0)),
        updated_at: Set(client.updated_at.0),
        ..client::ActiveModel::default()
    })
}

struct InsertClient {
    client: Client,
}

#[async_trait]
impl Work for InsertClient {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        insert_client(session, &self.client).await?;
        Ok(Ending::Commit(()))
    }
}

/// Inserts a client in a transaction.
pub(crate) async fn insert_client(session: &Session<'_>, client: &Client) -> Result<(), Failure> {
    let mut row = changeable(client)?;
    row.realm_id = Set(client.realm_id.0.to_vec());
    row.client_id = Set(client.client_id.to_string());
    row.epoch = Set(client.epoch);
    row.revision = Set(client.revision);
    row.created_at = Set(client.created_at.0);
    let inserted = session.change(&client::Entity::insert(row)).await;
    inserted.map_err(|failure| failure.naming("client", "realm"))?;
    write_origins(session, client).await?;
    note_change(session, client.realm_id).await
}

/// Keeps the origins of a client's pages where they are found by origin. One that is longer than a host name permits
/// belongs to no page.
async fn write_origins(session: &Session<'_>, client: &Client) -> Result<(), Failure> {
    let origins: Vec<String> =
        client.web_origins().into_iter().filter(|origin| origin.len() <= LONGEST_ORIGIN).collect();
    if origins.is_empty() {
        return Ok(());
    }
    let rows = vec!["(?, ?, ?)"; origins.len()].join(", ");
    let values = origins
        .into_iter()
        .flat_map(|origin| [sql::bytes(&client.realm_id.0), client.client_id.as_str().into(), origin.into()]);
    let insert = format!("INSERT INTO client_origins (realm_id, client_id, origin) VALUES {rows}");
    session.execute(&insert, values.collect()).await?;
    Ok(())
}

/// Whether a realm has a client of a kind.
async fn has_one(session: &Session<'_>, realm_id: RealmId, kept: KeptClient) -> Result<bool, Failure> {
    let of_realm = client::Entity::find().filter(client::Column::RealmId.eq(realm_id.0.to_vec()));
    for row in session.all(of_realm).await? {
        if (kept.is_one)(&client_of(row)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Runs a change after which the realm still has a client of a kind, if it had one. Other such changes wait.
async fn keeping(
    session: &Session<'_>,
    (realm_id, keep): (RealmId, Option<KeptClient>),
    change: impl Future<Output = Result<(), Failure>> + Send,
) -> Result<(), Failure> {
    let Some(keep) = keep else { return change.await };
    lock_realm(session, realm_id).await?;
    let had_one = has_one(session, realm_id, keep).await?;
    change.await?;
    if had_one && !has_one(session, realm_id, keep).await? {
        return Err(StoreError::Needed(keep.why).into());
    }
    Ok(())
}

struct UpdateClient {
    client: Client,
    keep: Option<KeptClient>,
}

/// Replaces a client in a transaction, if it is of the revision that it was read at.
pub(crate) async fn replace_client(session: &Session<'_>, client: &Client) -> Result<(), Failure> {
    let mut row = changeable(client)?;
    row.revision = Set(client.revision + 1);
    let update = client::Entity::update_many()
        .set(row)
        .col_expr(client::Column::Epoch, never_lower(client::Column::Epoch, client.epoch))
        .filter(client::Column::RealmId.eq(client.realm_id.0.to_vec()))
        .filter(client::Column::ClientId.eq(client.client_id.as_str()))
        .filter(client::Column::Revision.eq(client.revision));
    let updated = session.change(&update).await?;
    let place = vec![sql::bytes(&client.realm_id.0), client.client_id.as_str().into()];
    let found = ("clients WHERE realm_id = ? AND client_id = ?", place.clone());
    was_changed(session, (updated, "client"), found).await?;
    session.execute("DELETE FROM client_origins WHERE realm_id = ? AND client_id = ?", place).await?;
    write_origins(session, client).await
}

#[async_trait]
impl Work for UpdateClient {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        keeping(session, (self.client.realm_id, self.keep), replace_client(session, &self.client)).await?;
        note_change(session, self.client.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct RaiseEpoch {
    realm_id: RealmId,
    client_id: ClientId,
}

#[async_trait]
impl Work for RaiseEpoch {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        // The revision too: whoever disables the client in this moment raises the epoch above this one.
        let raise =
            "UPDATE clients SET epoch = epoch + 1, revision = revision + 1 WHERE realm_id = ? AND client_id = ?";
        let client = vec![sql::bytes(&self.realm_id.0), self.client_id.as_str().into()];
        if session.execute(raise, client).await? == 0 {
            return Err(StoreError::Missing("client").into());
        }
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteClient {
    realm_id: RealmId,
    client_id: ClientId,
    keep: Option<KeptClient>,
}

/// Deletes a client with everything that hangs on it, in a transaction.
pub(crate) async fn remove_client(
    session: &Session<'_>,
    realm_id: RealmId,
    client_id: &ClientId,
) -> Result<(), Failure> {
    let client = || vec![sql::bytes(&realm_id.0), client_id.as_str().into()];
    // Consents, origins and its registration go by their foreign keys.
    if session.execute("DELETE FROM clients WHERE realm_id = ? AND client_id = ?", client()).await? == 0 {
        return Err(StoreError::Missing("client").into());
    }
    session.execute("DELETE FROM refresh_families WHERE realm_id = ? AND client_id = ?", client()).await?;
    session.execute("DELETE FROM session_participants WHERE realm_id = ? AND client_id = ?", client()).await?;
    session.execute("DELETE FROM logout_deliveries WHERE realm_id = ? AND client_id = ?", client()).await?;
    session.execute("DELETE FROM client_traffic WHERE realm_id = ? AND client_id = ?", client()).await?;
    delete_scripts_of_client(session, realm_id, client_id).await
}

#[async_trait]
impl Work for DeleteClient {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let removal = remove_client(session, self.realm_id, &self.client_id);
        keeping(session, (self.realm_id, self.keep), removal).await?;
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(()))
    }
}
