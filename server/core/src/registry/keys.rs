//! Keys that sign, and keys that clients encrypt to.

use signet_jose::{DecryptionKey, SigningKey};
use signet_protocol::identifiers::KeyId;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, Fact, Object, Parties, Serving, open_chain};
use crate::failure::Fault;
use crate::model::{KeyAlgorithm, KeyState, Realm, SigningKeyRecord};
use crate::provider::Provider;
use crate::realm::{RealmContext, column_cipher, signing_key_place};

/// When a key that replaces another begins to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// At once: after a compromise, or where no client remembers the key set.
    Immediate,
    /// Once it has been published for as long as the realm demands.
    AfterPublication,
}

/// Makes a key; it is stored by the caller. Generation runs on the blocking pool: an RSA key takes a moment.
pub(super) async fn new_signing_key(
    provider: &Provider,
    realm: &Realm,
    algorithm: KeyAlgorithm,
    state: KeyState,
) -> Result<SigningKeyRecord, RegistryError> {
    if algorithm.is_symmetric() {
        return Err(RegistryError::invalid(
            "algorithm",
            "symmetric algorithms use the client's secret, not a key of the realm",
        ));
    }
    let generated = tokio::task::spawn_blocking(move || generate(algorithm)).await;
    let (kid, pkcs8) = generated.map_err(|error| Fault::internal("key generation did not finish", error))??;
    let realm_text = realm.id.to_string();
    let encrypted =
        column_cipher(provider, realm)?.encrypt(signing_key_place(&realm_text, &kid), &pkcs8, &*provider.random);
    let now = provider.now();
    Ok(SigningKeyRecord {
        realm_id: realm.id,
        kid: kid.parse().map_err(|error| Fault::internal("a thumbprint is not a key identifier", error))?,
        algorithm: algorithm.as_str().to_owned(),
        state,
        encrypted_private_key: encrypted.map_err(|error| Fault::internal("a key could not be encrypted", error))?,
        created_at: now,
        state_since: now,
        activates_at: None,
    })
}

/// Identifier and private key of a new key.
fn generate(algorithm: KeyAlgorithm) -> Result<(String, Zeroizing<Vec<u8>>), Fault> {
    let parts = |kid: Option<&str>, pkcs8: Option<&Zeroizing<Vec<u8>>>| {
        kid.map(str::to_owned)
            .zip(pkcs8.cloned())
            .ok_or(Fault::Internal("a generated key has no identifier or no private key", None))
    };
    match algorithm {
        KeyAlgorithm::Signature(algorithm) => {
            let key = SigningKey::generate(algorithm)
                .map_err(|error| Fault::internal("a key could not be generated", error))?;
            parts(key.key_id(), key.pkcs8())
        }
        KeyAlgorithm::Encryption(algorithm) => {
            let key = DecryptionKey::generate(algorithm)
                .map_err(|error| Fault::internal("a key could not be generated", error))?;
            parts(key.key_id(), key.pkcs8())
        }
    }
}

/// Makes and stores a key in a state: future to be ready ahead of use, active to use it at once.
///
/// # Errors
/// `Invalid` for symmetric algorithms and for states a new key cannot be in.
pub async fn create_key(
    serving: &Serving<'_>,
    realm: &RealmContext,
    algorithm: impl Into<KeyAlgorithm>,
    state: KeyState,
) -> Result<SigningKeyRecord, RegistryError> {
    if !matches!(state, KeyState::Future | KeyState::Active) {
        return Err(RegistryError::invalid("state", "a new key is future or active"));
    }
    let key = new_signing_key(serving, &realm.realm, algorithm.into(), state).await?;
    let created = administered(serving, (Object::Key, key.kid.to_string()), Action::Created, Vec::new());
    store(serving, realm, &key, created).await?;
    Ok(key)
}

async fn store(
    serving: &Serving<'_>,
    realm: &RealmContext,
    key: &SigningKeyRecord,
    fact: Fact,
) -> Result<(), RegistryError> {
    let events = serving.with_event(realm, fact.concerning(Parties::default()));
    serving.store.insert_signing_key(key, &events).await?;
    serving.written(&events);
    Ok(())
}

