//! Realms in memory, for as long as the configuration does not change.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use signet_protocol::identifiers::RealmName;

use super::{RealmContext, load};
use crate::failure::Fault;
use crate::provider::Provider;

/// Most realms kept in memory; the path of a request names them, so the number needs a bound.
const CAPACITY: usize = 10_000;

/// Realms in memory with the configuration version they were read under.
#[derive(Default)]
pub(crate) struct RealmCache {
    entries: RwLock<HashMap<RealmName, (u64, Arc<RealmContext>)>>,
}

impl RealmCache {
    /// The realm, from memory if nothing was changed since it was read, else from the database.
    pub(crate) async fn get(&self, provider: &Provider, name: &RealmName) -> Result<Option<Arc<RealmContext>>, Fault> {
        let version = provider.store.configuration_version();
        if let Some(version) = version {
            let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((read_under, realm)) = entries.get(name)
                && *read_under == version
            {
                return Ok(Some(Arc::clone(realm)));
            }
        }
        let realm = load::load(provider, name).await?.map(Arc::new);
        // The version was read before the rows: a change in between makes this entry stale, never a later one fresh.
        if let (Some(version), Some(realm)) = (version, &realm) {
            let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
            if entries.len() >= CAPACITY {
                entries.clear();
            }
            entries.insert(name.clone(), (version, Arc::clone(realm)));
        }
        Ok(realm)
    }
}
