//! What becomes of signing keys in time: those that have signed for long are replaced, and those that were replaced are
//! taken away once nothing they signed can be alive. Any node does it; of several that try, one succeeds.

use signet_protocol::time::UnixTime;

use super::RegistryError;
use super::changes::administered;
use super::keys::new_signing_key;
use crate::events::{Action, Event, Object, Parties, Serving, open_chain};
use crate::model::{KeyState, Realm, SigningKeyRecord};
use crate::ports::PageRequest;

/// Realms that are read at a time.
const REALMS: u64 = 200;
const SECONDS_OF_A_DAY: i64 = 86_400;

/// How many keys something became of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KeyChanges {
    /// Published, to sign later.
    pub scheduled: u64,
    /// No longer published.
    pub retired: u64,
}

/// Sees to every key of every realm.
///
/// # Errors
/// Faults only.
pub async fn keep_key_schedule(serving: &Serving<'_>, now: UnixTime) -> Result<KeyChanges, RegistryError> {
    let mut changes = KeyChanges::default();
    let mut page = PageRequest { after: None, limit: REALMS };
    loop {
        let realms = serving.store.list_realms(&page).await?;
        for realm in &realms.items {
            keep_schedule_of(serving, realm, now, &mut changes).await?;
        }
        page.after = realms.next;
        if page.after.is_none() {
            return Ok(changes);
        }
    }
}

async fn keep_schedule_of(
    serving: &Serving<'_>,
    realm: &Realm,
    now: UnixTime,
    changes: &mut KeyChanges,
) -> Result<(), RegistryError> {
    let keys = serving.store.signing_keys(realm.id).await?;
    let settings = &realm.settings;
    let rotation = settings.signing_key_rotation_days * SECONDS_OF_A_DAY;
    for key in &keys {
        let age = now.since(key.state_since);
        let is_replaced = |other: &SigningKeyRecord| other.algorithm == key.algorithm && other.activates_at.is_some();
        match key.state {
            KeyState::Active if rotation > 0 && age >= rotation && !keys.iter().any(is_replaced) => {
                changes.scheduled += u64::from(schedule(serving, realm, key, now).await?);
            }
            KeyState::Verifying if age >= settings.signing_key_overlap_seconds => {
                changes.retired += u64::from(retire(serving, realm, key, now).await?);
            }
            KeyState::Future | KeyState::Active | KeyState::Verifying | KeyState::Retired => {}
        }
    }
    Ok(())
}

/// Publishes a key that is to take over from another.
async fn schedule(
    serving: &Serving<'_>,
    realm: &Realm,
    replaced: &SigningKeyRecord,
    now: UnixTime,
) -> Result<bool, RegistryError> {
    let Ok(algorithm) = replaced.algorithm.parse() else { return Ok(false) };
    let mut key = new_signing_key(serving, realm, algorithm, KeyState::Future).await?;
    key.activates_at = Some(now.plus(realm.settings.signing_key_lead_seconds));
    let event = changed(serving, &key, Action::Created, "activates_at");
    let events = serving.with_event_in((realm.id, &open_chain(serving, realm.id).await?), event);
    let is_scheduled = serving.store.schedule_signing_key(&key, &replaced.kid, &events).await?;
    if is_scheduled {
        serving.written(&events);
    }
    Ok(is_scheduled)
}

/// Stops publishing a key that was replaced.
async fn retire(
    serving: &Serving<'_>,
    realm: &Realm,
    key: &SigningKeyRecord,
    now: UnixTime,
) -> Result<bool, RegistryError> {
    let replaced_by = now.minus(realm.settings.signing_key_overlap_seconds);
    let event = changed(serving, key, Action::Updated, "state");
    let events = serving.with_event_in((realm.id, &open_chain(serving, realm.id).await?), event);
    let is_retired = serving.store.retire_signing_key((realm.id, &key.kid), replaced_by, now, &events).await?;
    if is_retired {
        serving.written(&events);
    }
    Ok(is_retired)
}

fn changed(serving: &Serving<'_>, key: &SigningKeyRecord, action: Action, field: &str) -> Event {
    let fact = administered(serving, (Object::Key, key.kid.to_string()), action, vec![field.to_owned()]);
    fact.concerning(Parties::default())
}
