//! Salts of pairwise subjects (OpenID Connect Core 8.1).

use signet_jose::random;
use signet_protocol::names::SubjectType;
use signet_protocol::time::UnixTime;
use zeroize::Zeroizing;

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, Object, Parties, Serving};
use crate::failure::Fault;
use crate::model::{Client, PairwiseSaltRecord};
use crate::realm::{RealmContext, SEALING_KEY_LEAD_SECONDS, pairwise_salt_place};

/// Replaces the salt for users to come; answers from when on they get it. Users who are there keep their subjects. It
/// takes effect when every node has read it.
///
/// # Errors
/// `Duplicate` if somebody else replaces it at the same time.
pub async fn rotate_pairwise_salt(
    serving: &Serving<'_>,
    realm: &RealmContext,
) -> Result<PairwiseSaltRecord, RegistryError> {
    let known = i64::try_from(realm.pairwise_salts.len()).unwrap_or(i64::MAX);
    let since = if known == 0 { UnixTime(0) } else { serving.now().plus(SEALING_KEY_LEAD_SECONDS) };
    insert(serving, realm, (known.saturating_add(1), since)).await
}

/// Sees to it that there is a salt for a client with pairwise subjects.
pub(crate) async fn ensure_pairwise_salt(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client: &Client,
) -> Result<(), RegistryError> {
    if client.metadata.subject_type() != SubjectType::Pairwise || !realm.pairwise_salts.is_empty() {
        return Ok(());
    }
    match insert(serving, realm, (1, UnixTime(0))).await {
        // Another registration was faster; its salt counts.
        Ok(_) | Err(RegistryError::Duplicate(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

async fn insert(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (id, since): (i64, UnixTime),
) -> Result<PairwiseSaltRecord, RegistryError> {
    let salt: Zeroizing<[u8; 32]> = Zeroizing::new(random::random_bytes(&*serving.random));
    let (realm_text, row) = (realm.id().to_string(), id.to_be_bytes());
    let place = pairwise_salt_place(&realm_text, &row);
    let encrypted_salt = realm
        .columns()
        .encrypt(place, salt.as_slice(), &*serving.random)
        .map_err(|error| Fault::internal("a pairwise salt could not be encrypted", error))?;
    let record = PairwiseSaltRecord { realm_id: realm.id(), id, encrypted_salt, since };
    let created = administered(serving, (Object::PairwiseSalt, id.to_string()), Action::Created, Vec::new());
    let events = serving.with_event(realm, created.concerning(Parties::default()));
    serving.store.insert_pairwise_salt(&record, &events).await?;
    serving.written(&events);
    Ok(record)
}
