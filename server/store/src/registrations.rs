//! The port of dynamic registrations and of the tokens that open them.

use async_trait::async_trait;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};
use signet_core::events::EventRecord;
use signet_core::model::{InitialAccessToken, Registration};
use signet_core::ports::{
    NewRegistration, Page, PageRequest, RegistrationChange, RegistrationOutcome, Registrations, StoreError, StoreResult,
};
use signet_protocol::identifiers::{ClientId, InitialAccessTokenId, RealmId, RealmName};
use signet_protocol::time::UnixTime;

use crate::clients::{insert_client, remove_client, replace_client};
use crate::column::{fixed, parsed};
use crate::configuration::note_change;
use crate::database::Database;
use crate::entity::{client_registration, initial_access_token};
use crate::failure::Failure;
use crate::realms::{lock_realm, page_of};
use crate::row::Row;
use crate::session::Session;
use crate::sql;
use crate::used_records::insert_used_record;
use crate::work::{Ending, Work};

#[async_trait]
impl Registrations for Database {
    async fn insert_initial_access_token(&self, token: &InitialAccessToken, events: &[EventRecord]) -> StoreResult<()> {
        self.write_with(InsertToken { token: token.clone() }, events).await
    }

    async fn initial_access_token(
        &self,
        realm_id: RealmId,
        token_hash: &[u8; 32],
    ) -> StoreResult<Option<InitialAccessToken>> {
        let find = initial_access_token::Entity::find()
            .filter(initial_access_token::Column::RealmId.eq(realm_id.0.to_vec()))
            .filter(initial_access_token::Column::TokenHash.eq(token_hash.to_vec()));
        self.read_one(find, token_of).await
    }

    async fn initial_access_token_by_id(
        &self,
        realm_id: RealmId,
        id: InitialAccessTokenId,
    ) -> StoreResult<Option<InitialAccessToken>> {
        let find = initial_access_token::Entity::find_by_id((realm_id.0.to_vec(), id.0.to_vec()));
        self.read_one(find, token_of).await
    }

    async fn list_initial_access_tokens(
        &self,
        realm_id: RealmId,
        page: &PageRequest,
    ) -> StoreResult<Page<InitialAccessToken>> {
        let mut find =
            initial_access_token::Entity::find().filter(initial_access_token::Column::RealmId.eq(realm_id.0.to_vec()));
        if let Some(after) = &page.after {
            let after: InitialAccessTokenId = after.parse().map_err(|_| StoreError::Missing("page"))?;
            find = find.filter(initial_access_token::Column::Id.gt(after.0.to_vec()));
        }
        let find = find.order_by_asc(initial_access_token::Column::Id).limit(page.limit.saturating_add(1));
        let rows = self.read_all(find, token_of).await?;
        Ok(page_of(rows, page, |token: &InitialAccessToken| token.id.to_string()))
    }

    async fn delete_initial_access_token(
        &self,
        realm_id: RealmId,
        id: InitialAccessTokenId,
        events: &[EventRecord],
    ) -> StoreResult<()> {
        self.write_with(DeleteToken { realm_id, id }, events).await
    }

    async fn register_client(
        &self,
        registration: &NewRegistration,
        events: &[EventRecord],
    ) -> StoreResult<RegistrationOutcome> {
        self.configure_with(Register { new: registration.clone() }, events).await
    }

