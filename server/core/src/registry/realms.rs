//! Realms.

use std::sync::Arc;

use signet_jose::{DataKey, SealingKey, SignatureAlgorithm, random};
use signet_protocol::identifiers::{RealmId, RealmName};

use super::changes::{administered, realm_fields};
use super::keys::new_signing_key;
use super::{ADMIN_REALM, RegistryError, realm_settings};
use crate::events::{Action, Event, Object, Parties, Serving};
use crate::failure::{Failure, Fault};
use crate::model::{KeyState, Realm, RealmSettings, SealingKeyRecord};
use crate::ports::{Page, PageRequest};
use crate::provider::Provider;
use crate::realm::{RealmContext, column_cipher, sealing_key_place};

/// The algorithms every realm can sign with from the start: what OpenID Connect demands, and what is small and fast.
const FIRST_ALGORITHMS: [SignatureAlgorithm; 2] = [SignatureAlgorithm::RS256, SignatureAlgorithm::ES256];

/// What an administrator decides about a realm.
#[derive(Debug, Clone, PartialEq)]
pub struct RealmChange {
    /// The path segment of the issuer. Changing it changes the issuer.
    pub name: RealmName,
    /// Shown on pages.
    pub display_name: String,
    /// Whether it answers.
    pub enabled: bool,
    /// Policy.
    pub settings: RealmSettings,
}

fn check(change: &RealmChange) -> Result<(), RegistryError> {
    let length = change.display_name.chars().count();
    if !(1..=100).contains(&length) || change.display_name.chars().any(char::is_control) {
        return Err(RegistryError::invalid("display_name", "must have 1 to 100 characters and no control characters"));
    }
    realm_settings::check(&change.settings)
}

/// Makes a realm with its first keys.
///
/// # Errors
/// `Invalid`, `Duplicate`.
pub async fn create_realm(serving: &Serving<'_>, change: RealmChange) -> Result<Arc<RealmContext>, RegistryError> {
    check(&change)?;
    let random = &*serving.random;
    let id = RealmId(random::random_bytes(random));
    let data_key = DataKey::generate(random);
    let wrapped = serving.root_key.wrap(&id.to_string(), &data_key, random);
    let now = serving.now();
    let realm = Realm {
        id,
        name: change.name,
        display_name: change.display_name,
        enabled: change.enabled,
        settings: change.settings,
        epoch: 0,
        timeline: 1,
        wrapped_data_key: wrapped.map_err(|error| Fault::internal("a data key could not be wrapped", error))?,
        root_key_id: serving.root_key.id().to_owned(),
        created_at: now,
        updated_at: now,
        revision: 0,
    };
    let mut signing = Vec::with_capacity(FIRST_ALGORITHMS.len());
    for algorithm in FIRST_ALGORITHMS {
        signing.push(new_signing_key(serving, &realm, algorithm.into(), KeyState::Active).await?);
    }
    let sealing = first_sealing_key(serving, &realm)?;
    // The admin realm keeps the trace: it is there before the realm and after it.
    let created = realm_change(serving, &realm, Action::Created, Vec::new());
    let admin = admin_realm(serving).await?;
    let events = admin.as_ref().map(|admin| serving.with_event(admin, created.clone())).unwrap_or_default();
    serving.store.insert_realm(&realm, &signing, &sealing, &events).await?;
    serving.written(&events);
    let context = find_realm(serving, &realm.name).await?;
    if admin.is_none() {
        serving.write(&context, created).await?;
    }
    Ok(context)
}

fn realm_change(serving: &Serving<'_>, realm: &Realm, action: Action, fields: Vec<String>) -> Event {
    administered(serving, (Object::Realm, realm.name.to_string()), action, fields).concerning(Parties::default())
}

