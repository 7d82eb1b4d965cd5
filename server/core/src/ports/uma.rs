//! Storage of protected resources and permission tickets (User-Managed Access 2.0).

use async_trait::async_trait;
use signet_protocol::identifiers::{RealmId, UmaResourceId};
use signet_protocol::time::UnixTime;

use super::{StandingQuery, StoreResult};
use crate::events::EventRecord;
use crate::model::{
    Purpose, ResourceDescription, ResourceKeeper, TicketReference, UmaPolicy, UmaResource, UmaTicket, UsedRecord,
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

    /// Puts another description in the place of a resource's; says whether the keeper has such a resource.
    async fn describe_uma_resource(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        description: (&ResourceDescription, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool>;

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
}
