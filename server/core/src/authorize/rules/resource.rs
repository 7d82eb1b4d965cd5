//! RFC 8707 section 2.1: resources are registered in the realm and open to the client.

use signet_protocol::error::Refusal;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::grants::{requested_resources, resources_are_allowed};

pub(in crate::authorize) fn resources_are_registered(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let resources = requested_resources(context.parameters);
    resources_are_allowed(context.realm, context.client, &resources)?;
    draft.0.resources = resources;
    Ok(())
}
