//! Everything that was issued until now ends: in a realm, to a client, or for a user. What is issued afterwards is good.
//!
//! Realm, client and user stay as they are, and so do credentials: secrets, passwords, keys, what users agreed to, initial
//! access tokens, and registration access tokens, without which a client could not be managed by whoever registered it (RFC
//! 7592 section 5: they should not expire).

use signet_protocol::identifiers::{ClientId, RealmName, UserId};

use super::RegistryError;
use super::changes::{administered, client_change, user_change};
use super::clients::find_client;
use super::realms::find_realm;
use super::users::find_user;
use crate::events::{Action, Event, Fact, Object, Parties, Serving, SessionsEndedBecause};
use crate::failure::Fault;
use crate::ports::{SessionEnding, WhichSessions};
use crate::realm::RealmContext;

/// Realms whose fallen sessions one run ends.
const REALMS: u64 = 100;
/// Sessions that one transaction ends.
const BATCH: u64 = 200;
/// Most transactions for one realm in one run, so that others get their turn.
const BATCHES: usize = 50;

/// Revokes everything in a realm, with one write: tokens, codes, requests that wait, tickets, and every session. The
/// rows of the sessions go later, by [`end_fallen_sessions`].
///
/// # Errors
/// `NotFound`.
pub async fn revoke_all_of_realm(serving: &Serving<'_>, name: &RealmName) -> Result<(), RegistryError> {
    let realm = find_realm(serving, name).await?;
    let revoked = administered(serving, (Object::Realm, name.to_string()), Action::EverythingRevoked, Vec::new());
    let events =
        serving.with_events(&realm, [revoked.concerning(Parties::default()), sessions_ended(Parties::default())]);
    serving.store.raise_realm_epoch(realm.id(), &events).await?;
    serving.written(&events);
    Ok(())
}

/// Revokes everything that a client was issued: tokens, codes, and requests that wait. Users stay signed in.
///
/// # Errors
/// `NotFound`.
pub async fn revoke_all_of_client(
    serving: &Serving<'_>,
    realm: &RealmContext,
    client_id: &ClientId,
) -> Result<(), RegistryError> {
    let client = find_client(serving, realm, client_id).await?;
    let revoked = client_change(serving, &client, Action::EverythingRevoked, Vec::new());
    let events = serving.with_event(realm, revoked);
    serving.store.raise_client_epoch(realm.id(), client_id, &events).await?;
    serving.written(&events);
    Ok(())
}

/// Revokes everything that was issued for a user, and ends the user's sessions. Their clients are told by the back channel.
///
/// # Errors
/// `NotFound`.
pub async fn revoke_all_of_user(
    serving: &Serving<'_>,
    realm: &RealmContext,
    user_id: UserId,
) -> Result<(), RegistryError> {
    let user = find_user(serving, realm, user_id).await?;
    let revoked = user_change(serving, &user, Action::EverythingRevoked, Vec::new());
    let events = serving.with_events(realm, [revoked, sessions_ended(Parties::user(user_id))]);
    serving.store.raise_user_epoch(realm.id(), user_id, &events).await?;
    serving.written(&events);
    serving.logouts.notify_one();
    Ok(())
}

fn sessions_ended(parties: Parties) -> Event {
    Fact::SessionsEnded { reason: SessionsEndedBecause::AdministratorDecided }.concerning(parties)
}

/// Ends sessions that count for nothing since everything in their realm was revoked, and has their clients told by the back
/// channel; says how many. Any number of nodes may do so at once.
///
/// # Errors
/// The database is away.
pub async fn end_fallen_sessions(serving: &Serving<'_>) -> Result<usize, Fault> {
    let ending = SessionEnding::of(WhichSessions::Fallen { most: BATCH });
    let mut ended = 0;
    for realm_id in serving.store.realms_with_fallen_sessions(REALMS).await? {
        for _ in 0..BATCHES {
            let now_ended = serving.store.end_sessions(realm_id, &ending, &[]).await?.len();
            if now_ended == 0 {
                break;
            }
            ended += now_ended;
            serving.logouts.notify_one();
        }
    }
    Ok(ended)
}
