//! RFC 6749 section A.5: `state` is printable, so that it arrives in every response mode as it was sent. FAPI 1.0
//! Part 1 section 5.2.2.3-1: where the profile says so, a request without the scope openid has one.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::{fapi1_baseline, rfc6749};

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn state_is_printable(context: &Context<'_>, _: &mut Draft) -> Result<(), Refusal> {
    if context.parameters.get("state").is_some_and(|state| state.chars().any(char::is_control)) {
        return Err(ErrorCode::InvalidRequest.because("state has control characters").per(rfc6749("A.5")));
    }
    Ok(())
}

pub(in crate::authorize) fn state_is_there_without_openid(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let is_openid = draft.0.scope.contains("openid");
    if context.profile.state_without_openid && !is_openid && context.parameters.get("state").is_none() {
        let reason = "state is missing; a request without scope openid needs one";
        return Err(ErrorCode::InvalidRequest.because(reason).per(fapi1_baseline("5.2.2.3-1")));
    }
    Ok(())
}
