//! OAuth 2.0 Multiple Response Type Encoding Practices 2.1: the response mode is known and allowed by the profile.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseMode;
use signet_protocol::spec::{SpecRef, form_post};

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn response_mode_is_allowed(context: &Context<'_>, _: &mut Draft) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("response_mode") else { return Ok(()) };
    match text.parse::<ResponseMode>() {
        Ok(mode) if context.profile.response_modes.contains(&mode) => form_can_be_posted(context, mode),
        _ => {
            let spec = SpecRef::new("OAuth 2.0 Multiple Response Type Encoding Practices", "2.1");
            Err(ErrorCode::InvalidRequest.because("this server does not offer the response mode").per(spec))
        }
    }
}

/// A form can be posted to a web server only, not to the private scheme of a native application.
fn form_can_be_posted(context: &Context<'_>, mode: ResponseMode) -> Result<(), Refusal> {
    let is_web =
        context.parameters.get("redirect_uri").is_some_and(|uri| uri.starts_with("https:") || uri.starts_with("http:"));
    if mode == ResponseMode::FormPost && !is_web {
        return Err(ErrorCode::InvalidRequest
            .because("response_mode form_post needs an http or https redirect URI")
            .per(form_post("2")));
    }
    Ok(())
}
