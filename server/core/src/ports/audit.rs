//! Storage of events and of the chain that links them.

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, EventId, RealmId, RequestId, UserId};
use signet_protocol::time::{UnixMilliseconds, UnixTime};

use super::StoreResult;
use crate::events::{ChainHash, EventKind, EventRecord, ListedRecord, SealedRecord};

/// The beginning of what is kept of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The number of the first event that is kept.
    pub first: i64,
    /// The link of the event before it.
    pub previous: ChainHash,
    /// Authenticates both.
    pub mac: [u8; 32],
}

/// A chain that is to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewChain {
    /// The realm.
    pub realm_id: RealmId,
    /// Its own key, wrapped by the root key.
    pub wrapped_key: Vec<u8>,
    /// Where it begins.
    pub kept: Kept,
}

/// The chain of a realm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// The realm, which may have been deleted.
    pub realm_id: RealmId,
    /// Its own key, wrapped by the root key.
    pub wrapped_key: Vec<u8>,
    /// The number of the last sealed event; 0 before the first.
    pub sealed: i64,
    /// Its link.
    pub head: Vec<u8>,
    /// The number of the first event that is kept.
    pub first: i64,
    /// The link of the event before it, as stored.
    pub previous: Vec<u8>,
    /// What authenticates both, as stored.
    pub kept_mac: Vec<u8>,
    /// Whether another sealer than the one who asks may be at work: its lease has not ended.
    pub leased_to: Option<SealerId>,
}

/// Who seals. Random for each process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealerId(pub [u8; 16]);

/// Events that are to be linked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    /// The realm.
    pub realm_id: RealmId,
    /// Who links them.
    pub sealer: SealerId,
    /// For how many seconds nobody else links events of this realm, by the database's clock.
    pub lease_seconds: i64,
    /// The number of the last sealed event, as it was read.
    pub sealed: i64,
    /// Its link, as it was read.
    pub head: Vec<u8>,
    /// The events in their order, each with its link. They get the numbers that follow.
    pub links: Vec<(EventId, ChainHash)>,
}

/// Sealed events that are to be removed as planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purge {
    /// The realm.
    pub realm_id: RealmId,
    /// The first event that was kept so far.
    pub before: i64,
    /// What is kept from now on.
    pub kept: Kept,
}

/// Which events are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Not before.
    pub since: Option<UnixMilliseconds>,
    /// Before.
    pub until: Option<UnixMilliseconds>,
    /// Of this kind.
    pub kind: Option<EventKind>,
    /// About this person.
    pub user: Option<UserId>,
    /// About this application.
    pub client: Option<ClientId>,
    /// Of this request.
    pub request: Option<RequestId>,
    /// Newest first instead of oldest first.
    pub newest_first: bool,
    /// Beyond this one, in the order asked for.
    pub after: Option<EventId>,
}

/// Storage of events and of the chain that links them.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Stores events that tell of no change. One that is stored already stays as it is.
    async fn append_events(&self, events: &[EventRecord]) -> StoreResult<()>;

    /// At most `limit` events of a realm, sealed or not.
    async fn events(&self, realm_id: RealmId, query: &EventQuery, limit: u64) -> StoreResult<Vec<ListedRecord>>;

    /// The chain of a realm; nothing before its first event.
    async fn chain(&self, realm_id: RealmId) -> StoreResult<Option<Chain>>;

    /// Begins a chain unless there is one; answers the one there is afterwards.
    async fn start_chain(&self, chain: &NewChain) -> StoreResult<Chain>;

    /// The realms that have a chain, deleted ones included, by identifier; at most 1000 after `after`.
    async fn chained_realms(&self, after: Option<RealmId>) -> StoreResult<Vec<RealmId>>;

    /// Realms with events that wait to be sealed, at most 1000.
    async fn realms_to_seal(&self) -> StoreResult<Vec<RealmId>>;

    /// Events that wait to be sealed, in the order of their identifiers. What does not read is left out and logged.
    async fn waiting_events(&self, realm_id: RealmId, limit: u64) -> StoreResult<Vec<EventRecord>>;

    /// How many events wait to be sealed.
    async fn count_waiting(&self, realm_id: RealmId) -> StoreResult<u64>;

    /// Links events if the chain is as it was read and nobody else holds its lease, which the sealer then has: one
    /// transaction. Says whether it was done; if not, nothing changed.
    async fn seal(&self, seal: &Seal) -> StoreResult<bool>;

    /// Sealed events after a number, in order.
    async fn sealed_events(&self, realm_id: RealmId, after: i64, limit: u64) -> StoreResult<Vec<SealedRecord>>;

    /// The longest run of sealed events at the beginning of what is kept that are all older than `before`: number and
    /// link of its last one. At most `limit` events; nothing if there is none.
    async fn outdated_events(
        &self,
        chain: &Chain,
        before: UnixTime,
        limit: u64,
    ) -> StoreResult<Option<(i64, ChainHash)>>;

    /// Removes sealed events if the chain begins where it did: one transaction. Says how many.
    async fn purge_events(&self, purge: &Purge) -> StoreResult<u64>;
}
