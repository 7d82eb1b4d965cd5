//! The keys that authenticate a realm's events and their chain.
//!
//! They come from a key of their own for each realm, wrapped by the root key, which is not in the database: whoever can
//! write to the database alone can neither make an event, nor change one, nor link events anew. The key outlives its
//! realm, so that the chain of a deleted realm verifies as long as it is kept.

use std::fmt;

use signet_jose::{DataKey, digest};
use zeroize::Zeroizing;

use super::record::EventRecord;
use crate::failure::Fault;
use crate::ports::{Chain, Kept, NewChain, SharedStore};
use crate::provider::Provider;
use signet_protocol::identifiers::RealmId;

/// A link of the chain.
pub type ChainHash = [u8; 32];

/// What the first event of a chain is linked to.
pub const BEGINNING: ChainHash = [0; 32];

/// The keys of one realm.
#[derive(Clone)]
pub struct EventKeys {
    event: Zeroizing<[u8; 32]>,
    chain: Zeroizing<[u8; 32]>,
    purge: Zeroizing<[u8; 32]>,
}

impl EventKeys {
    /// The keys that a chain's own key determines.
    pub fn derive(key: &DataKey) -> Self {
        Self {
            event: key.derive(b"signet event"),
            chain: key.derive(b"signet event chain"),
            purge: key.derive(b"signet event purge"),
        }
    }

    /// Authenticates an event as written by a server of its realm.
    pub fn mac(&self, record: &EventRecord) -> [u8; 32] {
        digest::hmac_sha256(self.event.as_slice(), &record.canonical())
    }

    /// Whether an event is as a server of its realm wrote it.
    pub fn is_authentic(&self, record: &EventRecord) -> bool {
        digest::equal_in_constant_time(&self.mac(record), &record.mac)
    }

    /// The link of an event: HMAC-SHA-256 over the link before, the event's number and its canonical bytes.
    pub fn link(&self, previous: &[u8], sequence: i64, record: &EventRecord) -> ChainHash {
        let mut message = previous.to_vec();
        message.extend_from_slice(&sequence.to_be_bytes());
        message.extend_from_slice(&record.canonical());
        digest::hmac_sha256(self.chain.as_slice(), &message)
    }

    /// Authenticates the beginning of what is kept after older events were removed as planned.
    pub fn kept_mac(&self, realm_id: RealmId, first: i64, previous: &[u8]) -> [u8; 32] {
        let mut message = realm_id.0.to_vec();
        message.extend_from_slice(&first.to_be_bytes());
        message.extend_from_slice(previous);
        digest::hmac_sha256(self.purge.as_slice(), &message)
    }
}

impl fmt::Debug for EventKeys {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EventKeys").finish_non_exhaustive()
    }
}

/// What the wrapped key is bound to.
fn place(realm_id: RealmId) -> String {
    format!("events of {realm_id}")
}

/// The keys of a chain.
pub(crate) fn keys_of(provider: &Provider, chain: &Chain) -> Result<EventKeys, Fault> {
    let key = provider
        .root_key
        .unwrap_key(&place(chain.realm_id), &chain.wrapped_key)
        .map_err(|error| Fault::internal("the root key does not open this realm's event key", error))?;
    Ok(EventKeys::derive(&key))
}

/// The keys of a realm, whose chain begins here if it has not begun.
pub(crate) async fn open_chain(provider: &Provider, realm_id: RealmId) -> Result<EventKeys, Fault> {
    let store: &SharedStore = &provider.store;
    if let Some(chain) = store.chain(realm_id).await? {
        return keys_of(provider, &chain);
    }
    let key = DataKey::generate(&*provider.random);
    let wrapped_key = provider
        .root_key
        .wrap(&place(realm_id), &key, &*provider.random)
        .map_err(|error| Fault::internal("an event key could not be wrapped", error))?;
    let mac = EventKeys::derive(&key).kept_mac(realm_id, 1, &BEGINNING);
    let kept = Kept { first: 1, previous: BEGINNING, mac };
    let chain = store.start_chain(&NewChain { realm_id, wrapped_key, kept }).await?;
    keys_of(provider, &chain)
}
