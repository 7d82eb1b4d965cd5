//! What a token is aimed at: the resources that `on_resource_indicators` leaves of those that it may be for, and the scope
//! and the authorization details that these can make use of (RFC 8707 section 2.2, RFC 9396 section 9). Every resource
//! that a script drops is gone, the shortest life counts, and the first refusal is the answer.

use signet_hooks::Seconds;
use signet_hooks::points::OnResourceIndicators;
use signet_hooks::points::on_resource_indicators::{
    RequestedResource, RequestedResources, ResourceDecision, ResourceFacts,
};
use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::GrantType;
use signet_protocol::scope::Scope;
use signet_protocol::spec::{rfc8707, rfc9396};

use super::GrantRequest;
use super::resources::scope_at;
use crate::details;
use crate::events::Serving;
use crate::hooks::Subject;
use crate::model::{AuthorizationDetail, Client, User};
use crate::realm::RealmContext;
use crate::tokens::{Lifetimes, audience_of};

/// What a token may be for.
pub(crate) struct Authorized<'a> {
    pub(crate) client: &'a Client,
    /// Nobody for a client's own token.
    pub(crate) user: Option<&'a User>,
    /// Nothing at the authorization endpoint, where no token is made yet.
    pub(crate) grant_type: Option<GrantType>,
    pub(crate) scope: &'a Scope,
    pub(crate) resources: Vec<String>,
    pub(crate) details: Vec<AuthorizationDetail>,
    /// Whether the request names these details, and wants each of them.
    pub(crate) names_details: bool,
}

/// What a token is for.
#[derive(Debug, PartialEq)]
pub(crate) struct Aimed {
    pub(crate) scope: Scope,
    pub(crate) resources: Vec<String>,
    pub(crate) details: Vec<AuthorizationDetail>,
    pub(crate) lifetimes: Lifetimes,
}

/// Aims the token of a grant at its resources.
///
/// # Errors
/// Those of [`aim`].
pub(super) async fn aim_grant(
    request: &GrantRequest<'_>,
    (grant_type, user): (GrantType, Option<&User>),
    scope: &Scope,
    (resources, details): (Vec<String>, Vec<AuthorizationDetail>),
) -> Result<Aimed, Refusal> {
    let authorized = Authorized {
        client: request.client.client(),
        user,
        grant_type: Some(grant_type),
        scope,
        resources,
        details,
        names_details: request.parameters.get("authorization_details").is_some(),
    };
    aim(request.serving, request.realm, authorized).await
}

/// Aims a token at its resources. One that names none is as it was authorized.
///
/// # Errors
/// `invalid_target` where no resource is left, or nothing of what was granted is for one; `invalid_authorization_details`
/// where the request names details for other resources (RFC 9396 section 6); what a script refuses with.
pub(crate) async fn aim(
    serving: &Serving<'_>,
    realm: &RealmContext,
    authorized: Authorized<'_>,
) -> Result<Aimed, Refusal> {
    let Left { resources, lifetimes } = left(serving, realm, &authorized).await?;
    let Authorized { scope, details, names_details, .. } = authorized;
    if resources.is_empty() {
        return Ok(Aimed { scope: scope.clone(), resources, details, lifetimes });
    }
    let here = scope_at(realm, &resources, scope);
    let details_here = details::for_audience(&details, &audience_of(realm, &resources, &here));
    if names_details && details_here != details {
        let reason = "the authorization details name other locations than the resources of the request";
        return Err(ErrorCode::InvalidAuthorizationDetails.because(reason).per(rfc9396("6")));
    }
    if here.is_empty() && details_here.is_empty() && !(scope.is_empty() && details.is_empty()) {
        let reason = "nothing of what was granted can be used at this resource";
        return Err(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2")));
    }
    Ok(Aimed { scope: here, resources, details: details_here, lifetimes })
}

/// What scripts leave of the resources of a request, and how long a token for them may live.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Left {
    pub(crate) resources: Vec<String>,
    lifetimes: Lifetimes,
}

/// Asks about the resources of a request, if it names some.
///
/// # Errors
/// The first refusal; `invalid_target` where none is left.
pub(crate) async fn left(
    serving: &Serving<'_>,
    realm: &RealmContext,
    authorized: &Authorized<'_>,
) -> Result<Left, Refusal> {
    let mut left = Left { resources: authorized.resources.clone(), lifetimes: Lifetimes::default() };
    if left.resources.is_empty() {
        return Ok(left);
    }
    let subject = Subject::client(authorized.client).and_user(authorized.user);
    let asked = || (facts(authorized), described(realm, &authorized.resources));
    for answer in serving.ask::<OnResourceIndicators>(realm, subject, asked).await? {
        match answer.decision {
            ResourceDecision::None {} | ResourceDecision::Allow {} => {}
            ResourceDecision::Deny(denial) => return Err(denial.refusal()),
            ResourceDecision::Narrow(narrowing) => {
                left.narrow(&narrowing.drop_resources, narrowing.access_token_seconds.map(Seconds::get));
            }
        }
    }
    if left.resources.is_empty() {
        let reason = "none of the resources is open to this request";
        return Err(ErrorCode::InvalidTarget.because(reason).per(rfc8707("2")));
    }
    Ok(left)
}

impl Left {
    fn narrow(&mut self, dropped: &[String], access_token: Option<i64>) {
        self.resources.retain(|resource| !dropped.contains(resource));
        self.lifetimes = self.lifetimes.at_most(Lifetimes { access_token, ..Lifetimes::default() });
    }
}

fn facts(authorized: &Authorized<'_>) -> ResourceFacts {
    ResourceFacts {
        grant_type: authorized.grant_type.map(|grant| grant.as_str().to_owned()),
        scope: authorized.scope.iter().map(str::to_owned).collect(),
    }
}

fn described(realm: &RealmContext, resources: &[String]) -> RequestedResources {
    let described = resources.iter().map(|identifier| {
        let server = realm.resource_server(identifier);
        let scopes = server.into_iter().flat_map(|server| &server.scopes);
        RequestedResource {
            identifier: identifier.clone(),
            scopes: scopes.map(|scope| scope.name.clone()).collect(),
            token_format: server.map(|server| server.token_format.as_str().to_owned()),
            access_token_seconds: server.and_then(|server| server.access_token_seconds),
        }
    });
    RequestedResources(described.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_resource_that_is_dropped_is_gone_and_the_shortest_life_counts() {
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut left = Left { resources: names(&["a", "b", "c"]), lifetimes: Lifetimes::default() };
        left.narrow(&names(&["b", "unknown"]), Some(300));
        left.narrow(&names(&["b", "c"]), None);
        left.narrow(&[], Some(900));
        let lifetimes = Lifetimes { access_token: Some(300), id_token: None };
        assert_eq!(left, Left { resources: names(&["a"]), lifetimes });
    }
}
