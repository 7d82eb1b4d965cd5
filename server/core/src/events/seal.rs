//! Linking events into the chain of their realm, and removing those that are too old to keep.
//!
//! Any node writes events; one at a time gives them numbers. Who it is says a lease in the row of the chain, and even
//! two who both think that it is theirs cannot fork the chain: it moves on only from where it was read.

use std::collections::HashMap;

use signet_jose::{base64url, random};
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::keys::keys_of;
use crate::failure::Fault;
use crate::ports::{Chain, Kept, Purge, Seal, SealerId};
use crate::provider::Provider;

/// Events that are linked in one transaction.
const BATCH: u64 = 256;
/// Most transactions for one realm before the next realm has its turn.
const BATCHES: usize = 40;
/// How long nobody else links events of a realm, in seconds.
const LEASE_SECONDS: i64 = 10;
/// Seconds between two log lines that say how far a chain is sealed.
const CHECKPOINT_SECONDS: i64 = 60;
/// Events that are removed in one transaction.
const PURGE_BATCH: u64 = 500;

/// Links events.
pub struct Sealer {
    id: SealerId,
    /// When the log was last told how far a chain is.
    told: HashMap<RealmId, UnixTime>,
}

impl Sealer {
    /// A sealer of this process.
    pub fn new(provider: &Provider) -> Self {
        Self { id: SealerId(random::random_bytes(&*provider.random)), told: HashMap::new() }
    }

    /// Links what waits, as far as nobody else does; says how many events that were. What goes wrong in one realm is
    /// logged and does not keep the others.
    ///
    /// # Errors
    /// The database does not say what waits.
    pub async fn seal(&mut self, provider: &Provider) -> Result<u64, Fault> {
        let mut sealed = 0;
        for realm_id in provider.store.realms_to_seal().await? {
            match self.seal_realm(provider, realm_id).await {
                Ok(number) => sealed += number,
                Err(error) => tracing::error!(%error, realm = %realm_id, "events could not be sealed"),
            }
        }
        Ok(sealed)
    }

    async fn seal_realm(&mut self, provider: &Provider, realm_id: RealmId) -> Result<u64, Fault> {
        let mut sealed = 0;
        for _ in 0..BATCHES {
            let Some(chain) = provider.store.chain(realm_id).await? else {
                return Err(Fault::Internal("there are events without a chain; were rows deleted?", None));
            };
            if chain.leased_to.is_some_and(|holder| holder != self.id) {
                break;
            }
            let number = self.seal_batch(provider, &chain).await?;
            sealed += number;
            if number < BATCH {
                break;
            }
        }
        Ok(sealed)
    }

    async fn seal_batch(&mut self, provider: &Provider, chain: &Chain) -> Result<u64, Fault> {
        let keys = keys_of(provider, chain)?;
        let events = provider.store.waiting_events(chain.realm_id, BATCH).await?;
        let mut head = chain.head.clone();
        let mut links = Vec::with_capacity(events.len());
        for (event, sequence) in events.iter().zip(chain.sealed + 1..) {
            if !keys.is_authentic(event) {
                // It is linked all the same: the chain keeps what was found, and every check tells of it.
                tracing::error!(realm = %chain.realm_id, sequence, "an event was changed or not written by this server");
            }
            let link = keys.link(&head, sequence, event);
            head = link.to_vec();
            links.push((event.id, link));
        }
        let number = u64::try_from(links.len()).unwrap_or(u64::MAX);
        if number == 0 {
            return Ok(0);
        }
        let seal = Seal {
            realm_id: chain.realm_id,
            sealer: self.id,
            lease_seconds: LEASE_SECONDS,
            sealed: chain.sealed,
            head: chain.head.clone(),
            links,
        };
        if !provider.store.seal(&seal).await? {
            return Ok(0);
        }
        self.tell(provider.now(), chain.realm_id, (chain.sealed.saturating_add_unsigned(number), &head));
        Ok(number)
    }

    /// Tells the log how far the chain is. Logs are kept elsewhere: whoever cuts off the end of the chain in the database
    /// does not reach them.
    fn tell(&mut self, now: UnixTime, realm_id: RealmId, (sealed, head): (i64, &[u8])) {
        if self.told.get(&realm_id).is_none_or(|told| now.since(*told) >= CHECKPOINT_SECONDS) {
            self.told.insert(realm_id, now);
            tracing::info!(realm = %realm_id, sealed, head = base64url::encode(head), "audit chain sealed");
        }
    }
}

/// Removes sealed events that are older than `before`, from the beginning of each chain; says how many. What remains
/// still verifies.
///
/// # Errors
/// Faults only.
pub async fn purge(provider: &Provider, before: UnixTime) -> Result<u64, Fault> {
    let mut purged = 0;
    let mut after = None;
    loop {
        let realms = provider.store.chained_realms(after).await?;
        for realm_id in &realms {
            purged += purge_realm(provider, *realm_id, before).await?;
        }
        after = realms.last().copied();
        if after.is_none() {
            return Ok(purged);
        }
    }
}

async fn purge_realm(provider: &Provider, realm_id: RealmId, before: UnixTime) -> Result<u64, Fault> {
    let mut purged = 0;
    loop {
        let Some(chain) = provider.store.chain(realm_id).await? else { return Ok(purged) };
        let outdated = provider.store.outdated_events(&chain, before, PURGE_BATCH).await?;
        let Some((last, previous)) = outdated else { return Ok(purged) };
        let first = last + 1;
        let mac = keys_of(provider, &chain)?.kept_mac(realm_id, first, &previous);
        let purge = Purge { realm_id, before: chain.first, kept: Kept { first, previous, mac } };
        match provider.store.purge_events(&purge).await? {
            // Another node does it.
            0 => return Ok(purged),
            number => purged += number,
        }
    }
}
