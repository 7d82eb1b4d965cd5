//! Resource indicators (RFC 8707 section 2).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::scope::Scope;
use signet_protocol::spec::rfc8707;
use signet_protocol::standard_claims::STANDARD_SCOPES;

use super::GrantRequest;
use crate::model::Client;
use crate::realm::RealmContext;

/// The resources a request names, each once.
pub(crate) fn requested_resources(parameters: &Parameters) -> Vec<String> {
    let mut resources: Vec<String> = Vec::new();
    for resource in parameters.all("resource") {
        if !resources.iter().any(|known| known == resource) {
            resources.push(resource.to_owned());
        }
    }
    resources
}

/// Whether every resource is one of the server itself, or registered in the realm and open to the client. The comparison
/// is exact, so that relative URIs and fragments never match (registration refuses them).
pub(crate) fn resources_are_allowed(
    realm: &RealmContext,
    client: &Client,
    resources: &[String],
) -> Result<(), Refusal> {
    let is_open = |resource: &String| client.settings.resources.as_ref().is_none_or(|open| open.contains(resource));
    let is_registered = |resource: &String| realm.resource_server(resource).is_some() && is_open(resource);
    // The server's own are what every token without a resource is for.
    let is_allowed = |resource: &String| realm.is_own_resource(resource) || is_registered(resource);
    if resources.iter().all(is_allowed) {
        Ok(())
    } else {
        Err(ErrorCode::InvalidTarget.because("a resource is unknown or not open to this client").per(rfc8707("2")))
    }
}

/// What a token request may name: the resources that were authorized, or some of them (section 2.2), as far as they are
/// still open to the client.
pub(super) fn narrowed(request: &GrantRequest<'_>, authorized: &[String]) -> Result<Vec<String>, Refusal> {
    let requested = requested_resources(request.parameters);
    let resources = if requested.is_empty() { authorized.to_vec() } else { requested };
    if resources.iter().all(|resource| authorized.contains(resource)) {
        resources_are_allowed(request.realm, request.client.client(), &resources)?;
        Ok(resources)
    } else {
        Err(ErrorCode::InvalidTarget
            .because("a resource was not part of the authorization request")
            .per(rfc8707("2.2")))
    }
}

/// The scope that some resources can make use of (section 2.2): without the values that only others registered. Values
/// that nobody registered, and those of this server itself, say nothing about a resource, and stay; so does everything
/// where no resource is named.
pub(crate) fn scope_at(realm: &RealmContext, resources: &[String], scope: &Scope) -> Scope {
    if resources.is_empty() {
        return scope.clone();
    }
    scope.filtered(|value| {
        let mut registered = realm
            .resource_servers
            .iter()
            .filter(|server| server.scopes.iter().any(|scope| scope.name == value))
            .map(|server| &server.identifier)
            .peekable();
        let is_nobodys = registered.peek().is_none() || STANDARD_SCOPES.contains(&value);
        is_nobodys || registered.any(|identifier| resources.contains(identifier))
    })
}
