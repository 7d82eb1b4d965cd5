//! What happened, for those who administer.

use signet_protocol::identifiers::{RealmId, RequestId};

use super::RegistryError;
use crate::events::{ListedRecord, Verification, verify};
use crate::ports::{EventQuery, Page};
use crate::provider::Provider;

/// Most events of one request that are shown.
const MOST_OF_REQUEST: u64 = 1000;

/// Events of a realm, at most `limit`, sealed or not.
///
/// # Errors
/// Faults only.
pub async fn list_events(
    provider: &Provider,
    realm_id: RealmId,
    query: &EventQuery,
    limit: u64,
) -> Result<Page<ListedRecord>, RegistryError> {
    let mut items = provider.store.events(realm_id, query, limit.saturating_add(1)).await?;
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = if more { items.last().map(|last| last.record.id.to_string()) } else { None };
    Ok(Page { items, next })
}

/// Every event of a request in a realm, in order.
///
/// # Errors
/// Faults only.
pub(super) async fn events_of_request(
    provider: &Provider,
    realm_id: RealmId,
    request: &RequestId,
) -> Result<Vec<ListedRecord>, RegistryError> {
    let query = EventQuery { request: Some(request.clone()), ..EventQuery::default() };
    Ok(provider.store.events(realm_id, &query, MOST_OF_REQUEST).await?)
}

/// Every realm that has a chain, deleted ones included, by identifier.
///
/// # Errors
/// Faults only.
pub async fn realms_with_events(provider: &Provider) -> Result<Vec<RealmId>, RegistryError> {
    let mut realms: Vec<RealmId> = Vec::new();
    loop {
        let more = provider.store.chained_realms(realms.last().copied()).await?;
        if more.is_empty() {
            return Ok(realms);
        }
        realms.extend(more);
    }
}

/// Checks the chain of a realm.
///
/// # Errors
/// `NotFound` for a realm that never had an event; a fault while another check of it is under way in this process.
pub async fn verify_events(provider: &Provider, realm_id: RealmId) -> Result<Verification, RegistryError> {
    verify(provider, realm_id).await?.ok_or(RegistryError::NotFound("chain of events"))
}
