//! Clients.

use std::sync::Arc;

use signet_jose::SignatureAlgorithm;
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::ClientId;
use signet_protocol::names::ClientAuthenticationMethod;
use zeroize::Zeroizing;

use super::keys::ensure_key;
use super::{RegistryError, client_metadata};
use crate::client_auth::{recover_secret, secret_place};
use crate::failure::Fault;
use crate::model::{Client, ClientSecret, ClientSettings, RefreshRotation};
use crate::ports::{Page, PageRequest};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Random bytes of a generated secret: 86 characters, enough for every symmetric algorithm.
const SECRET_BYTES: usize = 64;
/// Fewest characters of a secret that an operator chose.
const MINIMUM_CHOSEN_SECRET: usize = 16;

/// What an administrator decides about a client.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRegistration {
    /// What it is registered with.
    pub metadata: ClientMetadata,
    /// What this server adds.
    pub settings: ClientSettings,
    /// Whether it may do anything.
    pub enabled: bool,
}

/// A client and, if one was made just now, its secret: the only time it is seen.
pub struct IssuedSecret {
    /// The client as stored.
    pub client: Arc<Client>,
    /// The secret.
    pub secret: Option<Zeroizing<String>>,
}

/// Registers a client. Without `client_id` one is made; without `chosen_secret` one is made where the client needs it.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_client(
    provider: &Provider,
    realm: &RealmContext,
    client_id: Option<ClientId>,
    registration: ClientRegistration,
    chosen_secret: Option<Zeroizing<String>>,
) -> Result<IssuedSecret, RegistryError> {
    let client_id = match client_id {
        Some(client_id) => client_id,
        None => ClientId::try_from(signet_jose::random_token(&*provider.random, 16))
            .map_err(|error| Fault::internal("a generated identifier", error))?,
    };
    let now = provider.now();
    let mut client = Client {
        realm_id: realm.id(),
        client_id,
        enabled: registration.enabled,
        metadata: registration.metadata,
        settings: registration.settings,
        secret: None,
        // A client of an identifier that was used before starts beyond every epoch of its predecessor.
        epoch: now.0,
        created_at: now,
        updated_at: now,
    };
    check(realm, &client)?;
    let needs_secret = client.metadata.authentication_method().needs_secret();
    if chosen_secret.is_some() && !needs_secret {
        return Err(RegistryError::invalid("client_secret", "the authentication method uses no secret"));
    }
    let mut issued = None;
    if let Some(chosen) = chosen_secret {
        client.secret = Some(chosen_secret_form(provider, realm, &client, &chosen).await?);
    } else if needs_secret {
        issued = Some(new_secret(provider));
        client.secret =
            issued.as_ref().map(|secret| generated_secret_form(provider, realm, &client, secret)).transpose()?;
    }
    ensure_keys(provider, realm, &client).await?;
    provider.store.insert_client(&client).await?;
    Ok(IssuedSecret { client: Arc::new(client), secret: issued })
}

fn check(realm: &RealmContext, client: &Client) -> Result<(), RegistryError> {
    client_metadata::check(&client.metadata, realm.profile_of(client))?;
    let settings = &client.settings;
    if settings.profile.is_some_and(|own| own < realm.realm.settings.profile) {
        return Err(RegistryError::invalid("settings.profile", "is weaker than the realm's"));
    }
    if settings.refresh_rotation == Some(RefreshRotation::Keep) && !client.metadata.is_confidential() {
        let problem = "must rotate for a client that does not authenticate itself (RFC 9700 section 2.2.2)";
        return Err(RegistryError::invalid("settings.refresh_rotation", problem));
    }
    if settings.access_token_seconds.is_some_and(|seconds| !(30..=86_400).contains(&seconds)) {
        return Err(RegistryError::invalid("settings.access_token_seconds", "must be from 30 to 86400"));
    }
    let algorithm = settings.access_token_signed_response_alg.as_deref().map(str::parse::<SignatureAlgorithm>);
    if algorithm.is_some_and(|parsed| parsed.map_or(true, SignatureAlgorithm::is_symmetric)) {
        return Err(RegistryError::invalid(
            "settings.access_token_signed_response_alg",
            "is not an asymmetric signature algorithm of this server",
        ));
    }
    Ok(())
}

/// The algorithms that things for this client are signed with.
async fn ensure_keys(provider: &Provider, realm: &RealmContext, client: &Client) -> Result<(), RegistryError> {
    let metadata = &client.metadata;
    let names = [
        &metadata.id_token_signed_response_alg,
        &metadata.userinfo_signed_response_alg,
        &client.settings.access_token_signed_response_alg,
    ];
    for name in names.into_iter().flatten() {
        if let Ok(algorithm) = name.parse() {
            ensure_key(provider, realm, algorithm).await?;
        }
    }
    Ok(())
}

fn new_secret(provider: &Provider) -> Zeroizing<String> {
    Zeroizing::new(signet_jose::random_token(&*provider.random, SECRET_BYTES))
}

/// The HMAC algorithms a client's secret is used with; while there is one, the server must be able to read the secret.
fn symmetric_uses(metadata: &ClientMetadata) -> Vec<SignatureAlgorithm> {
    let mut uses: Vec<SignatureAlgorithm> =
        [&metadata.id_token_signed_response_alg, &metadata.userinfo_signed_response_alg]
            .into_iter()
            .flatten()
            .filter_map(|name| name.parse().ok())
            .filter(|algorithm: &SignatureAlgorithm| algorithm.is_symmetric())
            .collect();
    if metadata.authentication_method() == ClientAuthenticationMethod::ClientSecretJwt {
        let registered = metadata.token_endpoint_auth_signing_alg.as_deref().and_then(|name| name.parse().ok());
        uses.push(registered.unwrap_or(SignatureAlgorithm::HS256));
    }
    uses
}

