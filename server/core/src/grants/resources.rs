//! Resource indicators (RFC 8707 section 2).

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::parameters::Parameters;
use signet_protocol::spec::rfc8707;

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

/// Whether every resource is registered in the realm and open to the client. The comparison is exact, so that relative
/// URIs and fragments never match (registration refuses them).
pub(crate) fn resources_are_allowed(
    realm: &RealmContext,
    client: &Client,
    resources: &[String],
) -> Result<(), Refusal> {
    let is_open = |resource: &String| client.settings.resources.as_ref().is_none_or(|open| open.contains(resource));
    if resources.iter().all(|resource| realm.resource_server(resource).is_some() && is_open(resource)) {
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
