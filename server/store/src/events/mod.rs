//! The port of events and chains.

mod chain;
mod read;
mod write;

use async_trait::async_trait;
use signet_core::events::{ChainHash, EventRecord, ListedRecord, SealedRecord};
use signet_core::ports::{Audit, Chain, EventQuery, NewChain, Purge, Seal, StoreError, StoreResult};
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use crate::database::Database;
use chain::{PurgeEvents, SealEvents, StartChain, chain_of};
use write::AppendEvents;
pub(crate) use write::Recorded;

/// Most realms that one question answers.
const MOST_REALMS: i64 = 1000;

#[async_trait]
impl Audit for Database {
    async fn append_events(&self, events: &[EventRecord]) -> StoreResult<()> {
        if events.is_empty() {
            return Ok(());
        }
        self.write(AppendEvents { events: events.to_vec() }).await
    }

    async fn events(&self, realm_id: RealmId, query: &EventQuery, limit: u64) -> StoreResult<Vec<ListedRecord>> {
        let session = self.reader();
        self.read(|| read::listed(&session, realm_id, query, limit)).await
    }

    async fn chain(&self, realm_id: RealmId) -> StoreResult<Option<Chain>> {
        let session = self.reader();
        self.read(|| chain_of(&session, realm_id)).await
    }

    async fn start_chain(&self, chain: &NewChain) -> StoreResult<Chain> {
        let started = self.write(StartChain { chain: chain.clone() }).await?;
        started.ok_or_else(|| StoreError::Corrupt("a chain is gone right after it was begun".to_owned()))
    }

    async fn chained_realms(&self, after: Option<RealmId>) -> StoreResult<Vec<RealmId>> {
        let session = self.reader();
        self.read(|| read::chained_realms(&session, after, MOST_REALMS)).await
    }

    async fn realms_to_seal(&self) -> StoreResult<Vec<RealmId>> {
        let session = self.reader();
        self.read(|| read::realms_to_seal(&session, MOST_REALMS)).await
    }

    async fn waiting_events(&self, realm_id: RealmId, limit: u64) -> StoreResult<Vec<EventRecord>> {
        let session = self.reader();
        self.read(|| read::waiting(&session, realm_id, limit)).await
    }

    async fn count_waiting(&self, realm_id: RealmId) -> StoreResult<u64> {
        let session = self.reader();
        self.read(|| read::count_waiting(&session, realm_id)).await
    }

    async fn seal(&self, seal: &Seal) -> StoreResult<bool> {
        self.write(SealEvents { seal: seal.clone() }).await
    }

    async fn sealed_events(&self, realm_id: RealmId, after: i64, limit: u64) -> StoreResult<Vec<SealedRecord>> {
        let session = self.reader();
        self.read(|| read::sealed(&session, (realm_id, after), limit)).await
    }

    async fn outdated_events(
        &self,
        chain: &Chain,
        before: UnixTime,
        limit: u64,
    ) -> StoreResult<Option<(i64, ChainHash)>> {
        let session = self.reader();
        self.read(|| read::outdated(&session, chain, before, limit)).await
    }

    async fn purge_events(&self, purge: &Purge) -> StoreResult<u64> {
        self.write(PurgeEvents { purge: purge.clone() }).await
    }
}
