//! Clients that registered themselves and are not used go after a while, where their realm says so.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use signet_protocol::identifiers::{ClientId, RealmId};
use signet_protocol::time::UnixTime;

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, Object, Parties, Serving};
use crate::model::Client;
use crate::realm::RealmContext;

/// Seconds in which further uses of a client are not written: it is unused after a day at the earliest.
const NOTED_FOR: i64 = 3_600;
/// Most clients whose last use is remembered.
const CAPACITY: usize = 10_000;

/// When uses of clients were last written by this node.
#[derive(Default)]
pub(crate) struct ClientUses(Mutex<HashMap<(RealmId, ClientId), UnixTime>>);

impl ClientUses {
    /// Whether a use is to be written, which it is at once.
    fn is_due(&self, client: &Client, now: UnixTime) -> bool {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (client.realm_id, client.client_id.clone());
        if noted.get(&key).is_some_and(|last| now < last.plus(NOTED_FOR)) {
            return false;
        }
        if noted.len() >= CAPACITY {
            noted.clear();
        }
        noted.insert(key, now);
        true
    }
}

impl Serving<'_> {
    /// The client got something: if it registered itself, and its realm has unused clients go, it stays for longer. What
    /// it got does not depend on that being written.
    pub(crate) async fn note_client_use(&self, realm: &RealmContext, client: &Client) {
        let policy = &realm.realm.settings.registration;
        if !client.settings.dynamically_registered || policy.unused_client_seconds == 0 {
            return;
        }
        let now = self.now();
        if !self.client_uses.is_due(client, now) {
            return;
        }
        let written = self.store.note_client_use(realm.id(), &client.client_id, policy.unused_at(now)).await;
        if let Err(error) = written {
            tracing::warn!(%error, "the use of a client could not be noted");
        }
    }
}

/// Deletes clients of all realms that went unused for too long, at most `limit`; says how many.
///
/// # Errors
/// Faults only.
pub async fn delete_unused_clients(serving: &Serving<'_>, limit: u64) -> Result<u64, RegistryError> {
    let mut deleted = 0;
    for (realm, client_id) in serving.store.unused_clients(serving.now(), limit).await? {
        let realm = super::find_realm(serving, &realm).await?;
        let fact = administered(serving, (Object::Client, client_id.to_string()), Action::Deleted, Vec::new());
        let events = serving.with_event(&realm, fact.concerning(Parties::client(&client_id)));
        if serving.store.delete_unused_client(realm.id(), &client_id, serving.now(), &events).await? {
            serving.written(&events);
            deleted += 1;
        }
    }
    Ok(deleted)
}