    async fn registration(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Registration>> {
        let find = client_registration::Entity::find_by_id((realm_id.0.to_vec(), client_id.to_string()));
        self.read_one(find, registration_of).await
    }

    async fn change_registration(&self, change: &RegistrationChange, events: &[EventRecord]) -> StoreResult<bool> {
        self.configure_with(ChangeRegistration { change: change.clone() }, events).await
    }

    async fn note_client_use(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        unused_at: Option<UnixTime>,
    ) -> StoreResult<()> {
        self.write(NoteUse { realm_id, client_id: client_id.clone(), unused_at }).await
    }

    async fn unused_clients(&self, now: UnixTime, limit: u64) -> StoreResult<Vec<(RealmName, ClientId)>> {
        let session = self.reader();
        self.read(|| unused_clients(&session, now, limit)).await
    }

    async fn delete_unused_client(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        now: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.configure_with(DeleteUnused { realm_id, client_id: client_id.clone(), now }, events).await
    }
}

fn token_of(row: initial_access_token::Model) -> Result<InitialAccessToken, Failure> {
    Ok(InitialAccessToken {
        realm_id: RealmId(fixed(row.realm_id, "initial_access_tokens.realm_id")?),
        id: InitialAccessTokenId(fixed(row.id, "initial_access_tokens.id")?),
        token_hash: fixed(row.token_hash, "initial_access_tokens.token_hash")?,
        description: row.description,
        uses_left: row.uses_left,
        expires_at: UnixTime(row.expires_at),
        created_at: UnixTime(row.created_at),
    })
}

fn registration_of(row: client_registration::Model) -> Result<Registration, Failure> {
    let token = row.initial_access_token.map(|id| fixed(id, "client_registrations.initial_access_token"));
    Ok(Registration {
        realm_id: RealmId(fixed(row.realm_id, "client_registrations.realm_id")?),
        client_id: parsed(&row.client_id, "client_registrations.client_id")?,
        token_hash: fixed(row.token_hash, "client_registrations.token_hash")?,
        software_statement: row.software_statement,
        initial_access_token: token.transpose()?.map(InitialAccessTokenId),
        unused_at: row.unused_at.map(UnixTime),
    })
}

async fn unused_clients(
    session: &Session<'_>,
    now: UnixTime,
    limit: u64,
) -> Result<Vec<(RealmName, ClientId)>, Failure> {
    let select = "SELECT r.name, c.client_id FROM client_registrations c JOIN realms r ON r.realm_id = c.realm_id \
                  WHERE c.unused_at <= ? ORDER BY c.unused_at LIMIT ?";
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = session.rows(select, vec![now.0.into(), limit.into()]).await?;
    let named = |row: Row| {
        let (name, client_id): (String, String) = (row.at(0)?, row.at(1)?);
        Ok((parsed(&name, "realms.name")?, parsed(&client_id, "client_registrations.client_id")?))
    };
    rows.into_iter().map(named).collect()
}

struct InsertToken {
    token: InitialAccessToken,
}

#[async_trait]
impl Work for InsertToken {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let InitialAccessToken { realm_id, id, token_hash, description, uses_left, expires_at, created_at } =
            &self.token;
        let row = initial_access_token::ActiveModel {
            realm_id: Set(realm_id.0.to_vec()),
            id: Set(id.0.to_vec()),
            token_hash: Set(token_hash.to_vec()),
            description: Set(description.clone()),
            uses_left: Set(*uses_left),
            expires_at: Set(expires_at.0),
            created_at: Set(created_at.0),
        };
        let inserted = session.change(&initial_access_token::Entity::insert(row)).await;
        inserted.map_err(|failure| failure.naming("initial access token", "realm"))?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteToken {
    realm_id: RealmId,
    id: InitialAccessTokenId,
}

#[async_trait]
impl Work for DeleteToken {
    type Outcome = ();

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let delete = "DELETE FROM initial_access_tokens WHERE realm_id = ? AND id = ?";
        match session.execute(delete, vec![sql::bytes(&self.realm_id.0), sql::bytes(&self.id.0)]).await? {
            0 => Err(StoreError::Missing("initial access token").into()),
            _ => Ok(Ending::Commit(())),
        }
    }
}

struct Register {
    new: NewRegistration,
}

#[async_trait]
impl Work for Register {
    type Outcome = RegistrationOutcome;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<RegistrationOutcome>, Failure> {
        let NewRegistration { client, registration, statement, maximum_clients, now } = &self.new;
        let realm_id = client.realm_id;
        // Whoever registers in this realm waits here, so that the count below holds.
        lock_realm(session, realm_id).await?;
        if let Some(id) = registration.initial_access_token
            && !use_token(session, realm_id, id, *now).await?
        {
            return Ok(Ending::RollBack(RegistrationOutcome::TokenSpent));
        }
        if let Some(record) = statement
            && !insert_used_record(session, realm_id, record).await?
        {
            return Ok(Ending::RollBack(RegistrationOutcome::StatementUsed));
        }
        let count = "SELECT COUNT(*) FROM client_registrations WHERE realm_id = ?";
        let count = session.row(count, vec![sql::bytes(&realm_id.0)]).await?;
        if count.map_or(Ok(0), |row| row.at::<i64>(0))? >= *maximum_clients {
            return Ok(Ending::RollBack(RegistrationOutcome::Full));
        }
        insert_client(session, client).await?;
        let row = client_registration::ActiveModel {
            realm_id: Set(realm_id.0.to_vec()),
            client_id: Set(client.client_id.to_string()),
            token_hash: Set(registration.token_hash.to_vec()),
            software_statement: Set(registration.software_statement.clone()),
            initial_access_token: Set(registration.initial_access_token.map(|id| id.0.to_vec())),
            unused_at: Set(registration.unused_at.map(|time| time.0)),
        };
        session.change(&client_registration::Entity::insert(row)).await?;
        Ok(Ending::Commit(RegistrationOutcome::Registered))
    }
}

/// Takes one use from an initial access token; says whether it had one left.
async fn use_token(
    session: &Session<'_>,
    realm_id: RealmId,
    id: InitialAccessTokenId,
    now: UnixTime,
) -> Result<bool, Failure> {
    let update = "UPDATE initial_access_tokens SET uses_left = uses_left - 1 \
                  WHERE realm_id = ? AND id = ? AND uses_left > 0 AND expires_at > ?";
    let values = vec![sql::bytes(&realm_id.0), sql::bytes(&id.0), now.0.into()];
    Ok(session.execute(update, values).await? == 1)
}

struct ChangeRegistration {
    change: RegistrationChange,
}

#[async_trait]
impl Work for ChangeRegistration {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let RegistrationChange { client, old_token_hash, registration, statement } = &self.change;
        replace_client(session, client).await?;
        if let Some(record) = statement
            && !insert_used_record(session, client.realm_id, record).await?
        {
            return Ok(Ending::RollBack(false));
        }
        let update = "UPDATE client_registrations SET token_hash = ?, software_statement = ?, unused_at = ? \
                      WHERE realm_id = ? AND client_id = ? AND token_hash = ?";
        let values = vec![
            sql::bytes(&registration.token_hash),
            registration.software_statement.clone().into(),
            registration.unused_at.map(|time| time.0).into(),
            sql::bytes(&client.realm_id.0),
            client.client_id.as_str().into(),
            sql::bytes(old_token_hash),
        ];
        if session.execute(update, values).await? == 0 {
            return Err(StoreError::Changed("registration").into());
        }
        note_change(session, client.realm_id).await?;
        Ok(Ending::Commit(true))
    }
}

