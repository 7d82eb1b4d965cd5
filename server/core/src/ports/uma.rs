//! Storage of protected resources and permission tickets (User-Managed Access 2.0).

use async_trait::async_trait;
use signet_protocol::identifiers::{ClientId, RealmId, UmaRequestId, UmaResourceId, UserId};
use signet_protocol::time::UnixTime;

use super::{StandingQuery, StoreResult};
use crate::events::EventRecord;
use crate::model::{
    Purpose, RefreshFamily, ResourceDescription, ResourceKeeper, SpontaneousScope, TicketReference, UmaClaims,
    UmaClaimsReference, UmaPolicy, UmaRequest, UmaRequestState, UmaResource, UmaTicket, UsedRecord,
};

/// A ticket that is to be used, with what changes in the same transaction.
#[derive(Debug, Clone)]
pub struct TicketUse {
    /// The ticket.
    pub ticket: TicketReference,
    /// Now: the ticket must live longer.
    pub now: UnixTime,
    /// What must still stand.
    pub standing: StandingQuery,
    /// The proofs that came along, the client assertion first.
    pub proofs: Vec<UsedRecord>,
    /// The ticket with which the client goes on.
    pub next: Option<UmaTicket>,
    /// A token that ends with this, and until when that must be known.
    pub ended_token: Option<([u8; 32], UnixTime)>,
    /// The persisted claims token that was used.
    pub spent_claims: Option<UmaClaimsReference>,
    /// The claims that persist from now on.
    pub kept_claims: Option<UmaClaims>,
    /// What the owner is asked, and how many requests may be before one owner, this one included.
    pub request: Option<(UmaRequest, i64)>,
    /// The refresh token family that begins.
    pub refresh_family: Option<RefreshFamily>,
}

/// Which resources are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UmaResourceFilter {
    /// Those of this owner.
    pub owner: Option<UserId>,
    /// Those of this resource server.
    pub server: Option<ClientId>,
}

/// Which requests for access are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UmaRequestFilter {
    /// Those before this owner.
    pub owner: Option<UserId>,
    /// Those of this requesting party.
    pub user: Option<UserId>,
    /// Those that can still be answered at this time.
    pub pending_at: Option<UnixTime>,
}

/// Scopes of a resource that are to be made of its patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopesOfPatterns {
    /// The resource.
    pub resource_id: UmaResourceId,
    /// The scopes, each once.
    pub scopes: Vec<SpontaneousScope>,
}

/// How scopes are made of patterns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeLimits {
    /// Now.
    pub now: UnixTime,
    /// One that is there until after this time is left as it is.
    pub fresh: UnixTime,
    /// How many a resource may have.
    pub most: usize,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScopesOutcome {
    /// All of them are there from now on.
    Made,
    /// They were there already; nothing changed.
    Known,
    /// A resource is not the keeper's, or does not have such a pattern any more; nothing changed.
    Gone,
    /// A resource would have too many; nothing changed.
    TooMany,
}

/// One change to the policies of a resource.
#[derive(Debug, Clone, PartialEq)]
pub enum PolicyEdit {
    /// Adds a policy that is not there yet, where there are fewer than so many.
    Add(UmaPolicy, usize),
    /// Removes a policy.
    Remove(UmaPolicy),
}

/// An owner's answer to a request for access.
#[derive(Debug, Clone, PartialEq)]
pub struct UmaAnswer {
    /// The request.
    pub id: UmaRequestId,
    /// Who answers.
    pub owner_id: UserId,
    /// What becomes of it.
    pub state: UmaRequestState,
    /// What changes at resources in the same transaction. Those that are gone stay gone.
    pub edits: Vec<(UmaResourceId, PolicyEdit)>,
    /// Now: a request that has expired is not answered.
    pub now: UnixTime,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TicketOutcome {
    /// This use is the first.
    Used,
    /// A proof of this kind had been used before; nothing changed.
    ProofReplayed(Purpose),
    /// There is no such ticket, or it was used, or it has expired; nothing changed.
    Gone,
    /// Something that it rests on does not stand any more; nothing changed.
    Fallen,
    /// The persisted claims token was used before, or has ended; nothing changed.
    ClaimsGone,
    /// As many requests are before the owner already; nothing changed.
    TooManyRequests,
}

/// Storage of protected resources and permission tickets. A keeper reaches its own resources alone: the condition is part
/// of each statement.
#[async_trait]
pub trait Uma: Send + Sync {
    /// Registers a resource, unless its keeper has `most` already; says whether it is registered.
    async fn insert_uma_resource(&self, resource: &UmaResource, most: i64, events: &[EventRecord])
    -> StoreResult<bool>;

