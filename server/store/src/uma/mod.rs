//! The port of protected resources and permission tickets.

mod claims;
mod requests;
mod resources;
mod spontaneous_scopes;
mod tickets;

pub(crate) use claims::end_persisted_claims;

use async_trait::async_trait;
use signet_core::events::EventRecord;
use signet_core::model::{
    ResourceDescription, ResourceKeeper, TicketReference, UmaClaims, UmaClaimsReference, UmaPolicy, UmaRequest,
    UmaResource, UmaTicket,
};
use signet_core::ports::{
    PolicyEdit, ScopeLimits, ScopesOfPatterns, ScopesOutcome, StoreResult, TicketOutcome, TicketUse, Uma, UmaAnswer,
    UmaRequestFilter, UmaResourceFilter,
};
use signet_protocol::identifiers::{RealmId, UmaRequestId, UmaResourceId};
use signet_protocol::time::UnixTime;

use crate::database::Database;
use crate::uma::claims::EndClaims;
use crate::uma::requests::{AnswerRequest, DeleteRequest};
use crate::uma::resources::{ChangeResource, DescribeResource, EditPolicies, InsertResource, Which};
use crate::uma::spontaneous_scopes::MakeScopes;
use crate::uma::tickets::{KeepTicket, UseTicket};

#[async_trait]
impl Uma for Database {
    async fn insert_uma_resource(
        &self,
        resource: &UmaResource,
        most: i64,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(InsertResource { resource: resource.clone(), most }, events).await
    }

    async fn uma_resource(&self, realm_id: RealmId, id: UmaResourceId) -> StoreResult<Option<UmaResource>> {
        let session = self.reader();
        self.read(|| resources::find(&session, realm_id, id)).await
    }

    async fn uma_resources_of(&self, realm_id: RealmId, keeper: &ResourceKeeper) -> StoreResult<Vec<UmaResourceId>> {
        let session = self.reader();
        self.read(|| resources::kept_by(&session, realm_id, keeper)).await
    }

    async fn describe_uma_resource(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        (description, now): (&ResourceDescription, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        let which = Which::new(realm_id, which);
        self.write_with(DescribeResource { which, description: description.clone(), now }, events).await
    }

    async fn make_uma_scopes(
        &self,
        realm_id: RealmId,
        keeper: &ResourceKeeper,
        (made, limits): (&[ScopesOfPatterns], ScopeLimits),
        events: &[EventRecord],
    ) -> StoreResult<ScopesOutcome> {
        // In one order, so that no two wait for each other.
        let mut made = made.to_vec();
        made.sort_by_key(|of| of.resource_id.0);
        self.write_with(MakeScopes { realm_id, keeper: keeper.clone(), made, limits }, events).await
    }

    async fn set_uma_policies(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        (policies, now): (&[UmaPolicy], UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(ChangeResource::allowing(Which::new(realm_id, which), policies, now)?, events).await
    }

    async fn delete_uma_resource(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(ChangeResource::deleting(Which::new(realm_id, which)), events).await
    }

    async fn insert_uma_ticket(&self, ticket: &UmaTicket, events: &[EventRecord]) -> StoreResult<()> {
        self.write_with(KeepTicket { ticket: ticket.clone() }, events).await
    }

    async fn uma_ticket(&self, realm_id: RealmId, reference: TicketReference) -> StoreResult<Option<UmaTicket>> {
        let session = self.reader();
        self.read(|| tickets::find(&session, realm_id, reference)).await
    }

    async fn use_uma_ticket(
        &self,
        realm_id: RealmId,
        usage: &TicketUse,
        events: &[EventRecord],
    ) -> StoreResult<TicketOutcome> {
        self.write_with(UseTicket { realm_id, usage: usage.clone() }, events).await
    }

    async fn uma_resources(
        &self,
        realm_id: RealmId,
        filter: &UmaResourceFilter,
        page: (Option<UmaResourceId>, u64),
    ) -> StoreResult<Vec<UmaResource>> {
        let session = self.reader();
        self.read(|| resources::listed(&session, realm_id, filter, page)).await
    }

    async fn edit_uma_policies(
        &self,
        realm_id: RealmId,
        which: (UmaResourceId, &ResourceKeeper),
        (edit, now): (&PolicyEdit, UnixTime),
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(EditPolicies { which: Which::new(realm_id, which), edit: edit.clone(), now }, events).await
    }

    async fn uma_claims(&self, realm_id: RealmId, reference: UmaClaimsReference) -> StoreResult<Option<UmaClaims>> {
        let session = self.reader();
        self.read(|| claims::find(&session, realm_id, reference)).await
    }

    async fn end_uma_claims(&self, realm_id: RealmId, family: [u8; 16], events: &[EventRecord]) -> StoreResult<bool> {
        self.write_with(EndClaims { realm_id, family }, events).await
    }

    async fn uma_request(&self, realm_id: RealmId, id: UmaRequestId) -> StoreResult<Option<UmaRequest>> {
        let session = self.reader();
        self.read(|| requests::find(&session, realm_id, id)).await
    }

    async fn uma_requests(
        &self,
        realm_id: RealmId,
        filter: &UmaRequestFilter,
        page: (Option<UmaRequestId>, u64),
    ) -> StoreResult<Vec<UmaRequest>> {
        let session = self.reader();
        self.read(|| requests::listed(&session, realm_id, filter, page)).await
    }

    async fn answer_uma_request(
        &self,
        realm_id: RealmId,
        answer: &UmaAnswer,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(AnswerRequest { realm_id, answer: answer.clone() }, events).await
    }

    async fn delete_uma_request(
        &self,
        realm_id: RealmId,
        id: UmaRequestId,
        events: &[EventRecord],
    ) -> StoreResult<bool> {
        self.write_with(DeleteRequest { realm_id, id }, events).await
    }
}
