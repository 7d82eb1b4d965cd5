//! Storage of dynamic registrations and of the tokens that open them.

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, InitialAccessTokenId, RealmId, RealmName};
use signet_protocol::time::UnixTime;

use super::{Page, PageRequest, StoreResult};
use crate::events::EventRecord;
use crate::model::{Client, InitialAccessToken, Registration, UsedRecord};

/// A client that is to be registered, and what that uses up.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRegistration {
    /// The client.
    pub client: Client,
    /// What is kept beside it. Its initial access token, if there is one, loses one use.
    pub registration: Registration,
    /// The mark of a software statement that counts once.
    pub statement: Option<UsedRecord>,
    /// Most dynamically registered clients of the realm, this one included.
    pub maximum_clients: i64,
    /// The time now.
    pub now: UnixTime,
}

/// What became of a registration. In all cases but the first nothing was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationOutcome {
    /// The client is there.
    Registered,
    /// The initial access token is gone, used up or has expired.
    TokenSpent,
    /// The software statement was used before.
    StatementUsed,
    /// The realm has as many clients as it permits.
    Full,
}

/// A client that registered itself and changes itself.
#[derive(Debug, Clone, PartialEq)]
pub struct RegistrationChange {
    /// The client as it shall be; its revision is the one that it was read at.
    pub client: Client,
    /// The hash of the registration access token that the request presented.
    pub old_token_hash: [u8; 32],
    /// What is kept beside the client from now on.
    pub registration: Registration,
    /// The mark of a software statement that counts once.
    pub statement: Option<UsedRecord>,
}

/// Storage of dynamic registrations and of the tokens that open them.
#[async_trait]
pub trait Registrations: Send + Sync {
    /// Inserts an initial access token.
    async fn insert_initial_access_token(&self, token: &InitialAccessToken, events: &[EventRecord]) -> StoreResult<()>;

    /// The initial access token of a hash, used up or not.
    async fn initial_access_token(
        &self,
        realm_id: RealmId,
        token_hash: &[u8; 32],
    ) -> StoreResult<Option<InitialAccessToken>>;

    /// The initial access token of an identifier, used up or not.
    async fn initial_access_token_by_id(
        &self,
        realm_id: RealmId,
        id: InitialAccessTokenId,
    ) -> StoreResult<Option<InitialAccessToken>>;

    /// The initial access tokens of a realm by identifier.
    async fn list_initial_access_tokens(
        &self,
        realm_id: RealmId,
        page: &PageRequest,
    ) -> StoreResult<Page<InitialAccessToken>>;

    /// Deletes an initial access token. Clients that were registered with it stay.
    ///
    /// # Errors
    /// `Missing`.
    async fn delete_initial_access_token(
        &self,
        realm_id: RealmId,
        id: InitialAccessTokenId,
        events: &[EventRecord],
    ) -> StoreResult<()>;

    /// Registers a client: uses up what it takes and inserts it, in one transaction.
    ///
    /// # Errors
    /// `Duplicate` if the identifier is taken in the realm.
    async fn register_client(
        &self,
        registration: &NewRegistration,
        events: &[EventRecord],
    ) -> StoreResult<RegistrationOutcome>;

    /// What is kept of a client's registration; nothing for a client that an administrator registered.
    async fn registration(&self, realm_id: RealmId, client_id: &ClientId) -> StoreResult<Option<Registration>>;

    /// Changes a client and its registration in one transaction; says whether its software statement was still good.
    ///
    /// # Errors
    /// `Missing`; `Changed` if the client is of another revision or the registration access token is another by now.
    async fn change_registration(&self, change: &RegistrationChange, events: &[EventRecord]) -> StoreResult<bool>;

    /// The client was used: moves the time when it goes to `unused_at`, or to never.
    async fn note_client_use(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        unused_at: Option<UnixTime>,
    ) -> StoreResult<()>;

    /// Clients of all realms that went unused for too long, at most `limit`, the longest unused first.
    async fn unused_clients(&self, now: UnixTime, limit: u64) -> StoreResult<Vec<(RealmName, ClientId)>>;

    /// Deletes a client with everything that hangs on it, if it is still unused for too long; says whether it was.
    async fn delete_unused_client(
        &self,
        realm_id: RealmId,
        client_id: &ClientId,
        now: UnixTime,
        events: &[EventRecord],
    ) -> StoreResult<bool>;
}
