//! OAuth 2.0 Multiple Response Type Encoding Practices 2.1: the response mode is known and allowed by the profile.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseMode;
use signet_protocol::spec::SpecRef;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn response_mode_is_allowed(context: &Context<'_>, _: &mut Draft) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("response_mode") else { return Ok(()) };
    match text.parse::<ResponseMode>() {
        Ok(mode) if context.profile.response_modes.contains(&mode) => Ok(()),
        _ => {
            let spec = SpecRef::new("OAuth 2.0 Multiple Response Type Encoding Practices", "2.1");
            Err(ErrorCode::InvalidRequest.because("this server does not offer the response mode").per(spec))
        }
    }
}