fn generated_secret_form(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    secret: &str,
) -> Result<ClientSecret, RegistryError> {
    if symmetric_uses(&client.metadata).is_empty() {
        Ok(ClientSecret::Keyed(realm.client_secret_mac(secret)))
    } else {
        recoverable(provider, realm, client, secret)
    }
}

async fn chosen_secret_form(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    secret: &str,
) -> Result<ClientSecret, RegistryError> {
    if secret.len() < MINIMUM_CHOSEN_SECRET
        || secret.len() > 512
        || !secret.bytes().all(|byte| (0x20..=0x7e).contains(&byte))
    {
        return Err(RegistryError::invalid(
            "client_secret",
            "must have 16 to 512 printable ASCII characters; leave it out to have one made",
        ));
    }
    let uses = symmetric_uses(&client.metadata);
    let needed = uses.iter().map(|algorithm| algorithm.minimum_secret_length()).max();
    if needed.is_some_and(|needed| secret.len() < needed) {
        return Err(RegistryError::invalid(
            "client_secret",
            "is too short for the HMAC algorithms it is used with; leave it out to have one made",
        ));
    }
    if uses.is_empty() {
        Ok(ClientSecret::Slow(provider.passwords.hash(secret, &*provider.random).await?))
    } else {
        recoverable(provider, realm, client, secret)
    }
}

fn recoverable(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    secret: &str,
) -> Result<ClientSecret, RegistryError> {
    let realm_text = realm.id().to_string();
    let encrypted =
        realm.columns().encrypt(secret_place(&realm_text, &client.client_id), secret.as_bytes(), &*provider.random);
    Ok(ClientSecret::Recoverable(
        encrypted.map_err(|error| Fault::internal("a client secret could not be encrypted", error))?,
    ))
}

/// The client of an identifier, disabled or not.
///
/// # Errors
/// `NotFound`.
pub async fn find_client(
    provider: &Provider,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<Arc<Client>, RegistryError> {
    provider.store.client(realm.id(), client_id).await?.ok_or(RegistryError::NotFound("client"))
}

/// The realm's clients by identifier.
///
/// # Errors
/// Faults only.
pub async fn list_clients(
    provider: &Provider,
    realm: &RealmContext,
    page: &PageRequest,
) -> Result<Page<Client>, RegistryError> {
    Ok(provider.store.list_clients(realm.id(), page).await?)
}

/// Replaces what an administrator decides about a client. Disabling it ends everything it was issued. Where the change
/// makes the client need another kind of secret, a new one is made and answered.
///
/// # Errors
/// `Invalid`, `NotFound`.
pub async fn update_client(
    provider: &Provider,
    realm: &RealmContext,
    client_id: &ClientId,
    registration: ClientRegistration,
) -> Result<IssuedSecret, RegistryError> {
    let before = find_client(provider, realm, client_id).await?;
    let mut client = Client {
        metadata: registration.metadata,
        settings: registration.settings,
        enabled: registration.enabled,
        epoch: if before.enabled && !registration.enabled { before.epoch + 1 } else { before.epoch },
        updated_at: provider.now(),
        ..Client::clone(&before)
    };
    check(realm, &client)?;
    let mut issued = None;
    if !client.metadata.authentication_method().needs_secret() {
        client.secret = None;
    } else if client.secret.is_none() || !secret_suffices(realm, &client)? {
        let secret = new_secret(provider);
        client.secret = Some(generated_secret_form(provider, realm, &client, &secret)?);
        issued = Some(secret);
    }
    ensure_keys(provider, realm, &client).await?;
    provider.store.update_client(&client).await?;
    Ok(IssuedSecret { client: Arc::new(client), secret: issued })
}

/// Whether the secret can do what the client is registered for: HMAC algorithms need one that can be read and is long
/// enough (RFC 7518 section 3.2).
fn secret_suffices(realm: &RealmContext, client: &Client) -> Result<bool, RegistryError> {
    let needed = symmetric_uses(&client.metadata).iter().map(|algorithm| algorithm.minimum_secret_length()).max();
    let Some(needed) = needed else { return Ok(true) };
    Ok(recover_secret(realm, client)?.is_some_and(|secret| secret.len() >= needed))
}

/// Replaces the secret by a new one, which is answered. The old one is dead at once.
///
/// # Errors
/// `NotFound`; `Forbidden` if the client uses no secret.
pub async fn rotate_client_secret(
    provider: &Provider,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<IssuedSecret, RegistryError> {
    let before = find_client(provider, realm, client_id).await?;
    if !before.metadata.authentication_method().needs_secret() {
        return Err(RegistryError::Forbidden("the client's authentication method uses no secret"));
    }
    let secret = new_secret(provider);
    let form = generated_secret_form(provider, realm, &before, &secret)?;
    let client = Client { secret: Some(form), updated_at: provider.now(), ..Client::clone(&before) };
    provider.store.update_client(&client).await?;
    Ok(IssuedSecret { client: Arc::new(client), secret: Some(secret) })
}

/// Deletes a client and everything that was issued to it.
///
/// # Errors
/// `NotFound`.
pub async fn delete_client(
    provider: &Provider,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<(), RegistryError> {
    Ok(provider.store.delete_client(realm.id(), client_id).await?)
}
