//! OpenID Connect Core 7.2.1: a server that does not take the parameter `registration` says so.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::oidc_core;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn clients_are_not_registered_by_request(
    context: &Context<'_>,
    _: &mut Draft,
) -> Result<(), Refusal> {
    if context.parameters.get("registration").is_none() {
        return Ok(());
    }
    let reason = "this server does not take the registration parameter";
    Err(ErrorCode::RegistrationNotSupported.because(reason).per(oidc_core("3.1.2.6")))
}
