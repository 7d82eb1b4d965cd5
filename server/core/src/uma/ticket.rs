//! Permission tickets (UMA Grant sections 3.2 and 5.4): 256 random bits that nobody can guess, of which a hash is kept.

use std::collections::BTreeMap;

use signet_jose::{digest, random_token};

use crate::model::{ResourceKeeper, TicketReference, UmaPermission, UmaTicket};
use crate::ports::StoreResult;
use crate::provider::Provider;
use crate::realm::RealmContext;
use signet_protocol::identifiers::ClientId;

/// Random bytes of a ticket.
const BYTES: usize = 32;

/// A ticket as it is handed out, and as it is kept.
pub(crate) struct NewTicket {
    pub(crate) text: String,
    pub(crate) kept: UmaTicket,
}

/// The name under which a ticket is kept.
pub(crate) fn reference_of(ticket: &str) -> TicketReference {
    TicketReference(digest::sha256(ticket.as_bytes()))
}

/// The ticket of this name, used or expired or not. One that was made before everything in the realm was revoked is none.
pub(crate) async fn find_ticket(
    provider: &Provider,
    realm: &RealmContext,
    reference: TicketReference,
) -> StoreResult<Option<UmaTicket>> {
    let found = provider.store.uma_ticket(realm.id(), reference).await?;
    Ok(found.filter(|ticket| ticket.realm_epoch.is_none_or(|epoch| epoch == realm.realm.epoch)))
}

impl NewTicket {
    /// A ticket for permissions, that any client may begin with.
    pub(crate) fn new(
        (provider, realm): (&Provider, &RealmContext),
        (keeper, permissions): (ResourceKeeper, Vec<UmaPermission>),
    ) -> Self {
        let text = random_token(&*provider.random, BYTES);
        let kept = UmaTicket {
            realm_id: realm.id(),
            reference: reference_of(&text),
            keeper,
            permissions,
            params: BTreeMap::new(),
            client_id: None,
            party: None,
            wait: None,
            realm_epoch: Some(realm.realm.epoch),
            used: false,
            expires_at: provider.now().plus(realm.realm.settings.uma_ticket_seconds),
        };
        Self { text, kept }
    }

    /// What follows a ticket: for the same permissions, of this client alone. Nothing that was found out before comes
    /// along.
    pub(crate) fn after(
        (provider, realm): (&Provider, &RealmContext),
        (ticket, client_id): (&UmaTicket, &ClientId),
    ) -> Self {
        let new = Self::new((provider, realm), (ticket.keeper.clone(), ticket.permissions.clone()));
        let (params, client_id) = (ticket.params.clone(), Some(client_id.clone()));
        Self { kept: UmaTicket { params, client_id, ..new.kept }, ..new }
    }
}
