//! Storage of pushed authorization requests.

use async_trait::async_trait;
use signet_protocol::identifiers::RealmId;
use signet_protocol::time::UnixTime;

use super::StoreResult;
use crate::events::EventRecord;
use crate::model::{Purpose, PushedReference, PushedRequest, UsedRecord};

/// A request that is to be kept, with what came along.
#[derive(Debug, Clone)]
pub struct Push {
    /// The request.
    pub request: PushedRequest,
    /// The proofs that came along, the client assertion first.
    pub proofs: Vec<UsedRecord>,
    /// Now: requests that a browser may begin with later than this count.
    pub now: UnixTime,
    /// How many of them the client may have, this one included.
    pub most: i64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// It is kept.
    Pushed,
    /// A proof of this kind had been used before; nothing changed.
    Replayed(Purpose),
    /// The client has as many already; nothing is kept, but what came along is used.
    TooMany,
}

/// Storage of pushed authorization requests.
#[async_trait]
pub trait PushedRequests: Send + Sync {
    /// Keeps a request and marks what came along as used, in one transaction.
    async fn push(&self, push: &Push, events: &[EventRecord]) -> StoreResult<PushOutcome>;

    /// The request of a reference, answered or expired ones included.
    async fn pushed_request(&self, realm_id: RealmId, reference: PushedReference)
    -> StoreResult<Option<PushedRequest>>;
}
