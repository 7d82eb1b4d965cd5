//! RFC 9396 section 5: every object is of a type that is registered and open to the client, and conforms to it. Tokens
//! that leave through the browser carry none: there has to be a code.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseType;
use signet_protocol::spec::rfc9396;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::details;

pub(in crate::authorize) fn details_conform_to_their_types(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let Some(text) = context.parameters.get("authorization_details") else { return Ok(()) };
    if !draft.0.response_type.is_some_and(ResponseType::returns_code) {
        let reason = "authorization_details needs a response type with a code";
        return Err(ErrorCode::InvalidRequest.because(reason).per(rfc9396("3")));
    }
    draft.0.details = details::requested(context.realm, context.client, text)?;
    Ok(())
}
