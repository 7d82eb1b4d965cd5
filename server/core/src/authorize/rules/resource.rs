//! RFC 8707 section 2.1: resources are registered in the realm and open to the client. What they demand of a login (RFC
//! 9470) is demanded of the one that the request is answered after, so that the token is good there.

use signet_protocol::error::Refusal;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::grants::{requested_resources, resources_are_allowed};

pub(in crate::authorize) fn resources_are_registered(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let resources = requested_resources(context.parameters);
    resources_are_allowed(context.realm, context.client, &resources)?;
    for server in resources.iter().filter_map(|resource| context.realm.resource_server(resource)) {
        draft.0.max_age = draft.0.max_age.into_iter().chain(server.max_authentication_age_seconds).min();
        draft.0.acr_requested |= !server.required_acr_values.is_empty();
    }
    draft.0.resources = resources;
    Ok(())
}
