//! RFC 9700 section 2.2.1, RFC 9449 section 5.2: access tokens that must be bound to a certificate or a key are not issued
//! where nothing is proved.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::names::ResponseType;
use signet_protocol::spec::rfc9700;

use crate::authorize::Context;
use crate::authorize::request::Draft;
use crate::binding;

pub(in crate::authorize) fn bound_tokens_do_not_travel_through_the_browser(
    context: &Context<'_>,
    draft: &mut Draft,
) -> Result<(), Refusal> {
    let returns_access_token = draft.0.response_type.is_some_and(ResponseType::returns_access_token);
    if returns_access_token && binding::is_demanded(context.realm, context.client) {
        let reason =
            "the client's access tokens are bound, and none are issued through the browser; use response_type code";
        return Err(ErrorCode::UnauthorizedClient.because(reason).per(rfc9700("2.2.1")));
    }
    Ok(())
}
