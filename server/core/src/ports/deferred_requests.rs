//! Storage of requests that are answered elsewhere.

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, UserId};
use signet_protocol::time::UnixTime;

use super::{StandingQuery, StoreResult};
use crate::events::EventRecord;
use crate::model::{DeferredReference, DeferredRequest, Notification, Purpose, UsedRecord};

/// A request that is to be kept, with what came along.
#[derive(Debug, Clone)]
pub struct Deferral {
    /// The request.
    pub request: DeferredRequest,
    /// The proofs that came along, the client assertion first.
    pub proofs: Vec<UsedRecord>,
    /// Now: requests that expire later than this count.
    pub now: UnixTime,
    /// How many of them the client may have, this one included.
    pub most: i64,
    /// How many may wait for the user, this one included; any number where nobody is asked.
    pub most_of_user: Option<i64>,
    /// What somebody is told of it.
    pub notification: Option<Notification>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeferralOutcome {
    /// It is kept.
    Deferred,
    /// A proof of this kind had been used before; nothing changed.
    Replayed(Purpose),
    /// The client or the user has as many already; nothing is kept, but what came along is used.
    TooMany,
    /// The user does not want to be asked by the client; nothing is kept, but what came along is used.
    Blocked,
    /// Another request has this user code; nothing changed.
    CodeTaken,
}

/// A person's agreement.
#[derive(Debug, Clone)]
pub struct DeferredApproval {
    /// To which request.
    pub reference: DeferredReference,
    /// Whose.
    pub user_id: UserId,
    /// What was agreed to, encrypted.
    pub answer: Vec<u8>,
    /// What must stand.
    pub standing: StandingQuery,
    /// Now: a request that has expired is not approved.
    pub now: UnixTime,
    /// What the client is told of it.
    pub notification: Option<Notification>,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeferredApprovalOutcome {
    /// It is approved.
    Approved,
    /// It was answered before, or has expired; nothing changed.
    NotPending,
    /// What it rests on does not stand; nothing changed.
    Fallen,
}

/// Storage of requests that are answered elsewhere.
#[async_trait]
pub trait DeferredRequests: Send + Sync {
    /// Keeps a request and marks what came along as used, in one transaction.
    async fn defer(&self, deferral: &Deferral, events: &[EventRecord]) -> StoreResult<DeferralOutcome>;

    /// The request of a reference, answered or expired ones included.
    async fn deferred_request(
        &self,
        realm_id: RealmId,
        reference: DeferredReference,
    ) -> StoreResult<Option<DeferredRequest>>;

    /// The request of a user code, answered or expired ones included.
    async fn deferred_request_of_code(
        &self,
        realm_id: RealmId,
        user_code: &[u8; 32],
    ) -> StoreResult<Option<DeferredRequest>>;

    /// Approves a pending request, and has the client told where it is to be.
    async fn approve_deferred_request(
        &self,
        realm_id: RealmId,
        approval: &DeferredApproval,
        events: &[EventRecord],
    ) -> StoreResult<DeferredApprovalOutcome>;

    /// The requests that wait for a user, those that end first at the head.
    async fn deferred_requests_of_user(
        &self,
        realm_id: RealmId,
        user_id: UserId,
        now: UnixTime,
        limit: u64,
    ) -> StoreResult<Vec<DeferredRequest>>;

    /// Denies a pending request, and has the client told where it is to be; says whether it was pending.
    async fn deny_deferred_request(
        &self,
        realm_id: RealmId,
        reference: DeferredReference,
        notification: Option<Notification>,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Lengthens the interval between polls, for every node; a longer one stays.
    async fn slow_deferred_request(
        &self,
        realm_id: RealmId,
        reference: DeferredReference,
        interval: i64,
    ) -> StoreResult<()>;
}