/// The admin realm; nothing while there is none.
async fn admin_realm(serving: &Serving<'_>) -> Result<Option<Arc<RealmContext>>, RegistryError> {
    let name = ADMIN_REALM.parse().map_err(|error| Fault::internal("the admin realm's name", error))?;
    match find_realm(serving, &name).await {
        Ok(realm) => Ok(Some(realm)),
        Err(RegistryError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn first_sealing_key(provider: &Provider, realm: &Realm) -> Result<SealingKeyRecord, Fault> {
    let key = SealingKey::generate(1, &*provider.random);
    let row = 1i64.to_be_bytes();
    let realm_text = realm.id.to_string();
    let encrypted_key = column_cipher(provider, realm)?
        .encrypt(sealing_key_place(&realm_text, &row), key.bytes().as_slice(), &*provider.random)
        .map_err(|error| Fault::internal("a sealing key could not be encrypted", error))?;
    Ok(SealingKeyRecord { realm_id: realm.id, id: 1, encrypted_key, created_at: provider.now() })
}

/// The realm of a name, disabled or not.
///
/// # Errors
/// `NotFound`.
pub async fn find_realm(provider: &Provider, name: &RealmName) -> Result<Arc<RealmContext>, RegistryError> {
    let found = provider.realm_for_administration(name).await.map_err(|failure| match failure {
        Failure::Fault(fault) => RegistryError::Fault(fault),
        Failure::Refusal(_) => RegistryError::NotFound("realm"),
    })?;
    found.ok_or(RegistryError::NotFound("realm"))
}

/// The realm of a name as it is in the database at this moment: what a change is decided on.
///
/// # Errors
/// `NotFound`.
pub async fn realm_as_stored(provider: &Provider, name: &RealmName) -> Result<Realm, RegistryError> {
    provider.store.realm_by_name(name).await?.ok_or(RegistryError::NotFound("realm"))
}

/// Realms by name.
///
/// # Errors
/// Faults only.
pub async fn list_realms(provider: &Provider, page: &PageRequest) -> Result<Page<Realm>, RegistryError> {
    Ok(provider.store.list_realms(page).await?)
}

/// Replaces what an administrator decides about a realm, which must still be as it was read.
///
/// # Errors
/// `Invalid`, `NotFound`, `Duplicate`, `Changed`; `Forbidden` for renaming or disabling the admin realm.
pub async fn update_realm(
    serving: &Serving<'_>,
    before: Realm,
    change: RealmChange,
) -> Result<Arc<RealmContext>, RegistryError> {
    check(&change)?;
    if before.name.as_str() == ADMIN_REALM && (change.name != before.name || !change.enabled) {
        return Err(RegistryError::Forbidden(
            "the admin realm keeps its name and stays enabled: without it nobody could undo that",
        ));
    }
    let realm = Realm {
        name: change.name,
        display_name: change.display_name,
        enabled: change.enabled,
        settings: change.settings,
        updated_at: serving.now(),
        ..before.clone()
    };
    let context = find_realm(serving, &before.name).await?;
    let updated = realm_change(serving, &realm, Action::Updated, realm_fields(&before, &realm));
    let events = serving.with_event(&context, updated);
    serving.store.update_realm(&realm, &events).await?;
    serving.written(&events);
    find_realm(serving, &realm.name).await
}

/// Begins a new timeline: nothing opens any more that the realm sealed before. After a restore or a failover the database
/// has forgotten what was used in its last moments; whatever could be used again because of that is dead with the old
/// timeline: authorization codes, open log-ins and forms, and access tokens.
///
/// The number comes from the clock where that is ahead, so that two restores of one backup begin two timelines.
///
/// # Errors
/// `NotFound`, `Changed`.
pub async fn begin_timeline(serving: &Serving<'_>, before: Realm) -> Result<Arc<RealmContext>, RegistryError> {
    let now = serving.now();
    let timeline = now.0.max(before.timeline.saturating_add(1));
    let realm = Realm { timeline, updated_at: now, ..before };
    let context = find_realm(serving, &realm.name).await?;
    let events = serving.with_event(&context, realm_change(serving, &realm, Action::TimelineBegun, Vec::new()));
    serving.store.update_realm(&realm, &events).await?;
    serving.written(&events);
    find_realm(serving, &realm.name).await
}

/// Deletes a realm and everything in it.
///
/// # Errors
/// `NotFound`; `Forbidden` for the admin realm.
pub async fn delete_realm(serving: &Serving<'_>, name: &RealmName) -> Result<(), RegistryError> {
    if name.as_str() == ADMIN_REALM {
        return Err(RegistryError::Forbidden("the admin realm cannot be deleted"));
    }
    let context = find_realm(serving, name).await?;
    let deleted = realm_change(serving, &context.realm, Action::Deleted, Vec::new());
    let admin = admin_realm(serving).await?.ok_or(RegistryError::NotFound("admin realm"))?;
    let events = serving.with_event(&admin, deleted);
    serving.store.delete_realm(context.id(), &events).await?;
    serving.written(&events);
    Ok(())
}
