//! The resource registration API (UMA Federated Authorization section 3.2). Its token says whose resources it is about:
//! of a resource server, for a resource owner. What others registered is not there.

use serde_json::{Value, json};
use signet_jose::random;
use signet_protocol::error::ErrorCode;
use signet_protocol::identifiers::UmaResourceId;
use signet_protocol::spec::uma_federated;

use super::description::description;
use super::spontaneous::{may_have_patterns, take_patterns};
use crate::endpoints::Endpoint;
use crate::events::{Action, Actor, Event, Fact, Object, Parties, RefusedAt, Serving};
use crate::failure::Failure;
use crate::model::{ResourceDescription, ResourceKeeper, UmaResource};
use crate::realm::RealmContext;
use crate::tokens::CheckedAccessToken;

/// Most resources that a resource server registers for one owner.
const MOST_RESOURCES: i64 = 10_000;

/// Where refusals are recorded.
const PLACE: RefusedAt = RefusedAt::Endpoint(Endpoint::Uma);

/// Whose resources a protection API token is about (section 1.3).
pub(super) fn keeper(token: &CheckedAccessToken) -> ResourceKeeper {
    ResourceKeeper { server: token.client_id.clone(), owner: token.user_id() }
}

/// The event of a change to a resource.
pub(super) fn changed(token: &CheckedAccessToken, (id, action): (UmaResourceId, Action), fields: &[&str]) -> Event {
    let fact = Fact::AdministrativeChange {
        actor: Actor::Client { client_id: token.client_id.clone() },
        object: Object::ProtectedResource,
        id: id.to_string(),
        action,
        fields: fields.iter().map(|&field| field.to_owned()).collect(),
    };
    fact.concerning(Parties::client(&token.client_id).and_user(token.user_id()))
}

/// Reads the description of a resource.
async fn described(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (token, body): (&CheckedAccessToken, &[u8]),
) -> Result<ResourceDescription, Failure> {
    let mut read = description(body)?;
    let permitted = may_have_patterns(serving, realm, token).await?;
    read.scope_patterns = take_patterns(&mut read.resource_scopes, permitted)?;
    Ok(read)
}

/// Registers a resource; answers its identifier. The token has been checked: it stands, is for this issuer and has
/// [`super::PROTECTION_SCOPE`].
///
/// # Errors
/// `invalid_request` where the description is none, or there are too many already. It is recorded.
pub async fn register_resource(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    body: &[u8],
) -> Result<UmaResourceId, Failure> {
    let outcome = async {
        let (id, now) = (UmaResourceId(random::random_bytes(&*serving.random)), serving.now());
        let resource = UmaResource {
            realm_id: realm.id(),
            id,
            keeper: keeper(token),
            description: described(serving, realm, (token, body)).await?,
            policies: Vec::new(),
            spontaneous_scopes: Vec::new(),
            created_at: now,
            updated_at: now,
        };
        let events = serving.with_event(realm, changed(token, (id, Action::Created), &[]));
        if !serving.store.insert_uma_resource(&resource, MOST_RESOURCES, &events).await? {
            let reason = "the resource server has registered as many resources of this owner as it may";
            return Err(ErrorCode::InvalidRequest.because(reason).per(uma_federated("3.2.1")).into());
        }
        serving.written(&events);
        Ok(id)
    };
    serving.conclude(realm, outcome.await, (PLACE, None)).await
}

/// A resource's description with its identifier (section 3.2.2); nothing for one that is not there, or another's.
///
/// # Errors
/// Faults only.
pub async fn read_resource(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    id: &str,
) -> Result<Option<Value>, Failure> {
    let Ok(id) = id.parse::<UmaResourceId>() else { return Ok(None) };
    let found = serving.store.uma_resource(realm.id(), id).await?;
    let Some(resource) = found.filter(|resource| resource.keeper == keeper(token)) else { return Ok(None) };
    let mut members = json!(resource.description.as_registered());
    members["_id"] = json!(id);
    Ok(Some(members))
}

/// Puts another description in the place of a resource's (section 3.2.3); says whether there is such a resource.
///
/// # Errors
/// `invalid_request` where the description is none. It is recorded.
pub async fn update_resource(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    (id, body): (&str, &[u8]),
) -> Result<bool, Failure> {
    let outcome = async {
        let Ok(id) = id.parse::<UmaResourceId>() else { return Ok(false) };
        let description = described(serving, realm, (token, body)).await?;
        let events = serving.with_event(realm, changed(token, (id, Action::Updated), &["description"]));
        let (keeper, described) = (keeper(token), (&description, serving.now()));
        let updated = serving.store.describe_uma_resource(realm.id(), (id, &keeper), described, &events).await?;
        if updated {
            serving.written(&events);
        }
        Ok(updated)
    };
    serving.conclude(realm, outcome.await, (PLACE, None)).await
}

/// Ends the protection of a resource, and every permission to it (section 3.2.4); says whether there was such a resource.
///
/// # Errors
/// Faults only.
pub async fn delete_resource(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    id: &str,
) -> Result<bool, Failure> {
    let Ok(id) = id.parse::<UmaResourceId>() else { return Ok(false) };
    let events = serving.with_event(realm, changed(token, (id, Action::Deleted), &[]));
    let deleted = serving.store.delete_uma_resource(realm.id(), (id, &keeper(token)), &events).await?;
    if deleted {
        serving.written(&events);
    }
    Ok(deleted)
}

/// The identifiers of all resources of this owner at this resource server (section 3.2.5).
///
/// # Errors
/// Faults only.
pub async fn list_resources(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
) -> Result<Vec<UmaResourceId>, Failure> {
    Ok(serving.store.uma_resources_of(realm.id(), &keeper(token)).await?)
}
