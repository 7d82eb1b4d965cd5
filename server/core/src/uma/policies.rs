//! The policies of an owner's resources, for clients that the owner has given that scope. Setting them is outside of the
//! specifications (UMA Federated Authorization section 1.4); here it is a list that is read and replaced as a whole.

use serde::{Deserialize, Serialize};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::UmaResourceId;
use signet_protocol::spec::uma_grant;

use super::description::object;
use super::protection::changed;
use crate::endpoints::Endpoint;
use crate::events::{Action, RefusedAt, Serving};
use crate::failure::{Failure, Fault};
use crate::model::{UmaPolicy, UmaResource};
use crate::realm::RealmContext;
use crate::tokens::CheckedAccessToken;

/// Most policies of a resource.
pub(super) const MOST_POLICIES: usize = 100;
/// Most users, clients or scopes of a policy.
const MOST_OF_A_POLICY: usize = 100;

/// The policies of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policies {
    policies: Vec<UmaPolicy>,
}

/// The policies of a resource; nothing for one that is not there, or not the owner's. The token has been checked: it
/// stands, is for this issuer and has [`super::POLICY_SCOPE`].
///
/// # Errors
/// Faults only.
pub async fn policies_of(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    id: &str,
) -> Result<Option<Policies>, Failure> {
    let found = owned(serving, realm, (token, id)).await?;
    Ok(found.map(|resource| Policies { policies: resource.policies }))
}

/// Puts other policies in the place of a resource's; says whether the owner has such a resource.
///
/// # Errors
/// `invalid_request` where a policy is none. It is recorded.
pub async fn set_policies(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    (id, body): (&str, &[u8]),
) -> Result<bool, Failure> {
    let outcome = async {
        let Some(resource) = owned(serving, realm, (token, id)).await? else { return Ok(false) };
        let policies = read(body)?;
        let events = serving.with_event(realm, changed(token, (resource.id, Action::Updated), &["policies"]));
        let which = (resource.id, &resource.keeper);
        let set = serving.store.set_uma_policies(realm.id(), which, (&policies, serving.now()), &events).await?;
        if set {
            serving.written(&events);
        }
        Ok(set)
    };
    serving.conclude(realm, outcome.await, (RefusedAt::Endpoint(Endpoint::Uma), None)).await
}

/// A resource of the token's user; where the token is a client's own, one that the client registered for itself.
async fn owned(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (token, id): (&CheckedAccessToken, &str),
) -> Result<Option<UmaResource>, Fault> {
    let Ok(id) = id.parse::<UmaResourceId>() else { return Ok(None) };
    let found = serving.store.uma_resource(realm.id(), id).await?;
    Ok(found.filter(|resource| match token.user_id() {
        Some(user) => resource.keeper.owner == Some(user),
        None => resource.keeper.owner.is_none() && resource.keeper.server == token.client_id,
    }))
}

fn read(body: &[u8]) -> Result<Vec<UmaPolicy>, Refusal> {
    let invalid = |reason: &'static str| ErrorCode::InvalidRequest.because(reason).per(uma_grant("3.3.4"));
    let members = object(body)?;
    let read: Result<Policies, _> = serde_json::from_value(members.into());
    let Policies { policies } = read.map_err(|_| {
        invalid(
            "the body must be an object with policies, a list of objects with scopes, owner, users, claims, clients, \
                 ask, not_before and expires_at",
        )
    })?;
    if policies.len() > MOST_POLICIES {
        return Err(invalid("a resource has at most 100 policies"));
    }
    for policy in &policies {
        let names_somebody = policy.owner || !policy.users.is_empty() || !policy.claims.is_empty();
        if !names_somebody && policy.clients.is_empty() && !policy.ask {
            return Err(invalid(
                "a policy must be for the owner, or name users, claims or clients, or have the owner asked",
            ));
        }
        let values = policy.claims.values();
        if values.clone().any(Vec::is_empty) || values.flatten().any(|value| value.is_object() || value.is_array()) {
            return Err(invalid("a claim of a policy has one simple value at least"));
        }
        let named = [policy.scopes.len(), policy.users.len(), policy.clients.len(), policy.claims.len()];
        let values_of_each = policy.claims.values().map(Vec::len);
        let longest = named.into_iter().chain(values_of_each).max().unwrap_or_default();
        if longest > MOST_OF_A_POLICY || policy.scopes.iter().any(|scope| scope.chars().count() > 200) {
            return Err(invalid("a policy names at most 100 scopes, users, clients, claims and values of each"));
        }
        if policy.expires_at.is_some_and(|end| policy.not_before.is_some_and(|begin| end <= begin)) {
            return Err(invalid("a policy must expire after it begins"));
        }
    }
    Ok(policies)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_whom_it_is_for() {
        let read = |policy: &str| read(format!(r#"{{"policies":[{policy}]}}"#).as_bytes());
        for good in [
            r#"{"scopes":["view"],"owner":true}"#,
            r#"{"scopes":[],"users":["AAAAAAAAAAAAAAAAAAAAAA"],"not_before":1,"expires_at":2}"#,
            r#"{"scopes":["view"],"clients":["app"]}"#,
            r#"{"scopes":["view"],"ask":true}"#,
            r#"{"scopes":["view"],"claims":{"groups":["family"]}}"#,
        ] {
            assert_eq!(read(good).unwrap().len(), 1, "{good}");
        }
        for bad in [
            r#"{"scopes":["view"]}"#,
            r#"{"scopes":["view"],"owner":false}"#,
            r#"{"owner":true}"#,
            r#"{"scopes":["view"],"owner":true,"everybody":true}"#,
            r#"{"scopes":["view"],"users":["ana"]}"#,
            r#"{"scopes":["view"],"claims":{"groups":[]}}"#,
            r#"{"scopes":["view"],"claims":{"groups":[{}]}}"#,
            r#"{"scopes":["view"],"owner":true,"not_before":2,"expires_at":2}"#,
        ] {
            assert_eq!(read(bad).unwrap_err().code, ErrorCode::InvalidRequest, "{bad}");
        }
    }
}
