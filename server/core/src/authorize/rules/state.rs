//! RFC 6749 section A.5: `state` is printable, so that it arrives in every response mode as it was sent.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::rfc6749;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn state_is_printable(context: &Context<'_>, _: &mut Draft) -> Result<(), Refusal> {
    if context.parameters.get("state").is_some_and(|state| state.chars().any(char::is_control)) {
        return Err(ErrorCode::InvalidRequest.because("state has control characters").per(rfc6749("A.5")));
    }
    Ok(())
}
