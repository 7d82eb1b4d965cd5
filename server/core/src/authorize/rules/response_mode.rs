//! OAuth 2.0 Multiple Response Type Encoding Practices 2.1: the response mode is known and allowed by the profile; 3 and
//! 5, JARM 2.3.1: tokens never travel in a query. FAPI 1.0 Part 2 section 5.2.2-2 and FAPI 2.0 Message Signing section
//! 5.4.1-1: what no ID token protects is signed, where the profile says so.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::{ResponseMode, ResponseType};
use signet_protocol::spec::{fapi1_advanced, form_post, multiple_response_types};

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::authorize::verified_redirect::takes_forms;

pub(in crate::authorize) fn response_mode_is_allowed(context: &Context<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("response_mode") else { return default_mode_is_allowed(context, draft) };
    let response_type = draft.0.response_type;
    let default = ResponseType::default_mode(response_type.map_or("", ResponseType::as_str));
    match text.parse::<ResponseMode>() {
        Ok(mode)
            if mode.place(default) == ResponseMode::Query
                && response_type.is_some_and(ResponseType::returns_tokens) =>
        {
            let reason = "a response in the query does not go with tokens; use fragment or form_post";
            Err(ErrorCode::InvalidRequest.because(reason).per(multiple_response_types("5")))
        }
        Ok(mode) if allowed(context, draft).contains(&mode) => form_can_be_posted(context, mode.place(default)),
        _ => Err(ErrorCode::InvalidRequest
            .because("this server does not offer the response mode")
            .per(multiple_response_types("2.1"))),
    }
}

fn allowed(context: &Context<'_>, draft: &Draft) -> &'static [ResponseMode] {
    if draft.0.response_type.is_some_and(ResponseType::returns_id_token) {
        context.profile.response_modes
    } else {
        context.profile.response_modes_without_id_token
    }
}

fn default_mode_is_allowed(context: &Context<'_>, draft: &Draft) -> Result<(), Refusal> {
    let default = ResponseType::default_mode(draft.0.response_type.map_or("", ResponseType::as_str));
    if allowed(context, draft).contains(&default) {
        return Ok(());
    }
    let reason = "the application must ask for a signed response; use response_mode jwt";
    Err(ErrorCode::InvalidRequest.because(reason).per(fapi1_advanced("5.2.2-2")))
}

/// A form can be posted to a web server only, not to the private scheme of a native application.
fn form_can_be_posted(context: &Context<'_>, mode: ResponseMode) -> Result<(), Refusal> {
    if mode == ResponseMode::FormPost && !context.parameters.get("redirect_uri").is_some_and(takes_forms) {
        return Err(ErrorCode::InvalidRequest
            .because("response_mode form_post needs an http or https redirect URI")
            .per(form_post("2")));
    }
    Ok(())
}
