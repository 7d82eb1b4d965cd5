//! Clients in memory. A token request asks for its client several times; the database is asked once per change.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use signet_core::model::Client;
use signet_protocol::identifiers::{ClientId, RealmId};

/// How many clients one generation holds. Two generations are kept: what was not asked for while a whole generation
/// filled up is forgotten.
const GENERATION: usize = 5_000;

type Generation = HashMap<(RealmId, ClientId), Arc<Client>>;

/// Clients as they were at one version of the configuration. Only clients that exist are kept, so that a stranger's
/// invented identifiers take no room.
#[derive(Debug, Default)]
pub(crate) struct ClientCache {
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    version: u64,
    current: Generation,
    previous: Generation,
}

impl ClientCache {
    /// The client as of `version`, if it is remembered.
    pub(crate) fn get(&self, version: u64, realm_id: RealmId, client_id: &ClientId) -> Option<Arc<Client>> {
        let mut content = self.content.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if content.version != version {
            return None;
        }
        let key = (realm_id, client_id.clone());
        if let Some(client) = content.current.get(&key) {
            return Some(Arc::clone(client));
        }
        let client = content.previous.remove(&key)?;
        content.keep(key, Arc::clone(&client));
        Some(client)
    }

    /// Remembers a client. `version` was asked for before the client was read: if the configuration has changed in
    /// between, what was read may be the old state under the new version's name.
    pub(crate) fn insert(&self, version: u64, client: &Arc<Client>) {
        let mut content = self.content.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if version < content.version {
            return;
        }
        if version > content.version {
            *content = Content { version, ..Content::default() };
        }
        content.keep((client.realm_id, client.client_id.clone()), Arc::clone(client));
    }
}

impl Content {
    fn keep(&mut self, key: (RealmId, ClientId), client: Arc<Client>) {
        if self.current.len() >= GENERATION {
            self.previous = std::mem::take(&mut self.current);
        }
        self.current.insert(key, client);
    }
}
