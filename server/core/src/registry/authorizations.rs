//! What users allowed clients: consents, and the grants that clients manage.

use signet_protocol::identifiers::{AuthorizationId, UserId};

use super::changes::administered;
use super::{RegistryError, find_user};
use crate::events::{Action, Object, Parties, Serving};
use crate::model::Authorization;
use crate::provider::Provider;
use crate::realm::RealmContext;

/// What a user allowed clients, at most 1000, newest first.
///
/// # Errors
/// `NotFound` for the user.
pub async fn list_authorizations(
    provider: &Provider,
    realm: &RealmContext,
    user_id: UserId,
) -> Result<Vec<Authorization>, RegistryError> {
    find_user(provider, realm, user_id).await?;
    Ok(provider.store.authorizations_of_user(realm.id(), user_id).await?)
}

/// One consent or grant.
///
/// # Errors
/// `NotFound`.
pub async fn find_authorization(
    provider: &Provider,
    realm: &RealmContext,
    id: AuthorizationId,
) -> Result<Authorization, RegistryError> {
    let found = provider.store.authorization_by_id(realm.id(), id).await?;
    found.ok_or(RegistryError::NotFound("authorization"))
}

/// Ends a consent or grant with everything that rests on it.
///
/// # Errors
/// `NotFound`.
pub async fn revoke_authorization(
    serving: &Serving<'_>,
    realm: &RealmContext,
    id: AuthorizationId,
) -> Result<(), RegistryError> {
    let found = find_authorization(serving, realm, id).await?;
    let deleted = administered(serving, (Object::Authorization, id.to_string()), Action::Deleted, Vec::new());
    let parties = Parties::client(&found.client_id).and_user(Some(found.user_id));
    let events = serving.with_event(realm, deleted.concerning(parties));
    if !serving.store.revoke_authorization(realm.id(), found.user_id, id, &events).await? {
        return Err(RegistryError::NotFound("authorization"));
    }
    serving.written(&events);
    serving.logouts.notify_one();
    Ok(())
}
