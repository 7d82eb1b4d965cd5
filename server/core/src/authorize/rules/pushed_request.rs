//! FAPI 2.0 section 5.3.2.2-3: where requests must be pushed, one that was not is refused.

use signet_protocol::error::{ErrorCode, Refusal};
use signet_protocol::spec::fapi2_security;

use crate::authorize::Context;
use crate::authorize::request::Draft;

pub(in crate::authorize) fn request_is_pushed_where_it_must_be(
    context: &Context<'_>,
    _: &mut Draft,
) -> Result<(), Refusal> {
    if context.profile.require_pushed_authorization_requests {
        let reason = "the application must push its authorization requests first";
        return Err(ErrorCode::InvalidRequest.because(reason).per(fapi2_security("5.3.2.2-3")));
    }
    Ok(())
}
