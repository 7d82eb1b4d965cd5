//! The permission endpoint (UMA Federated Authorization section 4).

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use signet_jose::strict_json;
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::identifiers::UmaResourceId;
use signet_protocol::spec::uma_federated;

use super::description::scopes;
use super::protection::keeper;
use super::{LONGEST_PERMISSIONS, NewTicket, spontaneous};
use crate::endpoints::Endpoint;
use crate::events::{RefusedAt, Serving};
use crate::failure::Failure;
use crate::model::{ResourceKeeper, UmaPermission};
use crate::realm::RealmContext;
use crate::tokens::CheckedAccessToken;

/// Makes a permission ticket for what a resource server asks for on a client's behalf. The token has been checked: it
/// stands, is for this issuer and has [`super::PROTECTION_SCOPE`].
///
/// # Errors
/// `invalid_resource_id` for what is not a resource of this owner at this resource server, `invalid_scope` for a scope that
/// it does not have, `invalid_request` for what does not read. It is recorded.
pub async fn request_permissions(
    serving: &Serving<'_>,
    realm: &RealmContext,
    token: &CheckedAccessToken,
    body: &[u8],
) -> Result<String, Failure> {
    let outcome = async {
        let keeper = keeper(token);
        let (permissions, params) = requested(body)?;
        registered(serving, realm, (token, &keeper), &permissions).await?;
        let mut ticket = NewTicket::new((serving, realm), (keeper, permissions));
        ticket.kept.params = params;
        serving.store.insert_uma_ticket(&ticket.kept, &[]).await?;
        Ok(ticket.text)
    };
    serving.conclude(realm, outcome.await, (RefusedAt::Endpoint(Endpoint::Uma), None)).await
}

fn invalid(reason: &'static str) -> Refusal {
    ErrorCode::InvalidRequest.because(reason).per(uma_federated("4.1"))
}

/// What is said of the attempt at each resource.
type Params = BTreeMap<UmaResourceId, BTreeMap<String, String>>;

/// One permission, or an array of them (section 4.1). What is asked for twice is asked for once.
fn requested(body: &[u8]) -> Result<(Vec<UmaPermission>, Params), Refusal> {
    let objects: Vec<Value> = match strict_json::parse_array(body) {
        Ok(objects) => objects,
        Err(_) => vec![Value::Object(super::description::object(body)?)],
    };
    let (mut permissions, mut said): (Vec<UmaPermission>, Params) = (Vec::new(), Params::new());
    for object in &objects {
        let members = object.as_object().ok_or_else(|| invalid("a permission must be an object"))?;
        let permission = permission(members)?;
        if let Some(value) = members.get("params") {
            said.entry(permission.resource_id).or_default().extend(params(value)?);
        }
        match permissions.iter_mut().find(|known| known.resource_id == permission.resource_id) {
            Some(known) => {
                let more = permission.resource_scopes.into_iter();
                let more: Vec<_> = more.filter(|scope| !known.resource_scopes.contains(scope)).collect();
                known.resource_scopes.extend(more);
            }
            None => permissions.push(permission),
        }
    }
    let length = |json: Result<Vec<u8>, serde_json::Error>| json.map_or(usize::MAX, |json| json.len());
    let longest = length(serde_json::to_vec(&permissions)).max(length(serde_json::to_vec(&said)));
    if permissions.is_empty() || longest > LONGEST_PERMISSIONS {
        return Err(invalid("ask for one permission at least, and for no more than 2048 bytes of them at a time"));
    }
    Ok((permissions, said))
}

/// What is said of the attempt at a resource: texts by names.
fn params(value: &Value) -> Result<BTreeMap<String, String>, Refusal> {
    let read: Result<BTreeMap<String, String>, _> = serde_json::from_value(value.clone());
    read.map_err(|_| invalid("params must be an object of texts"))
}

