//! What owners protect here, and requests for access that wait for their answer (User-Managed Access 2.0).

use signet_protocol::identifiers::{UmaRequestId, UmaResourceId};

use super::RegistryError;
use super::changes::administered;
use crate::events::{Action, Object, Parties, Serving};
use crate::model::{UmaRequest, UmaResource};
use crate::ports::{Page, PageRequest, UmaRequestFilter, UmaResourceFilter};
use crate::provider::Provider;
use crate::realm::RealmContext;

/// The realm's protected resources by identifier; those of an owner or a resource server, if asked for.
///
/// # Errors
/// Faults only.
pub async fn list_protected_resources(
    provider: &Provider,
    realm: &RealmContext,
    filter: &UmaResourceFilter,
    page: &PageRequest,
) -> Result<Page<UmaResource>, RegistryError> {
    let after = page.after.as_deref().and_then(|after| after.parse::<UmaResourceId>().ok());
    let found = provider.store.uma_resources(realm.id(), filter, (after, page.limit + 1)).await?;
    Ok(cut(found, page.limit, |resource| resource.id.to_string()))
}

/// One resource.
///
/// # Errors
/// `NotFound`.
pub async fn find_protected_resource(
    provider: &Provider,
    realm: &RealmContext,
    id: UmaResourceId,
) -> Result<UmaResource, RegistryError> {
    let found = provider.store.uma_resource(realm.id(), id).await?;
    found.ok_or(RegistryError::NotFound("protected resource"))
}

/// Ends the protection of a resource, with its policies and every permission to it.
///
/// # Errors
/// `NotFound`.
pub async fn delete_protected_resource(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: UmaResourceId,
) -> Result<(), RegistryError> {
    let found = find_protected_resource(serving, realm, id).await?;
    let deleted = administered(serving, (Object::ProtectedResource, id.to_string()), Action::Deleted, Vec::new());
    let parties = Parties::client(&found.keeper.server).and_user(found.keeper.owner);
    let events = serving.with_event(realm, deleted.concerning(parties));
    if !serving.store.delete_uma_resource(realm.id(), (id, &found.keeper), &events).await? {
        return Err(RegistryError::NotFound("protected resource"));
    }
    serving.written(&events);
    Ok(())
}

/// The realm's requests for access by identifier; those of an owner, or those that can still be answered, if asked for.
///
/// # Errors
/// Faults only.
pub async fn list_access_requests(
    provider: &Provider,
    realm: &RealmContext,
    filter: &UmaRequestFilter,
    page: &PageRequest,
) -> Result<Page<UmaRequest>, RegistryError> {
    let after = page.after.as_deref().and_then(|after| after.parse::<UmaRequestId>().ok());
    let found = provider.store.uma_requests(realm.id(), filter, (after, page.limit + 1)).await?;
    Ok(cut(found, page.limit, |request| request.id.to_string()))
}

/// One request for access.
///
/// # Errors
/// `NotFound`.
pub async fn find_access_request(
    provider: &Provider,
    realm: &RealmContext,
    id: UmaRequestId,
) -> Result<UmaRequest, RegistryError> {
    let found = provider.store.uma_request(realm.id(), id).await?;
    found.ok_or(RegistryError::NotFound("access request"))
}

/// Deletes a request for access; the client that polls for it learns that it is denied. Policies that came of it stay.
///
/// # Errors
/// `NotFound`.
pub async fn delete_access_request(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: UmaRequestId,
) -> Result<(), RegistryError> {
    let found = find_access_request(serving, realm, id).await?;
    let deleted = administered(serving, (Object::AccessRequest, id.to_string()), Action::Deleted, Vec::new());
    let parties = Parties::client(&found.client_id).and_user(Some(found.user_id));
    let events = serving.with_event(realm, deleted.concerning(parties));
    if !serving.store.delete_uma_request(realm.id(), id, &events).await? {
        return Err(RegistryError::NotFound("access request"));
    }
    serving.written(&events);
    Ok(())
}

/// A page of what was found, one of which may be too many.
fn cut<Item>(mut found: Vec<Item>, limit: u64, key: impl Fn(&Item) -> String) -> Page<Item> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = if has_more { found.last().map(key) } else { None };
    Page { items: found, next }
}
