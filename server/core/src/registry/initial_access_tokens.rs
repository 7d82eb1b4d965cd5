//! Initial access tokens (RFC 7591 section 3): what opens a registration endpoint that is not open to everybody.

use signet_jose::{digest, random};
use signet_protocol::identifiers::InitialAccessTokenId;
use zeroize::Zeroizing;

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, EventRecord, Object, Parties, Serving};
use crate::model::InitialAccessToken;
use crate::ports::{Page, PageRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Random bytes of a token.
const TOKEN_BYTES: usize = 32;
/// Longest life in seconds.
const LONGEST_LIFE: i64 = 31_536_000;
/// Most registrations that one token permits.
const MOST_USES: i64 = 100_000;

/// What an administrator decides about an initial access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitialAccessTokenRequest {
    /// What it is for: at most 200 characters.
    pub description: String,
    /// Registrations it permits: 1 to 100000.
    pub uses: i64,
    /// How long it lives, in seconds: 60 to 31536000.
    pub seconds: i64,
}

/// A token that was made just now: the only time it is seen.
pub struct IssuedInitialAccessToken {
    /// What is kept of it.
    pub kept: InitialAccessToken,
    /// The token itself.
    pub token: Zeroizing<String>,
}

/// Makes an initial access token.
///
/// # Errors
/// `Invalid`.
pub async fn create_initial_access_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    request: InitialAccessTokenRequest,
) -> Result<IssuedInitialAccessToken, RegistryError> {
    let InitialAccessTokenRequest { description, uses, seconds } = request;
    if description.chars().count() > 200 || description.chars().any(char::is_control) {
        return Err(RegistryError::invalid(
            "description",
            "must have at most 200 characters, none a control character",
        ));
    }
    if !(1..=MOST_USES).contains(&uses) {
        return Err(RegistryError::invalid("uses", format!("must be from 1 to {MOST_USES}")));
    }
    if !(60..=LONGEST_LIFE).contains(&seconds) {
        return Err(RegistryError::invalid("seconds", format!("must be from 60 to {LONGEST_LIFE}")));
    }
    let token = Zeroizing::new(signet_jose::random_token(&*serving.random, TOKEN_BYTES));
    let now = serving.now();
    let kept = InitialAccessToken {
        realm_id: realm.id(),
        id: InitialAccessTokenId(random::random_bytes(&*serving.random)),
        token_hash: digest::sha256(token.as_bytes()),
        description,
        uses_left: uses,
        expires_at: now.plus(seconds),
        created_at: now,
    };
    let events = changed(serving, realm, kept.id, Action::Created);
    serving.store.insert_initial_access_token(&kept, &events).await?;
    serving.written(&events);
    Ok(IssuedInitialAccessToken { kept, token })
}

fn changed(serving: &Serving<'_>, realm: &RealmContext, id: InitialAccessTokenId, action: Action) -> Vec<EventRecord> {
    let fact = administered(serving, (Object::InitialAccessToken, id.to_string()), action, Vec::new());
    serving.with_event(realm, fact.concerning(Parties::default()))
}

/// The initial access token of an identifier, used up or not.
///
/// # Errors
/// `NotFound`.
pub async fn find_initial_access_token(
    provider: &Provider,
    realm: &RealmContext,
    id: InitialAccessTokenId,
) -> Result<InitialAccessToken, RegistryError> {
    let found = provider.store.initial_access_token_by_id(realm.id(), id).await?;
    found.ok_or(RegistryError::NotFound("initial access token"))
}

/// The initial access tokens of a realm by identifier.
///
/// # Errors
/// Faults only.
pub async fn list_initial_access_tokens(
    provider: &Provider,
    realm: &RealmContext,
    page: &PageRequest,
) -> Result<Page<InitialAccessToken>, RegistryError> {
    Ok(provider.store.list_initial_access_tokens(realm.id(), page).await?)
}

/// Revokes an initial access token. Clients that were registered with it stay.
///
/// # Errors
/// `NotFound`.
pub async fn revoke_initial_access_token(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: InitialAccessTokenId,
) -> Result<(), RegistryError> {
    let events = changed(serving, realm, id, Action::Deleted);
    serving.store.delete_initial_access_token(realm.id(), id, &events).await?;
    serving.written(&events);
    Ok(())
}