    /// A resource, whoever keeps it.
    async fn uma_resource(&self, realm_id: RealmId, id: UmaResourceId) -> StoreResult<Option<UmaResource>>;

    /// The identifiers of a keeper's resources, at most 10000.
    async fn uma_resources_of(&self, realm_id: RealmId, keeper: &ResourceKeeper) -> StoreResult<Vec<UmaResourceId>>;

    /// Puts another description in the place of a resource's, and ends the scopes that were made of patterns which it does
    /// not have; says whether the keeper has such a resource.
    async fn describe_uma_resource(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        description: (&ResourceDescription, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Makes scopes of patterns, or has them last longer: one transaction, so that of many at once each scope is made once.
    async fn make_uma_scopes(
        &self,
        realm_id: RealmId,
        keeper: &ResourceKeeper,
        made: (&[ScopesOfPatterns], ScopeLimits),
        events: &[EventRecord],
    ) -> StoreResult<ScopesOutcome>;

    /// Puts other policies in the place of a resource's; says whether the keeper has such a resource.
    async fn set_uma_policies(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        policies: (&[UmaPolicy], UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Deletes a resource with its policies; says whether the keeper had such a resource.
    async fn delete_uma_resource(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Keeps a ticket.
    async fn insert_uma_ticket(&self, ticket: &UmaTicket, events: &[EventRecord]) -> StoreResult<()>;

    /// A ticket, used or expired ones included.
    async fn uma_ticket(&self, realm_id: RealmId, reference: TicketReference) -> StoreResult<Option<UmaTicket>>;

    /// Uses a ticket, if it is there, unused and not expired, and everything stands: one transaction. Whoever loses
    /// changes nothing.
    async fn use_uma_ticket(
        &self,
        realm_id: RealmId,
        usage: &TicketUse,
        events: &[EventRecord],
    ) -> StoreResult<TicketOutcome>;

    /// Resources by identifier, after one of them where one is named, whoever keeps them.
    async fn uma_resources(
        &self,
        realm_id: RealmId,
        filter: &UmaResourceFilter,
        page: (Option<UmaResourceId>, u64),
    ) -> StoreResult<Vec<UmaResource>>;

    /// Changes one policy of a resource, and leaves the others; says whether there is such a resource, and room.
    async fn edit_uma_policies(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        edit: (&PolicyEdit, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// What a persisted claims token stands for, used or expired ones included.
    async fn uma_claims(&self, realm_id: RealmId, reference: UmaClaimsReference) -> StoreResult<Option<UmaClaims>>;

    /// Ends every persisted claims token of a family; says whether there was one.
    async fn end_uma_claims(&self, realm_id: RealmId, family: [u8; 16], events: &[EventRecord]) -> StoreResult<bool>;

    /// A request for access, answered or expired ones included.
    async fn uma_request(&self, realm_id: RealmId, id: UmaRequestId) -> StoreResult<Option<UmaRequest>>;

    /// Requests for access by identifier, after one of them where one is named.
    async fn uma_requests(
        &self,
        realm_id: RealmId,
        filter: &UmaRequestFilter,
        page: (Option<UmaRequestId>, u64),
    ) -> StoreResult<Vec<UmaRequest>>;

    /// Answers a request that is pending, and changes policies in the same transaction; says whether it was pending.
    async fn answer_uma_request(
        &self,
        realm_id: RealmId,
        answer: &UmaAnswer,
        events: &[EventRecord],
    ) -> StoreResult<bool>;

    /// Deletes a request for access; says whether it was there.
    async fn delete_uma_request(
        &self,
        realm_id: RealmId,
        id: UmaRequestId,
        events: &[EventRecord],
    ) -> StoreResult<bool>;
}