struct NoteUse {
    realm_id: RealmId,
    client_id: ClientId,
    unused_at: Option<UnixTime>,
}

#[async_trait]
impl Work for NoteUse {
    type Outcome = ();

    fn is_one_statement(&self) -> bool {
        true
    }

    async fn run(&self, session: &Session<'_>) -> Result<Ending<()>, Failure> {
        let update = "UPDATE client_registrations SET unused_at = ? WHERE realm_id = ? AND client_id = ?";
        let values = vec![
            self.unused_at.map(|time| time.0).into(),
            sql::bytes(&self.realm_id.0),
            self.client_id.as_str().into(),
        ];
        session.execute(update, values).await?;
        Ok(Ending::Commit(()))
    }
}

struct DeleteUnused {
    realm_id: RealmId,
    client_id: ClientId,
    now: UnixTime,
}

#[async_trait]
impl Work for DeleteUnused {
    type Outcome = bool;

    async fn run(&self, session: &Session<'_>) -> Result<Ending<bool>, Failure> {
        let delete = "DELETE FROM client_registrations WHERE realm_id = ? AND client_id = ? AND unused_at <= ?";
        let values = vec![sql::bytes(&self.realm_id.0), self.client_id.as_str().into(), self.now.0.into()];
        if session.execute(delete, values).await? == 0 {
            return Ok(Ending::RollBack(false));
        }
        remove_client(session, self.realm_id, &self.client_id).await?;
        note_change(session, self.realm_id).await?;
        Ok(Ending::Commit(true))
    }
}