fn permission(members: &Map<String, Value>) -> Result<UmaPermission, Refusal> {
    let id = members.get("resource_id").and_then(Value::as_str);
    let id = id.ok_or_else(|| invalid("resource_id is missing or no text"))?;
    let resource_id: UmaResourceId = id.parse().map_err(|_| unknown())?;
    Ok(UmaPermission { resource_id, resource_scopes: scopes(members.get("resource_scopes"))? })
}

fn unknown() -> Refusal {
    ErrorCode::InvalidResourceId
        .because("a resource is not registered by this resource server for this owner")
        .per(uma_federated("4.3"))
}

/// Everything must be registered, by this resource server for this owner, or is made of a pattern that is.
async fn registered(
    serving: &Serving<'_>,
    realm: &RealmContext,
    (token, keeper): (&CheckedAccessToken, &ResourceKeeper),
    permissions: &[UmaPermission],
) -> Result<(), Failure> {
    let mut others = Vec::new();
    for permission in permissions {
        let found = serving.store.uma_resource(realm.id(), permission.resource_id).await?;
        let resource = found
            .filter(|resource| resource.keeper == *keeper && resource.is_current(serving.now()))
            .ok_or_else(unknown)?;
        let known = &resource.description.resource_scopes;
        let is_whole = resource.description.scope_expression.is_none()
            || known.iter().all(|scope| permission.resource_scopes.contains(scope));
        if !is_whole {
            let reason = "a resource with a scope expression is asked for with all of its scopes";
            return Err(ErrorCode::InvalidScope.because(reason).per(uma_federated("4.3")).into());
        }
        let other = permission.resource_scopes.iter().filter(|scope| !known.contains(scope));
        let other: Vec<String> = other.cloned().collect();
        if !other.is_empty() {
            others.push((resource, other));
        }
    }
    if others.is_empty() { Ok(()) } else { spontaneous::make(serving, realm, token, &others).await }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uma_federated_4_1_one_permission_or_an_array_of_them() {
        let (a, b) = ("AAAAAAAAAAAAAAAAAAAAAA", "BAAAAAAAAAAAAAAAAAAAAA");
        let one = requested(format!(r#"{{"resource_id":"{a}","resource_scopes":["view"],"more":1}}"#).as_bytes());
        assert_eq!(one.unwrap().0.len(), 1);
        let body = format!(
            r#"[{{"resource_id":"{a}","resource_scopes":["view"]}},{{"resource_id":"{b}","resource_scopes":[]}},
                {{"resource_id":"{a}","resource_scopes":["print","view"],"params":{{"method":"GET"}}}}]"#
        );
        let (several, said) = requested(body.as_bytes()).unwrap();
        assert_eq!(several.len(), 2);
        assert_eq!(said[&several[0].resource_id]["method"], "GET");
        assert_eq!(several[0].resource_scopes, ["view", "print"]);
        for (body, code) in [
            ("[]".to_owned(), ErrorCode::InvalidRequest),
            ("[7]".to_owned(), ErrorCode::InvalidRequest),
            ("7".to_owned(), ErrorCode::InvalidRequest),
            (format!(r#"{{"resource_id":"{a}"}}"#), ErrorCode::InvalidRequest),
            (r#"{"resource_scopes":[]}"#.to_owned(), ErrorCode::InvalidRequest),
            (format!(r#"{{"resource_id":"{a}","resource_scopes":[],"params":[]}}"#), ErrorCode::InvalidRequest),
            (format!(r#"{{"resource_id":"{a}","resource_scopes":[],"params":{{"a":1}}}}"#), ErrorCode::InvalidRequest),
            (r#"{"resource_id":"*","resource_scopes":[]}"#.to_owned(), ErrorCode::InvalidResourceId),
            (r#"{"resource_id":"","resource_scopes":[]}"#.to_owned(), ErrorCode::InvalidResourceId),
        ] {
            assert_eq!(requested(body.as_bytes()).unwrap_err().code, code, "{body}");
        }
    }
}
