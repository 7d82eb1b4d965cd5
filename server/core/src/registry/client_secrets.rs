//! Secrets of clients: made or chosen, kept in the form that their algorithms need, replaced.

use std::sync::Arc;

use signet_jose::SignatureAlgorithm;
use signet_protocol::client_metadata::ClientMetadata;
use signet_protocol::identifiers::ClientId;
use signet_protocol::names::ClientAuthenticationMethod;
use zeroize::Zeroizing;

use super::changes::client_change;
use super::clients::client_as_stored;
use super::{RegistryError, response_encryption};
use crate::client_auth::{recover_secret, secret_place};
use crate::events::{Action, Serving};
use crate::failure::Fault;
use crate::model::{Client, ClientSecret, SecretLife};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// Random bytes of a generated secret: 86 characters, enough for every symmetric algorithm.
const SECRET_BYTES: usize = 64;
/// Fewest characters of a secret that an operator chose.
const MINIMUM_CHOSEN_SECRET: usize = 16;

/// A client and, if one was made just now, its secret: the only time it is seen.
pub struct IssuedSecret {
    /// The client as stored.
    pub client: Arc<Client>,
    /// The secret.
    pub secret: Option<Zeroizing<String>>,
}

pub(super) fn new_secret(provider: &Provider) -> Zeroizing<String> {
    Zeroizing::new(signet_jose::random_token(&*provider.random, SECRET_BYTES))
}

/// The shortest secret, in octets, that the client's symmetric algorithms need (RFC 7518 section 3.2, OpenID Connect Core
/// 16.19). While there is one, the server must be able to read the secret; nothing where there is none.
fn readable_secret(metadata: &ClientMetadata) -> Option<usize> {
    let mut uses: Vec<SignatureAlgorithm> = [
        &metadata.id_token_signed_response_alg,
        &metadata.userinfo_signed_response_alg,
        &metadata.authorization_signed_response_alg,
        &metadata.introspection_signed_response_alg,
        &metadata.request_object_signing_alg,
    ]
    .into_iter()
    .flatten()
    .filter_map(|name| name.parse().ok())
    .filter(|algorithm: &SignatureAlgorithm| algorithm.is_symmetric())
    .collect();
    if metadata.authentication_method() == ClientAuthenticationMethod::ClientSecretJwt {
        let registered = metadata.token_endpoint_auth_signing_alg.as_deref().and_then(|name| name.parse().ok());
        uses.push(registered.unwrap_or(SignatureAlgorithm::HS256));
    }
    let signatures = uses.iter().map(|algorithm| algorithm.minimum_secret_length()).max();
    signatures.max(response_encryption::shortest_secret(metadata))
}

pub(super) fn generated_secret_form(
    provider: &Provider,
    realm: &RealmContext,
    client: &Client,
    secret: &str,
) -> Result<ClientSecret, RegistryError> {
    if readable_secret(&client.metadata).is_none() {
        Ok(ClientSecret::Keyed(realm.client_secret_mac(secret)))
    } else {
        recoverable(provider, realm, client, secret)
    }
}

pub(super) async fn chosen_secret_form(
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
    let needed = readable_secret(&client.metadata);
    if needed.is_some_and(|needed| secret.len() < needed) {
        return Err(RegistryError::invalid(
            "client_secret",
            "is too short for the symmetric algorithms it is used with; leave it out to have one made",
        ));
    }
    if needed.is_none() {
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

/// Makes the secret of a changed client one that its authentication method and algorithms need; answers a new one.
pub(crate) fn fit_secret(
    provider: &Provider,
    realm: &RealmContext,
    client: &mut Client,
) -> Result<Option<Zeroizing<String>>, RegistryError> {
    if !client.metadata.authentication_method().needs_secret() {
        client.secret = None;
        client.secret_life = SecretLife::default();
        return Ok(None);
    }
    if client.secret.is_some() && secret_suffices(realm, client)? {
        return Ok(None);
    }
    client.secret = None;
    renew_secret(provider, realm, client).map(Some)
}

/// Gives a client a new secret. The one before it stays good for as long as the realm says, and no longer than it would
/// have been; a new one of a client that registered itself ends when the realm says.
pub(crate) fn renew_secret(
    provider: &Provider,
    realm: &RealmContext,
    client: &mut Client,
) -> Result<Zeroizing<String>, RegistryError> {
    let (settings, now) = (&realm.realm.settings, provider.now());
    let overlap = settings.client_secret_overlap_seconds;
    let secret = new_secret(provider);
    let form = generated_secret_form(provider, realm, client, &secret)?;
    let ends = client.secret_life.expires_at.map_or(now.plus(overlap), |end| end.min(now.plus(overlap)));
    let previous = client.secret.replace(form).filter(|_| ends > now).map(|secret| (secret, ends));
    let seconds = settings.registration.client_secret_seconds;
    let expires_at = (client.settings.dynamically_registered && seconds > 0).then(|| now.plus(seconds));
    client.secret_life = SecretLife { expires_at, previous };
    Ok(secret)
}

/// Whether the secret can do what the client is registered for: HMAC algorithms need one that can be read and is long
/// enough (RFC 7518 section 3.2).
fn secret_suffices(realm: &RealmContext, client: &Client) -> Result<bool, RegistryError> {
    let Some(needed) = readable_secret(&client.metadata) else { return Ok(true) };
    Ok(recover_secret(realm, client)?.is_some_and(|secret| secret.len() >= needed))
}

/// Replaces the secret by a new one, which is answered. The old one stays good for as long as the realm says.
///
/// # Errors
/// `NotFound`; `Changed` if somebody else changes the client at the same time; `Forbidden` if it uses no secret.
pub async fn rotate_client_secret(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<IssuedSecret, RegistryError> {
    let before = client_as_stored(serving, realm, client_id).await?;
    if !before.metadata.authentication_method().needs_secret() {
        return Err(RegistryError::Forbidden("the client's authentication method uses no secret"));
    }
    let mut client = Client { updated_at: serving.now(), ..before };
    let secret = renew_secret(serving, realm, &mut client)?;
    let events = serving.with_event(realm, client_change(serving, &client, Action::SecretRotated, Vec::new()));
    serving.store.update_client(&client, None, &events).await?;
    serving.written(&events);
    client.revision += 1;
    Ok(IssuedSecret { client: Arc::new(client), secret: Some(secret) })
}