/// Replaces the active key of an algorithm by a new one. A signing key is published before it signs, unless it is to sign
/// at once, and the old one stays published for verification. An encryption key is known to every node before it is
/// published, unless that is to be at once, and the old one still decrypts.
///
/// # Errors
/// `Invalid` for symmetric algorithms.
pub async fn rotate_key(
    serving: &Serving<'_>,
    realm: &RealmContext,
    algorithm: impl Into<KeyAlgorithm>,
    activation: Activation,
) -> Result<SigningKeyRecord, RegistryError> {
    let algorithm = algorithm.into();
    if activation == Activation::Immediate {
        let key = new_signing_key(serving, &realm.realm, algorithm, KeyState::Active).await?;
        let replaced = match algorithm {
            KeyAlgorithm::Signature(algorithm) => {
                realm.signing_keys.active(algorithm).and_then(|key| key.key_id()?.parse().ok())
            }
            KeyAlgorithm::Encryption(algorithm) => {
                realm.encryption_keys.active(algorithm).and_then(|key| key.key_id()?.parse().ok())
            }
        };
        store(serving, realm, &key, rotated(serving, &key, replaced)).await?;
        return Ok(key);
    }
    let mut key = new_signing_key(serving, &realm.realm, algorithm, KeyState::Future).await?;
    key.activates_at = Some(key.created_at.plus(realm.realm.settings.signing_key_lead_seconds));
    let created =
        administered(serving, (Object::Key, key.kid.to_string()), Action::Created, vec!["activates_at".to_owned()]);
    store(serving, realm, &key, created).await?;
    Ok(key)
}

fn rotated(serving: &Serving<'_>, key: &SigningKeyRecord, replaced: Option<KeyId>) -> Fact {
    let actor = serving.origin().actor.clone();
    Fact::KeyRotated { actor, algorithm: key.algorithm.clone(), key: key.kid.clone(), replaced }
}

/// Lets every key sign whose time has come, in any realm; says how many those were.
///
/// # Errors
/// Faults only.
pub async fn activate_due_keys(serving: &Serving<'_>, now: UnixTime) -> Result<u64, RegistryError> {
    let mut activated = 0;
    for key in serving.store.due_keys(now).await? {
        let keys = open_chain(serving, key.realm_id).await?;
        let event = rotated(serving, &key, None).concerning(Parties::default());
        let events = serving.with_event_in((key.realm_id, &keys), event);
        if serving.store.activate_due_key(key.realm_id, &key.kid, now, &events).await? {
            serving.written(&events);
            activated += 1;
        }
    }
    Ok(activated)
}

/// Sees to it that the realm can sign or decrypt with an algorithm that a client is registered for.
pub(super) async fn ensure_key(
    serving: &Serving<'_>,
    realm: &RealmContext,
    algorithm: impl Into<KeyAlgorithm>,
) -> Result<(), RegistryError> {
    let algorithm = algorithm.into();
    let is_there = match algorithm {
        KeyAlgorithm::Signature(algorithm) => realm.signing_keys.active(algorithm).is_some(),
        KeyAlgorithm::Encryption(algorithm) => realm.encryption_keys.active(algorithm).is_some(),
    };
    if algorithm.is_symmetric() || is_there {
        return Ok(());
    }
    create_key(serving, realm, algorithm, KeyState::Active).await.map(drop)
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
    serving: &Serving<'_>,
    realm: &RealmContext,
    kid: &KeyId,
    state: KeyState,
) -> Result<(), RegistryError> {
    let updated = administered(serving, (Object::Key, kid.to_string()), Action::Updated, vec!["state".to_owned()]);
    let events = serving.with_event(realm, updated.concerning(Parties::default()));
    serving.store.set_key_state(realm.id(), kid, (state, serving.now()), &events).await?;
    serving.written(&events);
    Ok(())
}

/// Deletes a key. What was signed with it no longer verifies; what was encrypted to it no longer decrypts.
///
/// # Errors
/// `NotFound`; `Forbidden` for an active key.
pub async fn delete_key(serving: &Serving<'_>, realm: &RealmContext, kid: &KeyId) -> Result<(), RegistryError> {
    let deleted = administered(serving, (Object::Key, kid.to_string()), Action::Deleted, Vec::new());
    let events = serving.with_event(realm, deleted.concerning(Parties::default()));
    serving.store.delete_signing_key(realm.id(), kid, &events).await?;
    serving.written(&events);
    Ok(())
}
