//! Signing keys.

use signet_jose::{SignatureAlgorithm, SigningKey};
use signet_protocol::identifiers::KeyId;

use super::RegistryError;
use crate::failure::Fault;
use crate::model::{KeyState, Realm, SigningKeyRecord};
use crate::provider::Provider;
use crate::realm::{RealmContext, column_cipher, signing_key_place};

/// Makes a key; it is stored by the caller. Generation runs on the blocking pool: an RSA key takes a moment.
pub(super) async fn new_signing_key(
    provider: &Provider,
    realm: &Realm,
    algorithm: SignatureAlgorithm,
    state: KeyState,
) -> Result<SigningKeyRecord, RegistryError> {
    if algorithm.is_symmetric() {
        return Err(RegistryError::invalid(
            "algorithm",
            "symmetric algorithms sign with the client's secret, not with a key of the realm",
        ));
    }
    let generated = tokio::task::spawn_blocking(move || SigningKey::generate(algorithm)).await;
    let key = generated
        .map_err(|error| Fault::internal("key generation did not finish", error))?
        .map_err(|error| Fault::internal("a key could not be generated", error))?;
    let (Some(kid), Some(pkcs8)) = (key.key_id(), key.pkcs8()) else {
        return Err(Fault::Internal("a generated key has no identifier or no private key", None).into());
    };
    let realm_text = realm.id.to_string();
    let encrypted =
        column_cipher(provider, realm)?.encrypt(signing_key_place(&realm_text, kid), pkcs8, &*provider.random);
    let now = provider.now();
    Ok(SigningKeyRecord {
        realm_id: realm.id,
        kid: kid.parse().map_err(|error| Fault::internal("a thumbprint is not a key identifier", error))?,
        algorithm: algorithm.as_str().to_owned(),
        state,
        encrypted_private_key: encrypted.map_err(|error| Fault::internal("a key could not be encrypted", error))?,
        created_at: now,
        state_since: now,
    })
}

/// Makes and stores a key in a state: future to publish it ahead of use, active to sign with it at once.
///
/// # Errors
/// `Invalid` for symmetric algorithms and for states a new key cannot be in.
pub async fn create_key(
    provider: &Provider,
    realm: &RealmContext,
    algorithm: SignatureAlgorithm,
    state: KeyState,
) -> Result<SigningKeyRecord, RegistryError> {
    if !matches!(state, KeyState::Future | KeyState::Active) {
        return Err(RegistryError::invalid("state", "a new key is future or active"));
    }
    let key = new_signing_key(provider, &realm.realm, algorithm, state).await?;
    provider.store.insert_signing_key(&key).await?;
    Ok(key)
}

/// Replaces the active key of an algorithm by a new one; the old one stays published for verification.
///
/// # Errors
/// `Invalid` for symmetric algorithms.
pub async fn rotate_key(
    provider: &Provider,
    realm: &RealmContext,
    algorithm: SignatureAlgorithm,
) -> Result<SigningKeyRecord, RegistryError> {
    create_key(provider, realm, algorithm, KeyState::Active).await
}

/// Sees to it that the realm can sign with an algorithm that a client is registered for.
pub(super) async fn ensure_key(
    provider: &Provider,
    realm: &RealmContext,
    algorithm: SignatureAlgorithm,
) -> Result<(), RegistryError> {
    if algorithm.is_symmetric() || realm.signing_keys.active(algorithm).is_some() {
        return Ok(());
    }
    create_key(provider, realm, algorithm, KeyState::Active).await.map(drop)
}

/// Every key of the realm, oldest first.
///
/// # Errors
/// Faults only.
pub async fn list_keys(provider: &Provider, realm: &RealmContext) -> Result<Vec<SigningKeyRecord>, RegistryError> {
    Ok(provider.store.signing_keys(realm.id()).await?)
}

/// One key.
///
/// # Errors
/// `NotFound`.
pub async fn find_key(
    provider: &Provider,
    realm: &RealmContext,
    kid: &KeyId,
) -> Result<SigningKeyRecord, RegistryError> {
    let keys = list_keys(provider, realm).await?;
    keys.into_iter().find(|key| key.kid == *kid).ok_or(RegistryError::NotFound("key"))
}

/// Moves a key to another state.
///
/// # Errors
/// `NotFound`; `Forbidden` for taking away the only active key of an algorithm.
pub async fn set_key_state(
    provider: &Provider,
    realm: &RealmContext,
    kid: &KeyId,
    state: KeyState,
) -> Result<(), RegistryError> {
    let key = find_key(provider, realm, kid).await?;
    if key.state == KeyState::Active && state != KeyState::Active {
        return Err(RegistryError::Forbidden("this key signs; rotate it first, then the old key may be retired"));
    }
    Ok(provider.store.set_key_state(realm.id(), kid, state, provider.now()).await?)
}

/// Deletes a key. What was signed with it no longer verifies.
///
/// # Errors
/// `NotFound`; `Forbidden` for a key that signs.
pub async fn delete_key(provider: &Provider, realm: &RealmContext, kid: &KeyId) -> Result<(), RegistryError> {
    if find_key(provider, realm, kid).await?.state == KeyState::Active {
        return Err(RegistryError::Forbidden("this key signs; rotate it first, then the old key may be deleted"));
    }
    Ok(provider.store.delete_signing_key(realm.id(), kid).await?)
}
